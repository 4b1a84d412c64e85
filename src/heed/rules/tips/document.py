"""A tip as a document, in our own words. Each authority's words stay with its integration."""

from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Kind(StrEnum):
    """What a person found."""

    MATERIAL = "material"  # pictures, videos or words of sexual abuse
    ENTICEMENT = "enticement"  # a child is lured, pressed or extorted
    TRAFFICKING = "trafficking"
    UNSOLICITED = "unsolicited"  # sent to a child who had not asked


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the operator's letters go. `state` is a state of the US, `region` any other."""

    lines: str = ""
    city: str = ""
    zip_code: str = ""
    state: str = ""
    region: str = ""
    country: str = ""  # two letters


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Who files: 18 U.S.C. 2258A(a)(1)(B) asks for all of the first seven."""

    name: str = ""
    address: Address = Address()
    phone: str = ""
    fax: str = ""
    email: str = ""
    first_name: str = ""  # the one person to ask
    last_name: str = ""
    legal_process: str = ""  # how to serve it, what is kept how long, who answers at night
    terms: str = ""
    legal_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One address on the network at one time. Without port and time it often leads nowhere."""

    ip: str
    port: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """Somebody whom a person named. Never filled in by a machine."""

    account_ref: str = ""
    service: str = ""
    screen_name: str = ""
    profile_urls: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()
    elsewhere: bool = False  # an account on another service, as a notifier named it
    closed_at: datetime | None = None  # when the platform closed the account
    earlier: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Guardian:
    """Who answers for the child."""

    email: str = ""
    confirmed_at: datetime | None = None  # when that mailbox answered


@dataclass(frozen=True, kw_only=True)
class Victim:
    """The child, as far as it is known and a person chose to say."""

    age: int | None = None
    first_name: str = ""
    last_name: str = ""
    school: str = ""
    account_ref: str = ""  # an uploader who may be the child, or whose account was taken over
    service: str = ""
    screen_name: str = ""
    taken_over: bool = False
    captures: tuple[Capture, ...] = ()
    guardian: Guardian | None = None
    elsewhere: str = ""  # the extorter's account on another service, in the notifier's words
    earlier: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One file. `viewed` and `exif_viewed` come from the viewing log, never from a tick."""

    file_id: str
    sha256: str
    md5: str = ""
    pdq: tuple[str, ...] = ()
    name: str = ""
    uploaded_at: datetime | None = None
    location: str = ""
    public: bool | None = None  # whether a stranger's fetch saw it before it was hidden
    viewed: bool = False  # by our own people, in this case, in full
    exif_viewed: bool = False
    supplemental: bool = False
    ours: bool = False  # written by us for the tip: whether it was "viewed" is no question
    annotations: tuple[str, ...] = ()
    classification: str = ""  # A1, A2, B1, B2
    capture: Capture | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Document:
    """All of one tip. Its files are sent one by one after it was opened."""

    kind: Kind
    case_ref: str
    platform: str
    at: datetime  # of the incident
    at_means: str
    operator: Operator
    urgent: str = ""  # why it can't wait; empty for an ordinary one
    annotations: tuple[str, ...] = ()  # sextortion, solicitation, ...
    urls: tuple[str, ...] = ()
    spread: str = ""
    agency: str = ""
    agency_ref: str = ""
    suspects: tuple[Suspect, ...] = ()
    victims: tuple[Victim, ...] = ()
    words: str = ""
    files: tuple[FileFacts, ...] = ()
    earlier: tuple[str, ...] = ()


def without_words(document: Document) -> Document:
    """What stays of it when the words of the notices are forgotten: nothing that anybody wrote."""
    return replace(
        document,
        urgent="",
        agency="",
        agency_ref="",
        words="",
        suspects=tuple(
            replace(one, note="", screen_name="" if one.elsewhere else one.screen_name)
            for one in document.suspects
        ),
        victims=tuple(_without_name(one) for one in document.victims),
    )


def _without_name(victim: Victim) -> Victim:
    return replace(
        victim, age=None, first_name="", last_name="", school="", guardian=None, elsewhere="",
        note="",
    )  # fmt: skip


def frozen(document: Document) -> dict[str, Any]:
    """As plain JSON, to be kept."""
    return {name: _plain(value) for name, value in asdict(document).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def thawed(kept: dict[str, Any]) -> Document:
    """The document that was kept. A field that came later has its default."""
    return _made(Document, kept)


def _made(kind: type[T], kept: dict[str, Any]) -> T:
    hints = get_type_hints(kind)
    known = {one.name for one in fields(kind) if one.name in kept}  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], kept[name]) for name in known})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in value)
    if is_dataclass(hint):
        return _made(hint, value)  # type: ignore[arg-type]
    if hint is datetime:
        return datetime.fromisoformat(value)
    return Kind(value) if hint is Kind else value
