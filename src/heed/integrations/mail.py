"""Mail by Django's backends: SMTP where `HEED_MAIL_URL` is set, else files under `var/mail`."""

from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from heed.ports import AddressRefused, MailRefused
from heed.rules.returned_mail import why

_FOR_GOOD = 500  # from here on an SMTP answer is final (RFC 5321, 4.2.1)


class DjangoMail:
    """Keeps the `Mail` promise."""

    def send(self, address: str, *, subject: str, text: str, returns_to: str = "") -> None:
        """See `heed.ports.Mail.send`. The envelope's sender is where a bounce goes."""
        sender = settings.DEFAULT_FROM_EMAIL
        mail = EmailMessage(
            subject=subject,
            body=text,
            from_email=returns_to or sender,
            to=[address],
            headers={"From": sender, "Auto-Submitted": "auto-generated"},
        )
        try:
            mail.send()
        except SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            if code >= _FOR_GOOD:
                raise AddressRefused(why(said.decode("ascii", "replace"))) from None
            raise MailRefused(f"the server said {code}") from None
        except (SMTPException, OSError) as refused:
            raise MailRefused(type(refused).__name__) from None
