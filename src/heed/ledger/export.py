"""Writes the stored log out as a folder of files that any C2SP client, or `exported`, can read."""

import json
from pathlib import Path

from heed.ledger import queries
from heed.ledger.tiles import ENTRIES, TILE_WIDTH, Tile, bundle, join, tiles_of, width_at


class NothingToExport(Exception):
    """The log has no checkpoint yet: nothing was ever sealed."""


def export_log(path: Path) -> int:
    """Write tiles, entry bundles, checkpoints and keys under `path`; the size of the log.

    Repeated into the same folder, it adds what is new. Raises `NothingToExport`.
    """
    note, size = queries.latest_note(), queries.published_size()
    if note is None:
        raise NothingToExport("nothing was ever sealed")
    tree = queries.tree(size)
    for tile in tiles_of(size):
        _write(path / "tile" / tile.path, join(tree.tile(tile.level, tile.index)))
    for index in range(-(-size // TILE_WIDTH)):
        width = width_at(size, ENTRIES, index)
        leaves = queries.read_leaves(index, width)
        _write(path / "tile" / Tile(ENTRIES, index, width).path, bundle(leaves))
    notes = "".join(json.dumps(c.note) + "\n" for c in queries.DatabaseLog().checkpoints())
    _write(path / "checkpoints", notes.encode())
    _write(path / "key", "".join(f"{vkey}\n" for vkey in queries.vkeys()).encode())
    _write(path / "checkpoint", note.encode())  # last: it vouches for the rest
    return size


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
