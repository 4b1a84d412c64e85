"""The vault's keys are changed, and nothing is lost on the way.

1. Make new keys in front of the old ones; whatever is sealed from now on is for them.
2. Wrap the key of every object anew, some in one transaction. Cut short, it is taken up again.
3. When nothing is wrapped for an old key any more, destroy it; the ledger says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from heed.filings import custody, vault
from heed.filings.models import KeyWrapping
from heed.flows import wiring
from heed.ledger import services as ledger
from heed.ports import KeyLost, NotOpened, Purpose, Wrapping

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """How far it came. With `failed` the old keys are kept, and the ids say what to look at."""

    recipient: str
    moved: int
    forgotten: int
    failed: tuple[str, ...]


def rotate_keys(
    *, purpose: Purpose, halves: Sequence[str] = (), anew: bool = True, now: datetime
) -> Rotated:
    """Change the keys of a purpose. `halves`, the texts of both key files of the seal, are needed
    for the seal itself, and where the filer's own key is lost.

    `anew=False` goes on with a rotation that was cut short. Raises `KeyLost` before it has changed
    anything, when what is wrapped could not be opened.
    """
    _must_open(purpose, halves)
    recipient = wiring.seals().renew(purpose) if anew else wiring.seals().recipient(purpose)
    moved, failed = 0, set[str]()
    while left := [
        one
        for one in custody.wrapped_otherwise(purpose.value, recipient, AT_ONCE + len(failed))
        if str(one.sealed_id) not in failed
    ]:
        for row in left:
            if _move(row, purpose, halves, now):
                moved += 1
            else:
                failed.add(str(row.sealed_id))
    forgotten = 0 if failed else wiring.seals().forget_older(purpose)
    body = {"purpose": purpose.value, "moved": moved, "failed": len(failed), "to": recipient}
    ledger.enter("vault.rotated", subject="vault", body=body, at=now)
    return Rotated(
        recipient=recipient, moved=moved, forgotten=forgotten, failed=tuple(sorted(failed))
    )


def _must_open(purpose: Purpose, halves: Sequence[str]) -> None:
    """One is tried first: with the wrong key in hand, no new one is made."""
    row = KeyWrapping.objects.filter(purpose=purpose.value).select_related("sealed").first()
    if row is not None:
        _anew(row, purpose, halves)


def _move(row: KeyWrapping, purpose: Purpose, halves: Sequence[str], now: datetime) -> bool:
    try:
        new = _anew(row, purpose, halves)
    except (KeyLost, NotOpened):
        return False
    with transaction.atomic():
        vault.swap(row.sealed, _as_wrapping(row), new, now=now)
    return True


def _anew(row: KeyWrapping, purpose: Purpose, halves: Sequence[str]) -> Wrapping:
    if not halves:
        return wiring.seals().rewrap(_as_wrapping(row))
    seal = vault.wrapping(row.sealed, Purpose.SEAL)
    if seal is None:
        raise KeyLost("this copy has no seal: two people can't open it either")
    return wiring.seals().rewrap(seal, purpose, halves)


def _as_wrapping(row: KeyWrapping) -> Wrapping:
    return Wrapping(
        purpose=Purpose(row.purpose), recipient=row.recipient, wrapped=bytes(row.wrapped)
    )
