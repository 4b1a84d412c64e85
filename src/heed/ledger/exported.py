"""A log as a folder of files, laid out as c2sp.org/tlog-tiles asks; no database is needed.

`checkpoint`, `tile/<level>/<index>`, `tile/entries/<index>` are the standard's; `key` holds the
verifier keys, the newest first, and `checkpoints` every signed checkpoint as a JSON line.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from heed.ledger import notes
from heed.ledger.stored import StoredCheckpoint, StoredEntry
from heed.ledger.tiles import ENTRIES, TILE_WIDTH, Tile, tiles_of, unbundle, width_at


class ExportUnreadable(Exception):
    """The folder does not hold an exported log. Point at the folder that `export_log` wrote."""


class ExportedLog:
    """A `LogReader` over a folder."""

    keeps_partial_tiles, keeps_bodies = True, False
    lost: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._newest = _text(folder / "checkpoint")
            newest = notes.checkpoint_in(self._newest)
            self._keys = _text(folder / "key").removesuffix("\n").split("\n")
            lines = _text(folder / "checkpoints").removesuffix("\n").split("\n")
            self._notes = [str(json.loads(line)) for line in lines]
            for note in self._notes:
                notes.checkpoint_in(note)
        except (OSError, ValueError, notes.NoteUnreadable) as wrong:
            raise ExportUnreadable(f"{folder}: {wrong}") from None
        self.sealed = newest.size
        self.placed = sum(len(self._bundle(index)) for index in range(self._bundles()))
        self.tile_count = sum((folder / "tile" / t.path).exists() for t in tiles_of(self.sealed))

    def vkeys(self) -> dict[str, str]:
        """By the name in each key line, the oldest first."""
        return {line.partition("+")[0]: line for line in reversed(self._keys)}

    def _bundles(self) -> int:
        return -(-self.sealed // TILE_WIDTH)

    def _bundle(self, index: int) -> list[bytes]:
        tile = Tile(ENTRIES, index, width_at(self.sealed, ENTRIES, index))
        path = self.folder / "tile" / tile.path
        return unbundle(path.read_bytes()) if path.exists() else []

    def entries(self) -> Iterator[StoredEntry]:
        """Every leaf; what opens it is not exported."""
        for index in range(self._bundles()):
            for offset, leaf in enumerate(self._bundle(index)):
                yield StoredEntry(index=index * TILE_WIDTH + offset, leaf=leaf)

    def tile(self, level: int, index: int, width: int) -> tuple[bytes, None] | None:
        """The bytes of a tile's file."""
        path = self.folder / "tile" / Tile(level, index, width).path
        return (path.read_bytes(), None) if path.exists() else None

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every signed checkpoint; and the newest as it stands in its own file."""
        newest = [] if self._newest in self._notes else [self._newest]
        for note in sorted([*self._notes, *newest], key=lambda n: notes.checkpoint_in(n).size):
            said = notes.checkpoint_in(note)
            yield StoredCheckpoint(origin=said.origin, size=said.size, root=said.root, note=note)

    def kept(self) -> Sequence[str]:
        """Nothing is kept elsewhere."""
        return ()


def _text(path: Path) -> str:
    """Byte for byte: `read_text` would make other line ends look right."""
    return path.read_bytes().decode()
