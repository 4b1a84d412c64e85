"""What must be so before a tip is sent, beyond what a schema can hold.

From NCMEC's reporting documentation (June 2025), which states these as validation rules; a schema
of its own passes documents that break each of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from heed.rules.tips.document import Capture, Document, FileFacts, Operator, Suspect, Victim

ANNOTATIONS = frozenset({"sextortion", "solicitation", "minor-to-minor", "spam", "sadistic"})
FILE_ANNOTATIONS = frozenset(
    {"drawing", "meme", "viral", "self-produced", "physical-harm", "violence", "bestiality",
     "live-stream", "infant", "generated"}
)  # fmt: skip
CLASSES = ("A1", "A2", "B1", "B2")  # prepubescent or pubescent; sex act or lascivious exhibition
LONGEST = {  # characters, by field of ours
    "platform": 256, "urgent": 3_000, "at_means": 3_000, "agency": 255, "agency_ref": 100,
    "name": 2_056, "account_ref": 255, "service": 100, "screen_name": 256, "school": 255,
    "first_name": 100, "last_name": 100, "phone": 50, "fax": 50, "email": 255, "legal_url": 2_083,
    "lines": 255, "city": 100, "zip_code": 20, "region": 100,
}  # fmt: skip
LONGEST_URL = 2_083
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that would be refused, or would be untrue, and what to do about it."""

    field: str
    remedy: str


def faults(document: Document, *, now: datetime) -> list[Fault]:
    """Everything that stands in the way of sending it. Empty when it may go."""
    found = [fault for check in _CHECKS for fault in check(document, now)]
    return list(dict.fromkeys(found))


def _incident(document: Document, now: datetime) -> Iterator[Fault]:
    yield from _past("at", document.at, now)
    if document.urgent and not document.urgent.strip():
        yield Fault("urgent", "say why it can't wait, or leave it empty")
    for name in sorted(set(document.annotations) - ANNOTATIONS):
        yield Fault("annotations", f"{name!r} is none that the form has")
    if not (document.urls or document.files or document.words.strip()):
        yield Fault("urls", "name a place, a file or what was said")
    if document.agency_ref and not document.agency:
        yield Fault("agency", "a case number needs the name of its agency")


def _operator(document: Document, now: datetime) -> Iterator[Fault]:
    who = document.operator
    if not _EMAIL.fullmatch(who.email):
        yield Fault("operator.email", "the one who files needs an e-mail address: see Operator")
    if who.address.state and who.address.region:
        yield Fault("operator.address", "name a state of the US or another region, not both")
    if who.legal_url:
        yield from _url("operator.legal_url", who.legal_url)


def _people(document: Document, now: datetime) -> Iterator[Fault]:
    if len(document.suspects) > 1:
        yield Fault("suspects", "one person or account in one tip: prepare another for the next")
    named = {one.account_ref for one in document.suspects if one.account_ref}
    if named & {one.account_ref for one in document.victims}:
        yield Fault("suspects", "the same account can't be suspect and victim")
    everybody: list[Suspect | Victim] = [*document.suspects, *document.victims]
    for person in everybody:
        yield from _person(person, now)


def _person(person: Suspect | Victim, now: datetime) -> Iterator[Fault]:
    for capture in person.captures:
        yield from _capture(capture, now)
    for number in person.earlier:
        if not number.isdigit():
            yield Fault("earlier", f"{number!r} is not the number of a CyberTip: digits only")
    if isinstance(person, Suspect):
        for address in person.profile_urls:
            yield from _url("profile_urls", address)
        if person.closed_at is not None:
            yield from _past("closed_at", person.closed_at, now)
    else:
        yield from _victim(person, now)


def _victim(victim: Victim, now: datetime) -> Iterator[Fault]:
    if victim.age is not None and not 0 <= victim.age <= 150:
        yield Fault("age", "an age from 0 to 150")
    if victim.guardian is None:
        return
    if not _EMAIL.fullmatch(victim.guardian.email):
        yield Fault("guardian", "give the guardian's e-mail address, or leave them out")
    if victim.guardian.confirmed_at is not None:
        yield from _past("guardian", victim.guardian.confirmed_at, now)


def _places(document: Document, now: datetime) -> Iterator[Fault]:
    for address in document.urls:
        yield from _url("urls", address)


def _files(document: Document, now: datetime) -> Iterator[Fault]:
    for file in document.files:
        yield from _file(file, now)


def _file(file: FileFacts, now: datetime) -> Iterator[Fault]:
    if file.exif_viewed and not file.viewed:
        yield Fault("exif_viewed", "can't be said of a file that was not viewed in full")
    if file.supplemental and (file.classification or "meme" in file.annotations):
        yield Fault("classification", "only a reported file is classified, not a supplement")
    if file.classification and file.classification not in CLASSES:
        yield Fault("classification", f"one of {', '.join(CLASSES)}")
    for name in sorted(set(file.annotations) - FILE_ANNOTATIONS):
        yield Fault("annotations", f"{name!r} is none that the form has")
    if file.uploaded_at is not None:
        yield from _past("uploaded_at", file.uploaded_at, now)
    if file.location:
        yield from _url("location", file.location)
    if file.capture is not None:
        yield from _capture(file.capture, now)


def _capture(capture: Capture, now: datetime) -> Iterator[Fault]:
    try:
        ip_address(capture.ip)
    except ValueError:
        yield Fault("ip", f"{capture.ip!r} is no IPv4 or IPv6 address")
    if capture.port is not None and not 1 <= capture.port <= 65_535:
        yield Fault("port", "a port from 1 to 65535")
    if capture.at is not None:
        yield from _past("captured_at", capture.at, now)


def _past(field: str, at: datetime, now: datetime) -> Iterator[Fault]:
    if at.tzinfo is None:
        yield Fault(field, "say the time zone: a time without one means nothing elsewhere")
    elif at > now:
        yield Fault(field, "a time that has passed: this one lies in the future")


def _url(field: str, address: str) -> Iterator[Fault]:
    if re.search(r"[\s\x00-\x20\x7f]", address):
        yield Fault(field, "an address without spaces or control characters")
    elif len(address) > LONGEST_URL:
        yield Fault(field, f"an address of at most {LONGEST_URL} characters")
    elif not _is_url(address):
        yield Fault(field, "a full address that begins with http:// or https://")


def _is_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _lengths(document: Document, now: datetime) -> Iterator[Fault]:
    parts: list[Any] = [document, document.operator, document.operator.address]
    parts += [*document.suspects, *document.victims, *document.files]
    for part in parts:
        for one in fields(part):
            most, value = LONGEST.get(one.name), getattr(part, one.name)
            if most is not None and isinstance(value, str) and len(value) > most:
                yield Fault(one.name, f"at most {most} characters; these are {len(value)}")


Check = Callable[[Document, datetime], Iterator[Fault]]
_CHECKS: tuple[Check, ...] = (_incident, _operator, _people, _places, _files, _lengths)


def missing_of(operator: Operator) -> list[str]:
    """What 18 U.S.C. 2258A(a)(1)(B) asks of an operator and is not filled in yet."""
    asked = {
        "the company's name": operator.name,
        "a mailing address": operator.address.lines and operator.address.city,
        "the country of the mailing address": operator.address.country,
        "a telephone number": operator.phone,
        "a fax number": operator.fax,
        "an e-mail address": _EMAIL.fullmatch(operator.email),
        "one person as point of contact": operator.first_name and operator.last_name,
        "how legal process is served": operator.legal_process,
    }
    return [name for name, value in asked.items() if not value]
