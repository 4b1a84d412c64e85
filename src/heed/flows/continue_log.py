"""The log goes on after a restore, because its operator said how.

1. Take in checkpoints that were kept elsewhere, so that what was signed is known here too.
2. Nothing was signed after the backup: go on under the same name. Or: begin anew under another,
   in the open; the entry says what was known of the old log, and how many entries are lost.
"""

from collections.abc import Sequence
from datetime import datetime

from heed.ledger import notes, outside, queries
from heed.ledger import services as ledger
from heed.ledger.keys import signing_key


class NotACheckpoint(Exception):
    """What was given is no checkpoint that this log's key has signed."""


class NothingToSay(Exception):
    """The log goes on as it is: nothing keeps it from being signed."""


class MoreWasSigned(Exception):
    """The log can't go on under its name: it would be a second version of the past."""


def take_in(*, checkpoints: Sequence[str], now: datetime) -> int:
    """Returns the size of the largest. Raises `NotACheckpoint`."""
    verifiers = {one.name: one for one in map(notes.parse_vkey, queries.vkeys())}
    sizes = []
    for note in checkpoints:
        try:
            said = notes.checkpoint_in(note)
            ours = verifiers.get(said.origin) or notes.verifier_of(signing_key(), said.origin)
            notes.verify_note(note, ours)
        except (notes.NoteUnreadable, notes.NotSigned, notes.SignatureFalse) as why:
            raise NotACheckpoint(str(why)) from None
        sizes.append(said.size)
    outside.keep(sorted(checkpoints, key=lambda note: notes.checkpoint_in(note).size))
    return max(sizes, default=0)


def go_on(*, now: datetime) -> int:
    """Returns the size of the log. Raises `MoreWasSigned`, `NothingToSay`."""
    restored = queries.restoration()
    if restored is None or restored.may_sign_at is not None:
        raise NothingToSay("The log was not restored, or was told to go on before.")
    try:
        ledger.go_on(now=now)
    except ledger.CannotSign as why:
        raise MoreWasSigned(f"{why}. Begin anew: heed log begin-anew NAME") from None
    return queries.size()


def begin_anew(*, name: str, now: datetime) -> int:
    """Returns how many entries are known to be lost. Raises `ledger.services.OriginUnusable`."""
    lost = queries.lost_count()
    ledger.declare_origin(name, now)
    return lost
