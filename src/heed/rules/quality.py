"""How well decisions agree: which are read again blind, and how far that agrees beyond chance."""

import hashlib
from collections import Counter
from collections.abc import Sequence

SHARE = 0.05  # of final decisions; a figure of ours


def is_drawn(decision: str, share: float = SHARE) -> bool:
    """Whether this decision is read again: by its id alone, so that nobody can choose."""
    number = int.from_bytes(hashlib.sha256(decision.encode()).digest()[:8], "big")
    return number < share * 2**64


def agreement(pairs: Sequence[tuple[str, str]]) -> float | None:
    """The share of pairs that agree; None without any."""
    if not pairs:
        return None
    return sum(first == second for first, second in pairs) / len(pairs)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa: 1 is full agreement, 0 what chance gives, below 0 less than that.

    None without pairs, or where both only ever said one and the same thing: then chance alone
    explains all of it, and nothing can be said.
    """
    observed = agreement(pairs)
    if observed is None:
        return None
    count = len(pairs)
    first = Counter(one for one, _ in pairs)
    second = Counter(other for _, other in pairs)
    by_chance = sum(first[word] * second[word] for word in first) / count**2
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
