"""What a site has published already, in its own words: asked for once, when Heed comes to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file of it. Its bytes are read by `key` where there is one, else at `url`."""

    url: str
    preview_url: str = ""
    key: str = ""  # what `Store.read` knows it by; a listing that holds no bytes gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One published thing, in the words that an item is registered with."""

    ref: str
    url: str
    files: tuple[ListedFile, ...]
    kind: str = "post"
    account_ref: str = ""
    reshare_of: str = ""
    published_at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """Some of them, and where the next ones begin."""

    items: tuple[Listed, ...]
    after: str  # what `page` is asked with next; empty: this was the last page
    total: int | None = None  # how many there are in all, where that is known


class NotListed(Exception):
    """The listing could not be read now: what was done is kept, and can be gone on with.

    The message says what an operator can do.
    """


class Listing(Protocol):
    """Everything that one site has published, always in the same order.

    A connector makes one for each platform: `listing(...) -> Listing`.
    """

    def page(self, after: str) -> ListedPage:
        """The first page for "", else the one that begins after an earlier page.

        `after` is kept for days and handed to another process, so it must hold by itself. What is
        published meanwhile may be left out: the platform registers it. Raises `NotListed`.
        """


class Store(Listing, Protocol):
    """A listing that holds the bytes as well: a directory, a bucket."""

    def read(self, key: str, max_bytes: int) -> bytes:
        """The bytes of a listed file, one more than `max_bytes` at most. Raises `NotListed`."""
