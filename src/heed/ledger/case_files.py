"""Signing a case file: the log's key says that this is what the platform's records held.

The file itself is made elsewhere (`filings/case_file.py`); `verify_case_file` checks it.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from heed.ledger import queries, signing
from heed.ledger.leaves import instant
from heed.ledger.notes import ED25519, parse_vkey, signature_line
from heed.ledger.receipts import proof_shown
from heed.ledger.verify import signed_text
from heed.ledger.verify_case_file import FORMAT, pdf_statement


def signed(told: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The file with its signature. Raises `CannotSign` and `NotCanonical`."""
    key, origin = signing.signer(now=now)
    file = {
        "format": FORMAT,
        "made_at": instant(now),
        "origin": origin.name,
        "key_id": parse_vkey(origin.vkey).key_id(ED25519).hex(),
        **told,
    }
    line = signature_line(signed_text(file), key, origin.name).rstrip("\n")
    return {"heed_case_file": FORMAT, "file": file, "signature": line}


def with_pdf(document: Mapping[str, Any], pdf: bytes, *, now: datetime) -> dict[str, Any]:
    """The same, with a signature over the PDF that says it in words."""
    key, origin = signing.signer(now=now)
    digest = sha256(pdf).hexdigest()
    text = pdf_statement(document["file"], digest)
    line = signature_line(text, key, origin.name).rstrip("\n")
    return {**document, "pdf": {"sha256": digest, "signature": line}}


def entry_shown(entry_id: UUID, items: tuple[str, ...] = ()) -> dict[str, Any]:
    """An entry opened, with its proof once it has one, and proofs of some items of its batch."""
    opening = queries.opening_of(entry_id)
    shown: dict[str, Any] = {
        "id": str(entry_id),
        "event": opening.event,
        "subject": opening.subject,
        "body": opening.body,
        "at": instant(opening.at),
        "salt": opening.salt.hex(),
    }
    if proof := proof_shown(entry_id):
        shown["proof"] = proof
    if items:
        shown["items"] = [_item_shown(entry_id, item) for item in items]
    return shown


def _item_shown(entry_id: UUID, item: str) -> dict[str, Any]:
    proof = queries.batch_proof(entry_id, item)
    return {
        "item": item,
        "index": proof.index,
        "salt": proof.salt.hex(),
        "hashes": [step.hex() for step in proof.hashes],
    }
