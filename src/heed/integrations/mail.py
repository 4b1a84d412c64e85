"""Mail by Django's backends: SMTP where `HEED_MAIL_URL` is set, else files under `var/mail`."""

from smtplib import SMTPException

from django.core.mail import EmailMessage

from heed.ports import MailRefused


class DjangoMail:
    """Keeps the `Mail` promise."""

    def send(self, address: str, *, subject: str, text: str) -> None:
        """See `heed.ports.Mail.send`."""
        try:
            EmailMessage(subject=subject, body=text, to=[address]).send()
        except (SMTPException, OSError) as refused:
            raise MailRefused(type(refused).__name__) from None
