"""Tries an answer on the outside, while whoever gave it sits there: database, bucket, mail."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from heed.instance.first_day.questions import EMBEDDED
from heed.instance.first_day.reading import NONE, BadAnswer
from heed.ports import VaultTrouble

OLDEST_POSTGRES = 15
_WITHIN_SECONDS = 5


def database(said: Mapping[str, str], name: str = "database") -> None:
    """The database answers, and is new enough. Raises `BadAnswer`."""
    import psycopg

    if said[name] == EMBEDDED:
        return
    try:
        with psycopg.connect(said[name], connect_timeout=_WITHIN_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except (psycopg.Error, ValueError) as why:
        raise BadAnswer(
            f"it does not let us in: {str(why).splitlines()[0]}. Make both roles as "
            "docs/operate.md says, under 'A real site'"
        ) from None
    if version < OLDEST_POSTGRES:
        raise BadAnswer(f"it is PostgreSQL {version}, and Heed needs {OLDEST_POSTGRES} or newer")


def owner(said: Mapping[str, str]) -> None:
    """The owner's role answers, and is another than the application's. Raises `BadAnswer`."""
    from heed.instance import grants

    database(said, "owner-database")
    if grants.role_of(said["owner-database"]) == grants.role_of(said["database"]):
        raise BadAnswer(
            "it is the application's role, which could then rewrite the log: give the owner's"
        )


def bucket(said: Mapping[str, str]) -> None:
    """The bucket is there, with these credentials. Raises `BadAnswer`."""
    if not said["storage"].startswith("s3://"):
        return
    os.environ["AWS_ACCESS_KEY_ID"] = said["s3-key"]  # as the config file will say
    os.environ["AWS_SECRET_ACCESS_KEY"] = said["s3-secret"]
    try:
        from heed.integrations.vault.s3 import S3Vault
    except ImportError:
        raise BadAnswer("first install what S3 needs: requirements/s3.txt") from None
    try:
        S3Vault(said["storage"]).reach()
    except VaultTrouble as why:
        raise BadAnswer(f"{why}. Make the bucket, with object lock, or look at the key") from None


def shelf(said: Mapping[str, str]) -> None:
    """The directory is there, and ours to write to. Raises `BadAnswer`."""
    where = said["backup-to"]
    if where.startswith("/") and not (os.path.isdir(where) and os.access(where, os.W_OK)):
        raise BadAnswer(f"{where} is not there, or not this user's to write to: make it first")


def mail(said: Mapping[str, str]) -> None:
    """The mail server greets us and takes user and password. Raises `BadAnswer`."""
    from heed.integrations.smtp import MailServerAway, reach, server_of

    if said["mail"] == NONE:
        return
    try:
        reach(server_of(said["mail"]))
    except MailServerAway as away:
        raise BadAnswer(f"{away}. Put it right, or answer none for now") from None


def test_mail(said: Mapping[str, str]) -> None:
    """One mail is taken. Raises `BadAnswer`."""
    from heed.integrations.smtp import MailServerAway, send_one, server_of

    if said["test-mail"] == NONE:
        return
    text = f"This is how Heed will reach you.\n\n{said.get('address', '')}\n"
    try:
        send_one(
            server_of(said["mail"]), sender=said["mail-from"], to=said["test-mail"],
            subject="A test from Heed", text=f"{text}{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    except MailServerAway as away:
        raise BadAnswer(f"it was not taken: {away}. Another address, or none") from None


CHECKS = {
    "database": database,
    "owner-database": owner,
    "s3-secret": bucket,
    "backup-to": shelf,
    "mail": mail,
    "test-mail": test_mail,
}
