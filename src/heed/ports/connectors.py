"""A connector: what speaks with a platform that has an interface of its own, and no code of ours.

A platform that calls us and listens to our callbacks needs none; the others are heard and told in
their own words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from heed.ports.listings import Listing
from heed.ports.platforms import Platform
from heed.rules.claims import AgeThen, Category


class Hides(StrEnum):
    """What can be taken out of sight there."""

    ITEMS = "items"  # a post, with all that is in it
    FILES = "files"  # pictures and videos alone, by a media gate; the words stay
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a platform can do. Its connector says so, never a person who hopes."""

    hides: Hides
    limits: bool = False  # out of feeds, search and recommendation
    removes: bool = False  # for good, words and all
    measures: frozenset[str] = frozenset()  # warn | limit | suspend
    statements: bool = False  # it can pass a statement of reasons on to an account
    purges_within: timedelta | None = None  # what a suspended account had is deleted after so long
    gate: bool = False  # a proxy asks us before it serves a file
    gate_paths: tuple[str, ...] = ()  # below an address of the platform, where it stands
    pages_stay: frozenset[str] = frozenset()  # kinds of item whose address stays without them
    gone_statuses: tuple[int, ...] = ()  # what an address answers when it is gone; empty: 404, 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One platform as its connector needs to know it. `said` holds no secret."""

    slug: str  # where its credentials are found by
    said: Mapping[str, Any]
    private_addresses_allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFile:
    """A file of a post, by its addresses."""

    url: str
    preview_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerPost:
    """One published thing, in the words that an item is registered with."""

    ref: str
    url: str
    account_ref: str
    kind: str = "post"
    reshare_of: str = ""
    published_at: datetime | None = None
    text: str = ""
    files: tuple[PeerFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What somebody reported there. `said` is kept verbatim: it must name no person.

    `category` is what the operator's settings make of it, and `other` where they say nothing:
    nobody's body is ever claimed by a guess.
    """

    ref: str
    words: str
    category: Category
    age_then: AgeThen
    reporter_ref: str  # becomes a keyed hash
    account_ref: str  # whom it is about
    profile_url: str
    posts: tuple[PeerPost, ...]
    said: Mapping[str, Any]
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one message from a peer brought. Refs of reports are asked for again."""

    event: str  # as the peer names it; empty: nothing for us
    reports: tuple[Reported, ...] = ()
    report_refs: tuple[str, ...] = ()
    posts: tuple[PeerPost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried with a peer; `remedy` is empty where it works."""

    about: str
    says: str
    remedy: str = ""


class PeerRefused(Exception):
    """The peer said no, or is not set up: an operator must act. The message says how."""


class PeerBusy(Exception):
    """Nothing was learnt this time (429, 5xx, half an answer). `retry_in`: seconds, if told."""

    def __init__(self, why: str, retry_in: float | None = None) -> None:
        super().__init__(why)
        self.retry_in = retry_in


class NotFromPeer(Exception):
    """The signature does not hold, or the message is none: nothing was taken from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What came in at a connector's door, as it came."""

    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


class Connector(Platform, Protocol):
    """Speaks with one kind of platform. One for each kind; it keeps no state."""

    def settings(self) -> Mapping[str, str]:
        """Names of its settings, and what each is for. The required ones end in "(required)"."""

    def check(self, said: Mapping[str, Any]) -> None:
        """Raises `PeerRefused` when the settings do not do. Asks nobody."""

    def abilities(self, said: Mapping[str, Any]) -> Abilities:
        """What a platform with these settings can do."""

    def addresses(self, said: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """What its addresses are, as `rules.addresses` takes them."""

    def examine(self, peer: Peer) -> Iterator[Tried]:
        """Try everything that it needs, changing nothing there."""

    def hear(self, peer: Peer, message: Message) -> Heard:
        """Read a message that came in. Raises `NotFromPeer`, `PeerRefused`."""

    def report(self, peer: Peer, ref: str) -> Reported | None:
        """A report as it is now; None when there is none. Raises `PeerRefused`, `PeerBusy`."""

    def open_reports(self, peer: Peer, *, account_ref: str = "") -> Iterator[Reported]:
        """All open reports, or those about one account. Raises `PeerRefused`, `PeerBusy`."""

    def listing(self, peer: Peer) -> Listing:
        """What was published there before we came."""

    def newest(self, peer: Peer) -> Sequence[PeerPost]:
        """The newest posts, of a peer that tells of none by itself; else nothing.

        Raises `PeerRefused`, `PeerBusy`.
        """

    def media_key(self, address: str) -> str:
        """What all addresses of one file have in common; empty for what is no file of a post."""
