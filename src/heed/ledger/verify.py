"""Checks a receipt with a public key and nothing else: no database, no network.

A receipt is a *promise*, or a promise with a *proof*. Each failure is named, in words for whoever
holds the receipt. (A whole log is checked by `verify_log`, which lives in `audit`.)
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from heed.ledger import events, leaves, merkle, notes
from heed.ledger.audit import Finding, LogVerdict, verify_log

__all__ = ["Finding", "LogVerdict", "Verdict", "verify_log", "verify_receipt"]

FORMAT = 1


class NotVerified(Exception):
    """Something about the receipt is not true, or can't be told. The message says what."""


class ReceiptUnreadable(NotVerified):
    """The file is not a receipt, or not a whole one. Nothing was checked."""


class WrongKey(NotVerified):
    """The receipt was signed by another key than the one given."""


class PromiseFalse(NotVerified):
    """The signature does not fit: the promise was changed after it was given, or never given."""


class NoticeFalse(NotVerified):
    """The notice beside the receipt is not the one that the receipt was given for."""


class ProofWrong(NotVerified):
    """The proof does not show that the promised entry is in the log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt that holds is worth."""

    kind: Literal["promise", "proof"]
    findings: tuple[str, ...]
    index: int | None = None
    sealed_at: datetime | None = None


def verify_receipt(
    receipt: Mapping[str, Any], vkey: str, notice: Mapping[str, Any] | None = None
) -> Verdict:
    """Check a receipt, and the notice too where it is given or stands in the receipt.

    Raises `NotVerified` in one of its named forms, and `notes.KeyUnreadable` for the key.
    """
    verifier = notes.parse_vkey(vkey)
    try:
        promise = _signed_promise(receipt, verifier)
        findings = [_who_promised(promise), *_notice(receipt, promise, notice)]
        if receipt.get("proof") is None:
            return Verdict("promise", (*findings, _still_a_promise(promise)))
        index, sealed_at, found = _proven(receipt["proof"], promise, verifier)
    except (KeyError, TypeError, ValueError, AttributeError, leaves.NotCanonical) as wrong:
        raise ReceiptUnreadable(f"this is not a whole receipt: {wrong!r}") from None
    return Verdict("proof", (*findings, *found), index=index, sealed_at=sealed_at)


def signed_text(promise: Mapping[str, Any]) -> str:
    """What is signed of a promise: its canonical JSON, on one line."""
    return leaves.canonical(promise).decode() + "\n"


def _signed_promise(receipt: Mapping[str, Any], verifier: notes.Verifier) -> Mapping[str, Any]:
    if receipt["heed_receipt"] != FORMAT:
        raise ReceiptUnreadable("the receipt is of a form that this program does not know")
    promise: Mapping[str, Any] = receipt["promise"]
    try:
        notes.verify_note(f"{signed_text(promise)}\n{receipt['signature']}\n", verifier)
    except notes.NoteUnreadable as wrong:
        raise ReceiptUnreadable(str(wrong)) from None
    except notes.NotSigned:
        raise WrongKey(
            f"the receipt is not signed by the key you gave ({verifier.name}); "
            f"it names the log {promise['origin']}"
        ) from None
    except notes.SignatureFalse:
        raise PromiseFalse("the signature does not fit the promise: it has been changed") from None
    if promise["commitment"] != promise["entry"]["body"]["commitment"]:
        raise PromiseFalse("the promised entry is about another notice")
    return promise


def _who_promised(promise: Mapping[str, Any]) -> str:
    return (
        f"{promise['origin']} confirms that it received notice {promise['number']} "
        f"for {promise['platform']} at {promise['received_at']}."
    )


def _notice(
    receipt: Mapping[str, Any], promise: Mapping[str, Any], notice: Mapping[str, Any] | None
) -> list[str]:
    told = notice if notice is not None else receipt.get("notice")
    if told is None:
        return ["The text of the notice is not in the receipt, so it was not compared."]
    if receipt.get("salt") is None:
        raise NoticeFalse("the receipt has no salt, so the notice can't be compared")
    salt = bytes.fromhex(receipt["salt"])
    if commit_to(told, salt).hex() != promise["commitment"]:
        raise NoticeFalse("the text of the notice is not the text that was received")
    return ["The text of the notice is word for word what was received."]


def commit_to(notice: Mapping[str, Any], salt: bytes) -> bytes:
    """The commitment to a notice as it was sent. Raises `NotCanonical`."""
    return sha256(salt + leaves.canonical(notice)).digest()


def _still_a_promise(promise: Mapping[str, Any]) -> str:
    return (
        "This is a promise, not yet a proof: the notice must be in the public log "
        f"{promise['in_log_within_s']} seconds after it was received. Fetch the receipt again "
        "from your private page. If it stays a promise, this file shows that it was broken."
    )


def promised_leaf(promise: Mapping[str, Any]) -> bytes:
    """The leaf that the promise says will be in the log."""
    entry = promise["entry"]
    committed = leaves.commitment(
        event=entry["event"],
        subject=entry["subject"],
        body=entry["body"],
        at=datetime.fromisoformat(entry["at"]),
        salt=bytes.fromhex(entry["salt"]),
    )
    return leaves.encode_leaf(events.named(entry["event"]).code, committed)


def placed(
    leaf: bytes, proof: Mapping[str, Any], verifier: notes.Verifier
) -> tuple[notes.Checkpoint, datetime]:
    """The checkpoint under which the leaf stands where the proof says, and when that was sealed.

    Raises `merkle.ProofFalse`, and `NotVerified` for the checkpoint.
    """
    sealed, sealed_at = _sealed(proof["checkpoint"], verifier)
    merkle.check_inclusion(
        leaf=merkle.leaf_hash(leaf),
        index=int(proof["index"]),
        size=sealed.size,
        path=[_step(step) for step in proof["hashes"]],
        root=sealed.root,
    )
    return sealed, sealed_at


def _proven(
    proof: Mapping[str, Any], promise: Mapping[str, Any], verifier: notes.Verifier
) -> tuple[int, datetime, list[str]]:
    try:
        sealed, sealed_at = placed(promised_leaf(promise), proof, verifier)
    except merkle.ProofFalse as wrong:
        raise ProofWrong(f"the proof does not hold: {wrong}") from None
    except events.UnknownEvent as wrong:
        raise ReceiptUnreadable(str(wrong)) from None
    findings = [
        f"The notice is entry {proof['index']} of the log, which was sealed at {sealed.size} "
        "entries: it can't be changed or taken out without everybody being able to tell.",
        _in_time(promise, sealed_at),
    ]
    if sealed.origin != promise["origin"]:
        findings.append(f"The log was begun anew since, as {sealed.origin}, with the same key.")
    return int(proof["index"]), sealed_at, findings


def _sealed(note: str, verifier: notes.Verifier) -> tuple[notes.Checkpoint, datetime]:
    """The checkpoint, signed by the same key under whatever name the log has by then."""
    try:
        named = verifier.named(notes.checkpoint_in(note).origin)
        sealed = notes.parse_checkpoint(notes.verify_note(note, named))
        return sealed, notes.verify_time(note, named)
    except notes.NoteUnreadable as wrong:
        raise ReceiptUnreadable(str(wrong)) from None
    except notes.NotSigned:
        raise WrongKey("the checkpoint in the receipt is signed by another key") from None
    except notes.SignatureFalse:
        raise ProofWrong("the signature of the checkpoint in the receipt is false") from None


def _in_time(promise: Mapping[str, Any], sealed_at: datetime) -> str:
    received = datetime.fromisoformat(promise["received_at"])
    seconds = max(0.0, (sealed_at - received).total_seconds())  # the seal is in whole seconds
    if seconds <= promise["in_log_within_s"]:
        return f"It was sealed {seconds:.0f} s after it was received, as promised."
    return (
        f"It was sealed {seconds:.0f} s after it was received; "
        f"{promise['in_log_within_s']} s were promised."
    )


def _step(text: str) -> bytes:
    try:
        step = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        step = b""
    if len(step) != merkle.HASH_BYTES:
        raise ReceiptUnreadable("a hash of the proof can't be read")
    return step


def check_batch_item(
    entry_body: Mapping[str, Any],
    item: str,
    *,
    index: int,
    salt: bytes,
    path: list[bytes],
) -> None:
    """That `item` is in the batch whose root stands in an entry's body. Raises `ProofFalse`."""
    told = entry_body["batch"]
    merkle.check_inclusion(
        leaf=merkle.leaf_hash(salt + item.encode()),
        index=index,
        size=told["size"],
        path=path,
        root=bytes.fromhex(told["root"]),
    )
