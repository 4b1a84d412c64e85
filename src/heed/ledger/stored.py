"""What a stored log looks like to somebody who checks it, wherever it is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from heed.ledger.leaves import Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One leaf at its place, with what opens it where that still exists."""

    index: int
    leaf: bytes
    leaf_hash: bytes | None = None  # as stored beside it, where it is
    opening: Opening | None = None
    batch: tuple[str, bytes] | None = None  # items as JSON, salt


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed checkpoint, with what is stored beside the note."""

    origin: str
    size: int
    root: bytes
    note: str
    made_at: datetime | None = None


class LogReader(Protocol):
    """A whole log, to be read once from left to right."""

    @property
    def sealed(self) -> int:
        """Entries under the newest checkpoint."""

    @property
    def placed(self) -> int:
        """Entries that have a place."""

    @property
    def tile_count(self) -> int:
        """Tiles that are stored."""

    @property
    def keeps_partial_tiles(self) -> bool:
        """Whether the tiles at the right edge are stored too."""

    @property
    def keeps_bodies(self) -> bool:
        """Whether what opens the leaves is stored too."""

    @property
    def lost(self) -> Sequence[str]:
        """Entries that neither have a place nor wait for one."""

    def vkeys(self) -> dict[str, str]:
        """Verifier keys by origin, in the order they were declared."""

    def entries(self) -> Iterator[StoredEntry]:
        """Every placed entry, by place."""

    def tile(self, level: int, index: int, width: int) -> tuple[bytes, bytes | None] | None:
        """A stored tile and its stored root, if that is stored; None where there is no tile."""

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the smallest first."""

    def kept(self) -> Sequence[str]:
        """Signed checkpoints that were kept elsewhere."""
