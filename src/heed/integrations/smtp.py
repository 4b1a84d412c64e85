"""The mail server that `HEED_MAIL_URL` names: read, reached, and tried with one mail."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

SUBMISSION = 587  # RFC 6409: STARTTLS is asked for there
PLAIN, WRAPPED = 25, 465
WITHIN_SECONDS = 8.0
_HOW = (
    "write it as smtp://user:password@mail.example.org:587 (or smtps:// with port 465); "
    "%40 for an @ in the user or the password, %2F for a /"
)
_LONGEST_WORDS = 120  # of a server's answer: enough to act on, too little to hide in


class NotAMailUrl(ValueError):
    """The address of a mail server can't be read. The message says how it is written."""


class MailServerAway(Exception):
    """The mail server can't be used now. The message says why, and never the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """How mail leaves: `starttls` asks for TLS on a plain connection, `wrapped` begins with it."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    wrapped: bool = False


def server_of(url: str) -> MailServer:
    """Reads `smtp://user:password@host:587`, or `smtps://` (465). Raises `NotAMailUrl`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAMailUrl(_HOW) from None
    if not host or parts.scheme not in ("smtp", "smtps") or parts.path not in ("", "/"):
        raise NotAMailUrl(_HOW)
    wrapped = parts.scheme == "smtps"
    port = port or (WRAPPED if wrapped else SUBMISSION)
    return MailServer(
        host=host, port=port, user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), starttls=not wrapped and port == SUBMISSION,
        wrapped=wrapped,
    )  # fmt: skip


def reach(server: MailServer, *, within_seconds: float = WITHIN_SECONDS) -> None:
    """Greets the server, signs in where there is a user, and leaves. Raises `MailServerAway`."""
    with _talk(server, within_seconds) as talk:
        talk.noop()


def send_one(
    server: MailServer, *, sender: str, to: str, subject: str, text: str,
    within_seconds: float = WITHIN_SECONDS,
) -> None:  # fmt: skip
    """One mail, given to the server; whether it arrives only its reader knows.

    Raises `MailServerAway`.
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    with _talk(server, within_seconds) as talk:
        talk.send_message(mail)


@contextmanager
def _talk(server: MailServer, within_seconds: float) -> Iterator[smtplib.SMTP]:
    where = f"{server.host}:{server.port}"
    try:
        with _opened(server, within_seconds) as talk:
            talk.ehlo_or_helo_if_needed()
            if server.starttls:
                talk.starttls(context=ssl.create_default_context())
            if server.user:
                talk.login(server.user, server.password)
            yield talk
    except (smtplib.SMTPException, OSError, ValueError) as broken:
        raise MailServerAway(f"{where} {_why(broken, within_seconds)}") from None


def _why(broken: Exception, within_seconds: float) -> str:
    """What went wrong, after the name of the server."""
    late = f"did not answer in {within_seconds:.0f} s"
    match broken:
        case smtplib.SMTPAuthenticationError():
            return f"refuses user or password ({broken.smtp_code})"
        case smtplib.SMTPResponseException():
            return f"says {broken.smtp_code} {_words(broken)}"
        case smtplib.SMTPRecipientsRefused():
            return f"does not take the address ({next(iter(broken.recipients.values()))[0]})"
        case TimeoutError():
            return late
        case smtplib.SMTPServerDisconnected() if "timed out" in str(broken):
            return late
        case ssl.SSLError():
            return f"has no TLS that can be trusted ({broken.reason or 'no reason given'})"
    return f"can't be used: {str(broken) or type(broken).__name__}"


def _opened(server: MailServer, within_seconds: float) -> smtplib.SMTP:
    if server.wrapped:
        tls = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=within_seconds, context=tls)
    return smtplib.SMTP(server.host, server.port, timeout=within_seconds)


def _words(refused: smtplib.SMTPResponseException) -> str:
    said = refused.smtp_error
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:_LONGEST_WORDS]
