"""Reads what somebody typed. Each function gives the answer in one form, or says what to write."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NONE = "none"  # an answer too: nothing of the kind, for now
_MAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[^@\s<>,;.]+")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
                   r"(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")  # fmt: skip
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)")
_NEAR = ("localhost", "127.0.0.1", "::1")
_LONGEST = 200
MIDNIGHT = 24 * 60
EU = frozenset(
    ["AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
     "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"]
)  # fmt: skip

Hours = dict[int, tuple[int, int] | None]
Reader = Callable[[str], str]


class BadAnswer(ValueError):
    """This can't be an answer; the message says what to write instead."""


def line(said: str) -> str:
    """A short line of text."""
    said = " ".join(said.split())
    if not said:
        raise BadAnswer("say something")
    if len(said) > _LONGEST:
        raise BadAnswer(f"at most {_LONGEST} letters")
    if not said.isprintable():
        raise BadAnswer("letters, digits and signs only")
    return said


def slug(said: str) -> str:
    """A short name for commands and addresses."""
    if not _SLUG.fullmatch(said) or len(said) > 40:
        raise BadAnswer("small letters, digits and hyphens, such as my-site")
    return said


def site(said: str) -> str:
    """What a site's addresses begin with, with the slash at the end."""
    return web(said).rstrip("/") + "/"


def web(said: str) -> str:
    """An address on the web. Without `https://` it gets it; plain http only on this machine."""
    said = said if "://" in said else f"https://{said}"
    try:
        parts = urlsplit(said)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAnswer("write it as https://example.org") from None
    if parts.scheme not in ("https", "http") or not (_HOST.fullmatch(host) or host == "::1"):
        raise BadAnswer("write it as https://example.org")
    if parts.username or parts.query or parts.fragment or port == 0:
        raise BadAnswer("write it without a user, a question mark or a #")
    return said


def own_address(said: str) -> str:
    """Where people reach Heed: https, but for a try on this machine."""
    said = web(said).rstrip("/")
    parts = urlsplit(said)
    if parts.scheme == "http" and parts.hostname not in _NEAR:
        raise BadAnswer("people tell Heed what must stay private: it needs https://")
    if parts.path:
        raise BadAnswer("Heed needs a name of its own, such as https://safety.example.org")
    return said


def is_near(address: str) -> bool:
    """Whether an address leads to this machine alone: Heed is only tried out."""
    return urlsplit(address).hostname in _NEAR


def listening(said: str) -> str:
    """`host:port`."""
    host, _, port = said.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if (
        not port.isdigit()
        or not 0 < int(port) < 65536
        or not (_HOST.fullmatch(host) or ":" in host)
    ):
        raise BadAnswer("write it as 127.0.0.1:8000")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def mail(said: str) -> str:
    """A mail address."""
    if not _MAIL.fullmatch(said) or len(said) > 254:
        raise BadAnswer("write it as rae@example.org")
    return said


def country(said: str) -> str:
    """Two letters."""
    said = {"UK": "GB"}.get(said.upper(), said.upper())
    if not re.fullmatch(r"[A-Z]{2}", said):
        raise BadAnswer("two letters, such as DE, GB or US")
    return said


def jurisdiction(country: str) -> str:
    """Whose rules for holding evidence are taken; the strictest where none were written down."""
    return {"US": "US", "GB": "UK", "AU": "AU"}.get(country, "EU")


def packs(country: str) -> str:
    """The laws whose clocks run. Those of the US and the EU reach whoever serves people there."""
    more = {"GB": "uk", "AU": "au"}.get(country, "")
    eu = "eu" if country in EU else "dsa"
    return ",".join(one for one in ("us", eu, more) if one)


def zone(said: str) -> str:
    """A time zone of the IANA's list."""
    names = {name.lower(): name for name in available_timezones()}
    if said.lower() not in names:
        near = [name for name in names.values() if said and said.lower() in name.lower()][:4]
        hint = f": perhaps {', '.join(near)}" if near else ""
        raise BadAnswer(f"a place, such as Europe/Berlin or America/New_York{hint}")
    return names[said.lower()]


def own_zone() -> str:
    """The time zone that this machine is set to, as far as it says."""
    found = Path("/etc/localtime").resolve().parts[-2:]
    for name in (os.environ.get("TZ", ""), "/".join(found)):
        try:
            return ZoneInfo(name).key if name else "UTC"
        except (ValueError, OSError):
            continue
    return "UTC"


def hours(said: str) -> str:
    """Hours in one form: `mon-fri 18:00-22:00, sat-sun 10:00-20:00`, `always`, or `none`."""
    by_day(said)
    return ", ".join(" ".join(part.split()) for part in said.lower().split(","))


def by_day(said: str) -> Hours:
    """The hours by weekday (0 is Monday), in minutes of the day. Raises `BadAnswer`."""
    said = said.strip().lower()
    if said in ("always", NONE):
        return dict.fromkeys(range(7), (0, MIDNIGHT) if said == "always" else None)
    found: Hours = dict.fromkeys(range(7))
    for part in said.split(","):
        span = _SPAN.fullmatch(part.strip())
        if span is None or span[1] not in DAYS or (span[2] or span[1]) not in DAYS:
            raise BadAnswer(
                "write days and hours, such as mon-fri 18:00-22:00, sat-sun 10:00-20:00"
            )
        minutes = _minutes(span.groups()[2:])
        for day in _days(span[1], span[2] or span[1]):
            if found[day] is not None:
                raise BadAnswer(f"{DAYS[day]} stands there twice")
            found[day] = minutes
    return found


def _minutes(said: Sequence[str]) -> tuple[int, int]:
    first_hour, first, last_hour, last = (int(one) for one in said)
    begin, end = first_hour * 60 + first, last_hour * 60 + last or MIDNIGHT
    if first > 59 or last > 59 or end > MIDNIGHT:
        raise BadAnswer("hours go from 00:00 to 24:00")
    if begin >= end:
        raise BadAnswer("a day's hours end after they begin; 24:00 is midnight")
    return begin, end


def _days(first: str, last: str) -> list[int]:
    begin, end = DAYS.index(first), DAYS.index(last)
    return [day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)]


def one_of(*words: str) -> Reader:
    """One of these words."""

    def read(said: str) -> str:
        if said.lower() not in words:
            raise BadAnswer(f"one of {', '.join(words)}")
        return said.lower()

    return read


def some_of(*words: str) -> Reader:
    """Some of these words, with commas between."""

    def read(said: str) -> str:
        named = [one.strip().lower() for one in said.split(",") if one.strip()]
        strange = [one for one in named if one not in words]
        if strange or not named:
            raise BadAnswer(f"one or more of {', '.join(words)}, with commas between")
        return ", ".join(dict.fromkeys(named))

    return read


def or_none(read: Reader) -> Reader:
    """That, or `none`."""
    return lambda said: NONE if said.lower() == NONE else read(said)
