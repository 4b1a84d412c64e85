"""Holds a receipt against a whole log: whether both speak of one log, and not of two.

Whoever shows different people different logs, takes one back, or leaves a promise unkept is found
so. The receipt and the log are each checked by themselves before (`verify_receipt`, `verify_log`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from heed.ledger import merkle, notes
from heed.ledger.stored import LogReader
from heed.ledger.verify import NotVerified, promised_leaf


class LogDiffers(NotVerified):
    """What was signed for the receipt is not what was signed for this log: there are two."""


class PromiseBroken(NotVerified):
    """The log was sealed after the time that was promised, and the entry is not in it."""


class LogTooOld(NotVerified):
    """The log ends before what the receipt speaks of. Nothing can be told; get a newer copy."""


def hold_against(receipt: Mapping[str, Any], log: LogReader, vkey: str) -> str:
    """What a receipt that was found genuine is worth beside this log, in a sentence.

    Raises `LogDiffers`, `PromiseBroken`, `LogTooOld`.
    """
    if receipt.get("proof") is None:
        return _promise_kept(receipt["promise"], log, notes.parse_vkey(vkey))
    sealed = notes.checkpoint_in(receipt["proof"]["checkpoint"])
    if log.sealed < sealed.size:
        raise LogTooOld(
            f"this log has {log.sealed} entries, and the receipt was sealed at {sealed.size}: "
            "the copy is older, or the log was cut short. Get a newer copy"
        )
    if _root_at(log, sealed.size) != sealed.root:
        raise LogDiffers(
            f"at {sealed.size} entries this log is not the one that was signed for the receipt: "
            "two versions of it were shown. Keep both files: together they prove it"
        )
    return f"This log is the one that the receipt speaks of, up to {sealed.size} entries."


def _root_at(log: LogReader, size: int) -> bytes:
    edge = merkle.Edge()
    for entry in log.entries():
        if edge.size == size:
            break
        edge.append(merkle.leaf_hash(entry.leaf))
    return edge.root()


def _promise_kept(promise: Mapping[str, Any], log: LogReader, key: notes.Verifier) -> str:
    leaf = promised_leaf(promise)
    for entry in log.entries():
        if entry.leaf == leaf and entry.index < log.sealed:
            return f"The promise was kept: the notice is entry {entry.index} of this log."
    until = datetime.fromisoformat(promise["received_at"])
    until += timedelta(seconds=promise["in_log_within_s"])
    sealed_at = _newest(log, key)
    if sealed_at is None or sealed_at <= until:
        raise LogTooOld("this log ends before the notice had to be in it. Get a newer copy")
    raise PromiseBroken(
        f"this log was sealed at {sealed_at:%Y-%m-%d %H:%M:%S} UTC, and the notice, which had to "
        f"be in it by {until:%Y-%m-%d %H:%M:%S}, is not. Keep both files: together they prove it"
    )


def _newest(log: LogReader, key: notes.Verifier) -> datetime | None:
    """When this log was last sealed, by the signature alone."""
    times = []
    for checkpoint in log.checkpoints():
        if checkpoint.size == log.sealed:
            times.append(notes.verify_time(checkpoint.note, key.named(checkpoint.origin)))
    return max(times, default=None)
