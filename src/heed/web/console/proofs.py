"""Checking ledger entries, each time anew: opened, hashed, followed up to a signed checkpoint."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from heed.ledger import merkle, notes, queries
from heed.ledger.events import named
from heed.ledger.leaves import Opening, commitment, encode_leaf
from heed.people import queries as people

_UNTRUE = (
    merkle.ProofFalse, notes.NoteUnreadable, notes.NotSigned, notes.SignatureFalse,
    notes.KeyUnreadable,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One entry, and what checking it has shown."""

    event: str
    says: str
    at: datetime | None
    index: int | None
    state: str  # proven | waiting | false | erased
    why: str = ""
    by: str = ""  # who of us did it, where the entry itself says so


def checked(entry_ids: Sequence[UUID]) -> list[Checked]:
    """Every entry with the result of its check; a false one is never left out."""
    vkeys = [notes.parse_vkey(one) for one in queries.vkeys()]
    found = [_check(entry, vkeys) for entry in entry_ids]
    names = people.staff_named({UUID(one.by) for one in found if one.by})
    told = [replace(one, by=names.get(UUID(one.by), "") if one.by else "") for one in found]
    return sorted(told, key=_place, reverse=True)


def _place(one: Checked) -> tuple[bool, int]:
    """What waits for its place is the newest."""
    return (one.index is None, one.index or 0)


def _check(entry_id: UUID, keys: Sequence[notes.Verifier]) -> Checked:
    try:
        opening = queries.opening_of(entry_id)
    except queries.NotInLog:
        return Checked(event="", says="its text was erased", at=None, index=None, state="erased")
    says = named(opening.event).says
    try:
        proof = queries.proof_of(entry_id)
        _prove(opening, proof, keys)
    except queries.NotInLog:
        return _found(opening, says, None, "waiting", "it gets its place within seconds")
    except _UNTRUE as untrue:
        return _found(opening, says, None, "false", str(untrue))
    return _found(opening, says, proof.index, "proven", "")


def _found(opening: Opening, says: str, index: int | None, state: str, why: str) -> Checked:
    return Checked(
        event=opening.event, says=says, at=opening.at, index=index, state=state, why=why,
        by=_by(opening),
    )  # fmt: skip


def _by(opening: Opening) -> str:
    """The id of a person of ours; empty where a program, a rule or a command did it."""
    said = str(json.loads(opening.body).get("by", "")).removeprefix("staff:")
    with suppress(ValueError):
        return str(UUID(said))
    return ""


def _prove(opening: Opening, proof: queries.Proof, keys: Sequence[notes.Verifier]) -> None:
    """The body gives the leaf, the leaf gives the root, and the root was signed."""
    checkpoint = _signed(proof.checkpoint, keys)
    committed = commitment(
        event=opening.event,
        subject=opening.subject,
        body=json.loads(opening.body),
        at=opening.at,
        salt=opening.salt,
    )
    leaf = merkle.leaf_hash(encode_leaf(named(opening.event).code, committed))
    merkle.check_inclusion(
        leaf=leaf,
        index=proof.index,
        size=checkpoint.size,
        path=proof.hashes,
        root=checkpoint.root,
    )


def _signed(note: str, keys: Sequence[notes.Verifier]) -> notes.Checkpoint:
    """The checkpoint, if the key of the name it goes by has signed it."""
    said = notes.checkpoint_in(note)
    for key in keys:
        if key.name == said.origin:
            return notes.parse_checkpoint(notes.verify_note(note, key))
    raise notes.NotSigned(f"no key is known for {said.origin}")
