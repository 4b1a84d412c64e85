"""Tiles: one address each, and the same tree as without them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.ledger import merkle, tiles
from heed.ledger.tiles import ENTRIES, NotATile, Tile, TileBuilder, TileTree

COUNT = 66_000  # more than 256 * 256, so that there are three levels of tiles
HASHES = [merkle.leaf_hash(index.to_bytes(4, "big")) for index in range(COUNT)]
LEVELS = merkle.Levels(HASHES)


def read(level: int, index: int, width: int) -> list[bytes]:
    return [LEVELS.node(8 * level, index * 256 + offset) for offset in range(width)]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(1, 1234067, 8), "1/x001/x234/067.p/8"),
        (Tile(ENTRIES, 999), "entries/999"),
        (Tile(ENTRIES, 1000, 1), "entries/x001/000.p/1"),
        (Tile(63, 5), "63/005"),
    ],
)
def test_a_tile_has_the_address_that_the_standard_gives_it(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "00/000",
        "0/0",
        "0/0000",
        "0/x000/001",
        "0/000.p/256",
        "0/000.p/0",
        "0/000.p/01",
        "0/000/",
        "-1/000",
        "entries/../000",
        "100/000",
        "0/\u0661\u0661\u0661",
        "",
    ],
)
def test_a_tile_has_no_other_address(path: str) -> None:
    with pytest.raises(NotATile):
        tiles.parse_path(path)


@given(st.integers(0, COUNT))
def test_the_tree_in_tiles_is_the_same_tree(size: int) -> None:
    tree = TileTree(size, read)
    assert merkle.root_at(tree.node, size) == merkle.root_at(LEVELS.node, size)


@given(st.integers(0, 700), st.integers(1, 700))
def test_tiles_are_cut_alike_in_one_go_and_in_two(first: int, more: int) -> None:
    at_once, later = TileBuilder(), TileBuilder(first, read)
    for leaf in HASHES[:first]:
        at_once.add(leaf)
    for leaf in HASHES[first : first + more]:
        assert later.add(leaf) == at_once.add(leaf)


def test_full_tiles_hold_what_the_standard_says() -> None:
    builder = TileBuilder()
    full = [tile for leaf in HASHES for tile in builder.add(leaf)]
    assert len(full) == COUNT // 256 + COUNT // 65536
    for tile in full:
        assert tiles.cut(tile.hashes) == read(tile.level, tile.index, 256)
        assert tile.root == LEVELS.node(8 * (tile.level + 1), tile.index)
    partial = {tile: hashes for tile, hashes in builder.partial()}
    assert {(t.level, t.index) for t in partial} | {(t.level, t.index) for t in full} == {
        (t.level, t.index) for t in tiles.tiles_of(COUNT)
    }


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_a_bundle_gives_back_its_leaves(leaves: list[bytes]) -> None:
    assert tiles.unbundle(tiles.bundle(leaves)) == leaves
