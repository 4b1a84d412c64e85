"""The tree cut into tiles of 256 hashes, as c2sp.org/tlog-tiles names them. Knows no storage."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heed.ledger.merkle import HASH_BYTES, root_of

TILE_LEVELS = 8  # levels of the tree in one tile
TILE_WIDTH = 1 << TILE_LEVELS
ENTRIES = -1  # the "level" of the bundles that hold the leaves themselves
_PATH = re.compile(r"(0|[1-9]\d?|entries)/((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?")

ReadTile = Callable[[int, int, int], Sequence[bytes]]  # (level, index, width) -> hashes


class NotATile(Exception):
    """The address is not that of a tile, in the one spelling it has."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: `width` hashes of the row at tree level `8 * level`, from `256 * index` on."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Its address below `tile/`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{level}/{_spell(self.index)}{partial}"


def _spell(number: int) -> str:
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def parse_path(path: str) -> Tile:
    """Read an address below `tile/`. Raises `NotATile`; each tile has one address only."""
    found = _PATH.fullmatch(path)
    if not found:
        raise NotATile(path)
    level, groups, last, width = found.groups()
    tile = Tile(
        level=ENTRIES if level == "entries" else int(level),
        index=int(groups.replace("x", "").replace("/", "") + last),
        width=int(width or TILE_WIDTH),
    )
    if tile.path != path:
        raise NotATile(path)
    return tile


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes tile `(level, index)` holds in a tree of `size` leaves; may be 0."""
    row = size if level == ENTRIES else size >> TILE_LEVELS * level
    return max(0, min(TILE_WIDTH, row - TILE_WIDTH * index))


def tiles_of(size: int) -> list[Tile]:
    """Every tile of a tree of `size` leaves, the partial ones at the right edge included."""
    tiles: list[Tile] = []
    level = 0
    while row := size >> TILE_LEVELS * level:
        count = -(-row // TILE_WIDTH)
        tiles += [Tile(level, i, width_at(size, level, i)) for i in range(count)]
        level += 1
    return tiles


def join(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile."""
    return b"".join(hashes)


def cut(data: bytes) -> list[bytes]:
    """The hashes in a tile's bytes."""
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def bundle(leaves: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle: each leaf after its length in two bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def unbundle(data: bytes) -> list[bytes]:
    """The leaves in an entry bundle. A torn end gives a last leaf that is too short."""
    leaves, start = [], 0
    while start < len(data):
        length = int.from_bytes(data[start : start + 2], "big")
        leaves.append(data[start + 2 : start + 2 + length])
        start += 2 + length
    return leaves


class TileTree:
    """The nodes of a tree of `size` leaves, read tile by tile; each tile is read once."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._seen: dict[tuple[int, int], Sequence[bytes]] = {}

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """The hashes of one tile, as many as there are at this size."""
        if (level, index) not in self._seen:
            width = width_at(self.size, level, index)
            self._seen[level, index] = self._read(level, index, width)
        return self._seen[level, index]

    def node(self, level: int, index: int) -> bytes:
        """The root of a complete subtree, for the functions of `merkle`."""
        tile_level, inside = divmod(level, TILE_LEVELS)
        start = index << inside
        hashes = self.tile(tile_level, start // TILE_WIDTH)
        first = start % TILE_WIDTH
        wanted = hashes[first : first + (1 << inside)]
        if len(wanted) != 1 << inside:
            raise IndexError(f"tile {tile_level}/{start // TILE_WIDTH} is too short")
        return root_of(wanted)


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that has just become full."""

    level: int
    index: int
    hashes: bytes
    root: bytes


class TileBuilder:
    """Cuts a growing row of leaf hashes into full tiles, and their roots into tiles above them."""

    def __init__(self, size: int = 0, read: ReadTile | None = None) -> None:
        self._size = size
        self._read = read
        self._rows: list[list[bytes]] = []
        self._index: list[int] = []

    def add(self, leaf: bytes) -> list[FullTile]:
        """Add one leaf hash; the tiles that it fills, from the lowest up."""
        full: list[FullTile] = []
        level, fresh = 0, leaf
        while True:
            row = self._row(level)
            row.append(fresh)
            if len(row) < TILE_WIDTH:
                return full
            fresh = root_of(row)
            full.append(FullTile(level, self._index[level], join(row), fresh))
            self._index[level] += 1
            row.clear()
            level += 1

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The tiles at the right edge that are not full yet, as far as anything was added."""
        return [
            (Tile(level, index, len(row)), join(row))
            for level, (index, row) in enumerate(zip(self._index, self._rows, strict=True))
            if row
        ]

    def _row(self, level: int) -> list[bytes]:
        """The partial row of a level, read when it is first needed."""
        if level == len(self._rows):
            index = (self._size >> TILE_LEVELS * level) // TILE_WIDTH
            width = width_at(self._size, level, index)
            self._rows.append(list(self._read(level, index, width)) if width and self._read else [])
            self._index.append(index)
        return self._rows[level]
