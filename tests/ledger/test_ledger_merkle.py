"""The tree of RFC 6962, and what can and can't be proved with it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.ledger import merkle
from heed.ledger.merkle import Edge, Levels, ProofFalse

SIZES = st.integers(1, 600)


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(index.to_bytes(4, "big")) for index in range(count)]


HASHES = leaves(600)


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    left, right = by_definition(hashes[:split]), by_definition(hashes[split:])
    return sha256(b"\1" + left + right).digest()


@given(st.integers(0, 600))
def test_every_way_to_the_root_gives_the_root_of_the_rfc(size: int) -> None:
    root = by_definition(HASHES[:size])
    edge = Edge()
    for leaf in HASHES[:size]:
        edge.append(leaf)
    assert merkle.root_of(HASHES[:size]) == root
    assert merkle.root_at(Levels(HASHES).node, size) == root
    assert edge.root() == root


def test_a_tree_that_was_published_elsewhere_has_the_root_published_there() -> None:
    published = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")  # the eight leaves of Google's test vectors
    assert merkle.batch_root([bytes.fromhex(data) for data in inputs]).hex() == published


@given(SIZES, st.data())
def test_a_leaf_in_the_tree_can_be_proved_to_be_in_it(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    levels = Levels(HASHES)
    merkle.check_inclusion(
        leaf=HASHES[index],
        index=index,
        size=size,
        path=merkle.inclusion(levels.node, index, size),
        root=merkle.root_at(levels.node, size),
    )


@given(SIZES, st.data())
def test_no_changed_inclusion_proof_holds(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    levels = Levels(HASHES)
    path = merkle.inclusion(levels.node, index, size)
    leaf, root, place = HASHES[index], merkle.root_at(levels.node, size), index
    match data.draw(st.sampled_from(["leaf", "root", "place", "longer", "shorter", "step"])):
        case "leaf":
            leaf = flipped(leaf, data)
        case "root":
            root = flipped(root, data)
        case "place":
            place = data.draw(st.integers(-2, size + 2).filter(lambda other: other != index))
        case "longer":
            path = [*path, HASHES[0]]
        case "shorter" if path:
            path = path[:-1]
        case _ if path:
            step = data.draw(st.integers(0, len(path) - 1))
            path[step] = flipped(path[step], data)
        case _:
            root = flipped(root, data)
    with pytest.raises(ProofFalse):
        merkle.check_inclusion(leaf=leaf, index=place, size=size, path=path, root=root)


@given(SIZES, SIZES)
def test_a_log_that_only_grew_can_prove_it(one: int, other: int) -> None:
    old, new = sorted((one, other))
    levels = Levels(HASHES)
    merkle.check_consistency(
        old=old,
        old_root=merkle.root_at(levels.node, old),
        new=new,
        new_root=merkle.root_at(levels.node, new),
        path=merkle.consistency(levels.node, old, new),
    )


@given(SIZES, SIZES, st.data())
def test_a_log_that_changed_its_past_can_not(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = list(HASHES)
    rewritten[changed] = flipped(rewritten[changed], data)
    honest, forged = Levels(HASHES), Levels(rewritten)
    for prover in (honest, forged):
        with pytest.raises(ProofFalse):
            merkle.check_consistency(
                old=old,
                old_root=merkle.root_at(honest.node, old),
                new=new,
                new_root=merkle.root_at(forged.node, new),
                path=merkle.consistency(prover.node, old, new),
            )


@given(SIZES, SIZES, st.data())
def test_no_changed_consistency_proof_holds(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    levels = Levels(HASHES)
    path = merkle.consistency(levels.node, old, new)
    match data.draw(st.sampled_from(["longer", "shorter", "step"])):
        case "longer":
            path = [*path, HASHES[0]]
        case "shorter" if path:
            path = path[:-1]
        case "step" if path:
            step = data.draw(st.integers(0, len(path) - 1))
            path[step] = flipped(path[step], data)
        case _:
            path = [HASHES[1]]
    with pytest.raises(ProofFalse):
        merkle.check_consistency(
            old=old,
            old_root=merkle.root_at(levels.node, old),
            new=new,
            new_root=merkle.root_at(levels.node, new),
            path=path,
        )


def flipped(hashed: bytes, data: st.DataObject) -> bytes:
    at, by = data.draw(st.integers(0, 31)), data.draw(st.integers(1, 255))
    return hashed[:at] + bytes([hashed[at] ^ by]) + hashed[at + 1 :]
