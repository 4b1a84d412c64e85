"""The Merkle tree of RFC 6962: hashes, roots, and the proofs of RFC 9162. Knows no storage.

A *node* at `(level, index)` is the root of the complete subtree over the leaves
`index * 2**level` up to, but not including, `(index + 1) * 2**level`.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()  # RFC 6962, 2.1
HASH_BYTES = 32

NodeAt = Callable[[int, int], bytes]  # (level, index) -> hash of a complete subtree


class ProofFalse(Exception):
    """The proof does not lead to the root. What it was to prove is not in that tree."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; the prefix keeps a leaf from passing for a node."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over any number of leaf hashes (or of equal, complete subtrees)."""
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []  # waits, unhashed, for a partner higher up
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def batch_root(items: Iterable[bytes]) -> bytes:
    """The root over leaves given as data."""
    return root_of([leaf_hash(item) for item in items])


class Levels:
    """A tree in memory that grows at its right edge; each hash is made once."""

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add one leaf *hash*."""
        self._levels[0].append(leaf)
        level = 0
        while len(row := self._levels[level]) % 2 == 0:
            if len(self._levels) == level + 1:
                self._levels.append([])
            self._levels[level + 1].append(node_hash(row[-2], row[-1]))
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """The node at `(level, index)`. Raises `IndexError` where the tree has not grown yet."""
        return self._levels[level][index]


class Edge:
    """The right edge of a growing tree: a few hashes, enough to go on and to know the root."""

    def __init__(self) -> None:
        self._stack: list[bytes] = []  # roots of complete subtrees, the largest first
        self.size = 0

    def append(self, leaf: bytes) -> None:
        """Add one leaf *hash*."""
        found, count = leaf, self.size
        while count & 1:
            found, count = node_hash(self._stack.pop(), found), count >> 1
        self._stack.append(found)
        self.size += 1

    def root(self) -> bytes:
        """The root at this size."""
        if not self._stack:
            return EMPTY_ROOT
        found = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            found = node_hash(left, found)
        return found


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (`count` > 1)."""
    return 1 << (count - 1).bit_length() - 1


def range_root(node: NodeAt, start: int, end: int) -> bytes:
    """The root over the leaves `start` to `end`; `start` fits the largest subtree."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0:
        return node(count.bit_length() - 1, start // count)
    middle = start + _split(count)
    return node_hash(range_root(node, start, middle), range_root(node, middle, end))


def root_at(node: NodeAt, size: int) -> bytes:
    """The root that the tree had at `size` leaves."""
    return range_root(node, 0, size)


def inclusion(node: NodeAt, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency(node: NodeAt, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {old} is no beginning of a tree of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(node, start, end))
    return path[::-1]


def check_inclusion(
    *, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162, 2.1.3.2, for a leaf *hash*. Raises `ProofFalse`."""
    if not 0 <= index < size:
        raise ProofFalse(f"place {index} is outside a log of {size} entries")
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofFalse("the inclusion proof is too long")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _up_to_right_child(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofFalse("the inclusion proof is too short")
    if found != root:
        raise ProofFalse("the inclusion proof leads to another root")


def _up_to_right_child(at: int, last: int) -> tuple[int, int]:
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def check_consistency(
    *, old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """RFC 9162, 2.1.4.2. Raises `ProofFalse` when the new tree does not begin with the old one."""
    if not 0 <= old <= new:
        raise ProofFalse(f"a log of {new} entries cannot continue one of {old}")
    if old in (0, new):
        _check_trivial(old, old_root, new, new_root, path)
        return
    found_old, found_new = _climb(old, old_root, new, path)
    if found_old != old_root:
        raise ProofFalse("the consistency proof leads to another old root")
    if found_new != new_root:
        raise ProofFalse("the consistency proof leads to another new root")


def _check_trivial(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    if path:
        raise ProofFalse("the consistency proof is too long")
    if old_root != (new_root if old == new else EMPTY_ROOT):
        raise ProofFalse("two different roots for one size of the log")


def _climb(old: int, old_root: bytes, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    if not path:
        raise ProofFalse("the consistency proof is empty")
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found_new = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise ProofFalse("the consistency proof is too long")
        if at & 1 or at == last:
            found_old = node_hash(sibling, found_old)
            found_new = node_hash(sibling, found_new)
            at, last = _up_to_right_child(at, last)
        else:
            found_new = node_hash(found_new, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofFalse("the consistency proof is too short")
    return found_old, found_new
