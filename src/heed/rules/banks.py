"""What a bank's match does, to whom it applies, and what it means that people disagreed."""

import hashlib
from collections.abc import Iterable
from typing import Protocol, TypeVar

from heed.rules.claims import BankAction

WIDEST = 40  # bits of 256; beyond it hashes of different pictures meet (PDQ paper, hashing.pdf)


class BankPolicy(Protocol):
    """What a match in a bank is allowed to do."""

    @property
    def action(self) -> str:
        """At the door: block, hold or pass."""

    @property
    def hides_registered(self) -> bool:
        """What is published already may be hidden until a person has looked."""

    @property
    def asks_person(self) -> bool:
        """A person is asked to look."""


Policy = TypeVar("Policy", bound=BankPolicy)


def on_registered(met: Iterable[BankPolicy]) -> BankAction | None:
    """What is done with something published that meets these banks; None: nothing at all."""
    banks = list(met)
    if any(bank.hides_registered for bank in banks):
        return BankAction.HIDE
    return BankAction.REVIEW if any(bank.asks_person for bank in banks) else None


def at_the_door(met: Iterable[Policy]) -> Policy | None:
    """The match that decides over an upload, the first that blocks or holds of `met`."""
    return next((one for one in met if one.action != "pass"), None)


def asked(share: float, *, bank: str, file: bytes) -> bool:
    """Whether a bank that is enabled for a `share` (0..1) of files is enabled for this one.

    The same file always gets the same answer from the same bank, however often it is tried.
    """
    if share >= 1:
        return True
    drawn = hashlib.sha256(bank.encode() + file).digest()
    return int.from_bytes(drawn[:8]) / 2**64 < share
