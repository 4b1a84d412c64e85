"""What answers mean as settings, and what settings say about answers."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from heed.instance import env_file
from heed.instance.first_day import reading
from heed.instance.first_day.questions import EMBEDDED, HERE
from heed.instance.first_day.reading import NONE

TEMPLATE = Path(__file__).with_name("config.env")


def settings_of(said: Mapping[str, str]) -> dict[str, str]:
    """Lines for the config file; only of what was answered, and not of what was left for later."""
    found: dict[str, str] = {}
    if "address" in said:
        host = urlsplit(said["address"]).hostname or ""
        hosts = dict.fromkeys([host, "127.0.0.1", "localhost"])
        found |= {"HEED_PUBLIC_URL": said["address"], "HEED_ALLOWED_HOSTS": ",".join(hosts)}
    if "proxy" in said:
        found["HEED_PROXIES"] = "0" if said["proxy"] == NONE else "1"
    if "listen" in said:
        host, _, port = said["listen"].rpartition(":")
        found |= {"HEED_HOST": host.strip("[]"), "HEED_PORT": port}
    if "country" in said:
        found["HEED_JURISDICTION"] = reading.jurisdiction(said["country"])
        found["HEED_STATUTES"] = reading.packs(said["country"])
    return found | _kept_elsewhere(said)


def _kept_elsewhere(said: Mapping[str, str]) -> dict[str, str]:
    found = {}
    if "database" in said:
        found["HEED_DATABASE_URL"] = _or_empty(said["database"], EMBEDDED)
    if said.get("database", EMBEDDED) != EMBEDDED and "owner-database" in said:
        found["HEED_OWNER_DATABASE_URL"] = said["owner-database"]
    if "storage" in said:
        found["HEED_VAULT"] = _or_empty(said["storage"], HERE)
    if said.get("storage", "").startswith("s3://"):
        found["AWS_ACCESS_KEY_ID"] = said.get("s3-key", "")
        found["AWS_SECRET_ACCESS_KEY"] = said.get("s3-secret", "")
    for name, question in _OR_NONE.items():
        if said.get(question, NONE) != NONE:
            found[name] = said[question]
    return {name: value for name, value in found.items() if value or name in _MAY_BE_EMPTY}


_OR_NONE = {
    "HEED_MAIL_URL": "mail", "HEED_MAIL_FROM": "mail-from", "HEED_MAIL_RETURNS": "mail-returns",
    "HEED_BACKUP_TO": "backup-to",
}  # fmt: skip
_MAY_BE_EMPTY = ("HEED_DATABASE_URL", "HEED_VAULT")  # "our own", which is an answer too


def _or_empty(said: str, ours: str) -> str:
    return "" if said == ours else said


def answers_of(settings: Mapping[str, str]) -> dict[str, str]:
    """What a config file says, as answers; of what it does not say, none."""
    found = {}
    for name, question in (
        *_OR_NONE.items(), ("HEED_PUBLIC_URL", "address"),
        ("HEED_OWNER_DATABASE_URL", "owner-database"),
        ("AWS_ACCESS_KEY_ID", "s3-key"), ("AWS_SECRET_ACCESS_KEY", "s3-secret"),
    ):  # fmt: skip
        if settings.get(name):
            found[question] = settings[name]
    if "HEED_DATABASE_URL" in settings:
        found["database"] = settings["HEED_DATABASE_URL"] or EMBEDDED
    if "HEED_VAULT" in settings:
        found["storage"] = settings["HEED_VAULT"] or HERE
    if "HEED_PORT" in settings:
        found["listen"] = f"{settings.get('HEED_HOST') or '127.0.0.1'}:{settings['HEED_PORT']}"
    if "HEED_PROXIES" in settings:
        found["proxy"] = NONE if settings["HEED_PROXIES"] == "0" else "other"
    return found


def with_answers(text: str, said: Mapping[str, str]) -> str:
    """The config file `text` (empty: a new one) with the lines that answers add to it."""
    return env_file.with_settings(text or TEMPLATE.read_text(encoding="utf-8"), settings_of(said))
