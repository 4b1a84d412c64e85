"""A tip as an analyst reads it: sections with lines, for the preview and for the package."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from heed.rules.tips.authorities import Authority
from heed.rules.tips.document import Capture, Document, FileFacts, Kind, Operator, Suspect, Victim

KINDS = {
    Kind.MATERIAL: "Sexual abuse material of a child",
    Kind.ENTICEMENT: "A child enticed, pressed or extorted",
    Kind.TRAFFICKING: "Trafficking of a child",
    Kind.UNSOLICITED: "Obscene material sent to a child",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and (label, text) lines. A line without a text is left out."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sections(document: Document) -> list[Section]:
    """In the order in which it is read."""
    found = [Section("Incident", tuple(_incident(document)))]
    if document.agency:
        police = (("Agency", document.agency), ("Case number", document.agency_ref))
        found.append(Section("Law enforcement", _said(*police)))
    found += [Section("Reported person or account", tuple(_suspect(x))) for x in document.suspects]
    found += [Section("Child", tuple(_victim(one))) for one in document.victims]
    found += [Section(f"File {n}", tuple(_file(x))) for n, x in enumerate(document.files, 1)]
    if document.words:
        found.append(Section("What is known", (("", document.words),)))
    found.append(Section("Who reports", tuple(_operator(document.operator))))
    return found


def as_text(document: Document, to: Authority) -> str:
    """All of it as plain text."""
    parts = [
        f"For: {to.name}\n{to.how}\n\nNo picture is in this package, and none may be sent with\
 it unless the authority asks for it in its own way."
    ]
    for section in sections(document):
        lines = [f"{label}: {text}" if label else text for label, text in section.lines]
        parts.append("\n".join([section.title.upper(), *lines]))
    return "\n\n".join(parts) + "\n"


def _said(*lines: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, text) for label, text in lines if text)


def _at(at: datetime | None) -> str:
    return "" if at is None else f"{at:%d %B %Y %H:%M:%S} UTC"


def _incident(document: Document) -> Iterator[tuple[str, str]]:
    yield from _said(
        ("Kind", KINDS[document.kind]),
        ("Urgent", document.urgent),
        ("Marked as", ", ".join(document.annotations)),
        ("Service", document.platform),
        ("When", _at(document.at)),
        ("Which is", document.at_means),
        ("Adds to", ", ".join(document.earlier)),
        ("Spread", document.spread),
        ("Our case", document.case_ref),
    )
    for url in document.urls:
        yield "Address", url


def _captures(captures: tuple[Capture, ...]) -> Iterator[tuple[str, str]]:
    for one in captures:
        port = f" port {one.port}" if one.port else ""
        yield "Uploaded from", f"{one.ip}{port}{', ' + _at(one.at) if one.at else ''}"


def _suspect(suspect: Suspect) -> Iterator[tuple[str, str]]:
    yield from _said(
        ("Account", suspect.account_ref),
        ("Name there", suspect.screen_name),
        ("On", "another service" if suspect.elsewhere else suspect.service),
        ("Profile", ", ".join(suspect.profile_urls)),
        ("Closed", _at(suspect.closed_at)),
        ("Earlier reports", ", ".join(suspect.earlier)),
    )
    yield from _captures(suspect.captures)


def _victim(victim: Victim) -> Iterator[tuple[str, str]]:
    guardian = victim.guardian
    confirmed = f" (mailbox confirmed {_at(guardian.confirmed_at)})" if (
        guardian and guardian.confirmed_at) else ""  # fmt: skip
    yield from _said(
        ("Name", f"{victim.first_name} {victim.last_name}".strip()),
        ("Age then", "" if victim.age is None else str(victim.age)),
        ("Note", victim.note),
        ("School", victim.school),
        ("Parent or guardian", f"{guardian.email}{confirmed}" if guardian else ""),
        ("Account", victim.account_ref),
        ("Account taken over", "yes" if victim.taken_over else ""),
        ("It came from", victim.elsewhere),
        ("Earlier reports", ", ".join(victim.earlier)),
    )
    yield from _captures(victim.captures)


def _file(file: FileFacts) -> Iterator[tuple[str, str]]:
    public = {True: "yes, a stranger's fetch saw it", False: "no", None: "not known"}
    yield from _said(
        ("SHA-256", file.sha256),
        ("MD5", file.md5),
        ("Uploaded", _at(file.uploaded_at)),
        ("Place", file.location),
        ("Viewed in full by our people", "yes" if file.viewed else "no"),
        ("Its metadata viewed", "yes" if file.exif_viewed else "no"),
        ("Publicly available", public[file.public]),
        ("Marked as", ", ".join(file.annotations)),
        ("Graded", file.classification),
        ("Notes", " ".join(file.notes)),
    )
    yield from _captures((file.capture,) if file.capture else ())


def _operator(operator: Operator) -> Iterator[tuple[str, str]]:
    address = operator.address
    yield from _said(
        ("Company", operator.name),
        ("Contact", f"{operator.first_name} {operator.last_name}".strip()),
        ("E-mail", operator.email),
        ("Telephone", operator.phone),
        ("Fax", operator.fax),
        ("Address", ", ".join(x for x in (address.lines, address.zip_code, address.city,
                                          address.state or address.region, address.country) if x)),
        ("Legal process", operator.legal_process),
    )  # fmt: skip
