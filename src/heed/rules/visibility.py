"""How far an item may be seen, from everywhere to nowhere."""

from collections.abc import Iterable
from enum import StrEnum


class Visibility(StrEnum):
    """Ordered by strictness: ``VISIBLE < LIMITED < HIDDEN < REMOVED`` (never by spelling)."""

    VISIBLE = "visible"
    LIMITED = "limited"  # there, but out of search, feeds, advertising and resharing
    HIDDEN = "hidden"  # nobody sees it; the bytes are kept
    REMOVED = "removed"  # decided by a person or a named rule

    @property
    def strictness(self) -> int:
        """0 for visible up to 3 for removed; stable, so it may be stored and compared in SQL."""
        return _STRICTNESS[self]

    # A StrEnum would compare by spelling, and "hidden" < "visible" reads as a harmless truth.
    def __lt__(self, other: str) -> bool:
        return _STRICTNESS[self] < _strictness(other)

    def __le__(self, other: str) -> bool:
        return _STRICTNESS[self] <= _strictness(other)

    def __gt__(self, other: str) -> bool:
        return _STRICTNESS[self] > _strictness(other)

    def __ge__(self, other: str) -> bool:
        return _STRICTNESS[self] >= _strictness(other)


_STRICTNESS: dict[str, int] = {"visible": 0, "limited": 1, "hidden": 2, "removed": 3}


def _strictness(level: str) -> int:
    """Raises `ValueError` for what is no level."""
    return _STRICTNESS[level] if level in _STRICTNESS else Visibility(level).strictness


def strictest(levels: Iterable[Visibility]) -> Visibility:
    """What an item's live restrictions add up to; with none of them it is visible."""
    return max(levels, key=lambda level: level.strictness, default=Visibility.VISIBLE)


def is_provisional(level: Visibility) -> bool:
    """Limited and hidden are reversible, and always owe a review by a time."""
    return level in (Visibility.LIMITED, Visibility.HIDDEN)
