"""What Heed asks of the world outside, as promises. `integrations/` keeps them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from heed.ports.connectors import Abilities as Abilities
from heed.ports.connectors import Connector as Connector
from heed.ports.connectors import Heard as Heard
from heed.ports.connectors import Hides as Hides
from heed.ports.connectors import Message as Message
from heed.ports.connectors import NotFromPeer as NotFromPeer
from heed.ports.connectors import Peer as Peer
from heed.ports.connectors import PeerBusy as PeerBusy
from heed.ports.connectors import PeerFile as PeerFile
from heed.ports.connectors import PeerPost as PeerPost
from heed.ports.connectors import PeerRefused as PeerRefused
from heed.ports.connectors import Reported as Reported
from heed.ports.connectors import Tried as Tried
from heed.ports.exchanges import Exchange as Exchange
from heed.ports.exchanges import ExchangeBusy as ExchangeBusy
from heed.ports.exchanges import ExchangeRefused as ExchangeRefused
from heed.ports.exchanges import SharedPage as SharedPage
from heed.ports.exchanges import SharedSignal as SharedSignal
from heed.ports.exchanges import Word as Word
from heed.ports.listings import Listed as Listed
from heed.ports.listings import ListedFile as ListedFile
from heed.ports.listings import ListedPage as ListedPage
from heed.ports.listings import Listing as Listing
from heed.ports.listings import NotListed as NotListed
from heed.ports.listings import Store as Store
from heed.ports.platforms import DesiredState as DesiredState
from heed.ports.platforms import Endpoint as Endpoint
from heed.ports.platforms import Platform as Platform
from heed.ports.platforms import PlatformCannot as PlatformCannot
from heed.ports.platforms import PlatformUnreachable as PlatformUnreachable
from heed.ports.platforms import Result as Result
from heed.ports.platforms import StateResult as StateResult
from heed.ports.push import DeviceGone as DeviceGone
from heed.ports.push import NoPushKey as NoPushKey
from heed.ports.push import Push as Push
from heed.ports.push import PushBusy as PushBusy
from heed.ports.push import PushRefused as PushRefused
from heed.rules.tips.document import Document, FileFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came back from an address. `body` is cut at the limit asked for; `complete` says so."""

    status: int
    content_type: str
    body: bytes
    complete: bool
    final_url: str


class NotFetched(Exception):
    """Nothing could be learnt: refused address, time-out, broken answer. Never means "gone"."""


class Fetcher(Protocol):
    """Reads URLs on the open web, politely, bounded, and never inside the operator's network."""

    def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        within_seconds: float,
        private_addresses_allowed: tuple[str, ...] = (),
        bearer: str | None = None,
    ) -> Fetched:
        """GET `url`. Raises `NotFetched`; a 404 is an answer, not an error."""


class MailRefused(Exception):
    """The mail server did not take it. The worker tries again."""


class AddressRefused(Exception):
    """This address takes no mail, now or later. Ask for another; `.why` is unknown|full|refused."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Mail(Protocol):
    """Sends plain mails. Sender and subject never tell what they are about."""

    def send(self, address: str, *, subject: str, text: str, returns_to: str = "") -> None:
        """Hand one mail to the mail server. What can't be delivered comes back to `returns_to`.

        Raises `MailRefused` for what may be tried again, `AddressRefused` for what may not.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One way to reach a person on duty (`mail`, `push`), or the team's channel (`team`)."""

    way: str
    address: str  # a mail address, the URL of a webhook, or of a topic that takes plain text
    secret: str = ""  # Standard Webhooks form, whsec_...; empty: not signed
    private_addresses_allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """What the duty person is told: that something waits and where, never about whom."""

    subject: str
    text: str
    link: str
    urgent: bool


class PagerRefused(Exception):
    """This way did not take it; the text names why, and nobody. The next person is rung at once."""


class Pager(Protocol):
    """Rings people who are on duty."""

    def ring(self, to: Reach, words: Ringing, *, message_id: str, now: datetime) -> None:
        """Tell one person, or the team. Safe to repeat. Raises `PagerRefused`."""


class Purpose(StrEnum):
    """For whom the key of something sealed is wrapped. Nobody else can read it."""

    REVIEW = "review"  # the viewer, while a case is undecided
    FILING = "filing"  # the filer: a CyberTip, a disclosure, a drill
    SEAL = "seal"  # two people, each with half of what is needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """One object's key, encrypted for one purpose. Without any wrapping the object is noise."""

    purpose: Purpose
    recipient: str  # the public key (for a seal: both) that it was wrapped for
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Something as it lies in the vault, and the wrappings of its key, which never lie there."""

    body: bytes
    wrappings: tuple[Wrapping, ...]


class KeyLost(Exception):
    """The key that a wrapping was made for is not here. Bring it back from its backup."""


class NotForThisProcess(KeyLost):
    """The key may well be here; another process is the one that uses it (`HEED_OPENS`)."""


class NotOpened(Exception):
    """The key does not open this: altered bytes, or another object's wrapping."""


class BadRecipient(Exception):
    """This is no age public key. It begins with age1; `age-keygen` makes one."""


class Seals(Protocol):
    """Seals with public keys alone; opens only where the purpose's own key lies."""

    def seal(self, data: bytes, purposes: Collection[Purpose]) -> Sealing:
        """Encrypt under a new key of its own. Raises `KeyLost` when a public key is missing."""

    def open(self, body: bytes, wrapping: Wrapping) -> bytes:
        """Decrypt, for a purpose whose key this process may use. Raises `KeyLost`, `NotOpened`."""

    def open_with(self, body: bytes, wrapping: Wrapping, halves: Sequence[str]) -> bytes:
        """Open a seal with the texts of the key files that two people bring. Raises as `open`."""

    def rewrap(
        self, wrapping: Wrapping, to: Purpose | None = None, halves: Sequence[str] = ()
    ) -> Wrapping:
        """The same key for the newest public key of its purpose, or of another. Raises as `open`.

        With `halves` a seal is opened by what two people bring.
        """

    def recipient(self, purpose: Purpose) -> str:
        """For whom this purpose is wrapped now. Raises `KeyLost`."""

    def has(self, purpose: Purpose) -> bool:
        """Whether the newest secret keys of this purpose lie here, and fit."""

    def renew(self, purpose: Purpose) -> str:
        """Make new keys in front of the older ones; who seals takes them from now on."""

    def forget_older(self, purpose: Purpose) -> int:
        """Destroy all keys of a purpose but the newest. Only when nothing is wrapped for them."""

    def check_recipient(self, recipient: str) -> None:
        """Whether this is a public key to encrypt for. Raises `BadRecipient`."""

    def encrypt_for(self, data: bytes, recipient: str) -> bytes:
        """An age file that this person alone can open. Raises `BadRecipient`."""


class VaultTrouble(Exception):
    """The vault could not do it; the message says why. Tried again."""


class VaultFull(VaultTrouble):
    """No room is left. Make room, or name another place; nothing half is kept."""


class ObjectMissing(VaultTrouble):
    """There is no object of this name: it was lost, or somebody removed it."""


class Vault(Protocol):
    """Keeps sealed objects by name. It never sees a key."""

    def put(self, name: str, body: bytes, *, keep_until: datetime | None = None) -> None:
        """Keep it whole or not at all; locked until then where that is possible.

        Raises `VaultFull`, `VaultTrouble`.
        """

    def get(self, name: str) -> bytes:
        """The object as it was put. Raises `ObjectMissing`."""

    def erase(self, name: str) -> bool:
        """Remove it; False where a lock keeps it (without its key it is noise). Safe to repeat."""

    def names(self) -> Iterator[str]:
        """Every object's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A picture, or a part of a video, made anew for a reviewer's eyes.

    Of a video: where the next part begins, whether there is one, and how long the file says it is.
    """

    body: bytes
    mime: str
    until_ms: int | None = None
    last: bool = True
    about_ms: int | None = None


class ViewerAway(Exception):
    """No viewer answers. `heed up` starts one; else run `heed viewer`."""


class NotShown(Exception):
    """The viewer could not show it; the message says why."""


class Viewer(Protocol):
    """The process that alone may open review copies, and gives back pictures, never the file."""

    def show(self, sealing: Sealing, variant: str, from_ms: int = 0) -> Rendered:
        """Render a review copy as `blurred`, `clear` or `full`, or read its `exif` as JSON.

        A video also as `moving-...`: what moves begins at `from_ms`. Raises `ViewerAway`,
        `NotShown`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A tip is open at its authority, and will be deleted there unless it is finished in time."""

    report_ref: str
    request_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A file as the authority received it; `md5` (hex) is of what arrived there."""

    file_ref: str
    md5: str
    sent_md5: str  # of what was read and sent
    request_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The authority has the tip for good. `raw` is its answer, to be kept as it came."""

    file_refs: tuple[str, ...]
    raw: bytes
    request_ref: str


class TiplineUnreachable(Exception):
    """No answer. `heard`: the question may have arrived all the same, and been carried out."""

    def __init__(self, reason: str, *, heard: bool) -> None:
        super().__init__(reason)
        self.heard = heard


class TiplineBusy(Exception):
    """The authority answered that it could not, and nothing was done. Ask again later."""


class TiplineLocked(Exception):
    """The credentials are not taken. The operator has to put them right."""


class TipRefused(Exception):
    """The authority answered, and refused what was sent. A person has to look."""


class TipUnknown(Exception):
    """The authority has no open tip of this number: deleted, or never there."""


class TipEnded(Exception):
    """The tip was ended before, as `how` says: `finished` or `retracted`."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Tipline(Protocol):
    """An authority that takes tips by a protocol.

    Every call may raise `TiplineUnreachable`, `TiplineBusy`, `TiplineLocked` and `TipRefused`;
    those that name a tip also `TipUnknown` and `TipEnded`.
    """

    def status(self) -> str:
        """As whom we are known there."""

    def schema(self) -> bytes:
        """The schema of its documents, as it is today."""

    def written(self, document: Document) -> bytes:
        """The document as it would be sent."""

    def faults(
        self, document: Document, files: Sequence[FileFacts], schema: bytes | None
    ) -> list[str]:
        """What the schema says against it. Asks nobody."""

    def open(self, document: Document) -> Opened:
        """Open a tip. Repeated, there are two; the one that is left alone is deleted there."""

    def upload(self, report_ref: str, name: str, file: BinaryIO) -> Uploaded:
        """Send one file, read as it is sent. Repeated, it is there twice."""

    def inform(self, report_ref: str, file_ref: str, file: FileFacts) -> str:
        """Say what a file is, once. Returns the request's ref."""

    def finish(self, report_ref: str) -> Finished:
        """File it. Can't be undone."""

    def retract(self, report_ref: str) -> str:
        """Have an open tip deleted. Returns the request's ref."""
