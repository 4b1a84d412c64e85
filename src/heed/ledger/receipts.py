"""Receipts: a signed promise at once, and later the same promise with its proof.

A receipt holds no URL and nothing about a person. Its commitment can be opened by whoever has the
salt, which stands in the receipt, and the notice as it was sent, which its sender has.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from heed.ledger import queries, signing
from heed.ledger.keys import CannotSign
from heed.ledger.leaves import NotCanonical, instant
from heed.ledger.notes import ED25519, parse_vkey, signature_line
from heed.ledger.verify import FORMAT, commit_to, signed_text

__all__ = [
    "MERGE_WITHIN",
    "CannotSign",
    "EntryUnfit",
    "NotCanonical",
    "commit_to",
    "promise",
    "upgraded",
]

MERGE_WITHIN = timedelta(seconds=10)  # the maximum merge delay


class EntryUnfit(Exception):
    """A receipt shows its entry's body: that must name the commitment, and no place or person."""


def promise(
    *,
    number: str,
    platform: str,
    commitment: bytes,
    entry_id: UUID,
    received_at: datetime,
    salt: bytes | None = None,
) -> dict[str, Any]:
    """The receipt to hand out at once, for an entry of the same transaction or an earlier one.

    `salt` is that of `commit_to`; without it the holder can't open the commitment. The body of the
    entry must hold `commitment` in hex. Raises `EntryUnfit`, `NotInLog`, and
    `CannotSign` when there is no fit key: then the notice is kept all the same, and promised later.
    """
    key, origin = signing.signer(now=received_at)
    promised = {
        "number": number,
        "platform": platform,
        "commitment": commitment.hex(),
        "received_at": instant(received_at),
        "in_log_within_s": int(MERGE_WITHIN.total_seconds()),
        "origin": origin.name,
        "key_id": parse_vkey(origin.vkey).key_id(ED25519).hex(),
        "entry": _entry(entry_id, commitment),
    }
    line = signature_line(signed_text(promised), key, origin.name)
    receipt = {"heed_receipt": FORMAT, "promise": promised, "signature": line.rstrip("\n")}
    return receipt if salt is None else {**receipt, "salt": salt.hex()}


def _entry(entry_id: UUID, commitment: bytes) -> dict[str, Any]:
    opening = queries.opening_of(entry_id)
    body = json.loads(opening.body)
    if body.get("commitment") != commitment.hex():
        raise EntryUnfit(f"entry {entry_id} does not hold the notice's commitment")
    if any("://" in text or "@" in text for text in _texts([opening.subject, body])):
        raise EntryUnfit(f"entry {entry_id} holds an address, which a receipt must not")
    return {
        "id": str(entry_id),
        "event": opening.event,
        "subject": opening.subject,
        "body": body,
        "at": instant(opening.at),
        "salt": opening.salt.hex(),
    }


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for inner in value:
                yield from _texts(inner)
        case dict():
            yield from _texts([*value.keys(), *value.values()])


def upgraded(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt with its proof, once the entry is in the log; until then as it is."""
    proof = proof_shown(UUID(receipt["promise"]["entry"]["id"]))
    return {**receipt, "proof": proof} if proof else dict(receipt)


def proof_shown(entry_id: UUID) -> dict[str, Any] | None:
    """Where an entry stands in the log, and why that can be believed; None while it waits."""
    try:
        proof = queries.proof_of(entry_id)
    except queries.NotInLog:
        return None
    return {
        "index": proof.index,
        "hashes": [base64.b64encode(step).decode() for step in proof.hashes],
        "checkpoint": proof.checkpoint,
    }
