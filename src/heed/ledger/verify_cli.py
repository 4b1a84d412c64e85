"""`heed verify`: prints what a receipt or case file is worth, or whether a log is as signed."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from heed.ledger import notes
from heed.ledger.audit import LogVerdict, verify_log
from heed.ledger.exported import ExportedLog, ExportUnreadable
from heed.ledger.held_against import LogTooOld, hold_against
from heed.ledger.stored import LogReader
from heed.ledger.verify import NotVerified, ReceiptUnreadable, verify_receipt
from heed.ledger.verify_case_file import verify_case_file

GOOD, WRONG, CANNOT_TELL = 0, 1, 2


def verify_command(
    receipt_path: Path | None,
    key: str | None,
    log: bool,
    export: Path | None = None,
    pdf: Path | None = None,
) -> int:
    """Check a receipt or a case file with a key (a line, or the file it stands in), or a log.

    Both together: a receipt that holds, and a log that is as signed, are held against each other.
    0 when all of it holds, 1 when something is false, 2 when it could not be told. The caller sets
    up the database for `log`; nothing else needs one.
    """
    console = Console(soft_wrap=True, highlight=False)
    codes: list[int] = []
    if receipt_path is not None:
        codes.append(_receipt(console, receipt_path, key, pdf))
    if log or export is not None:
        codes.append(_log(console, key, export))
    if len(codes) > 1 and max(codes) == GOOD and receipt_path is not None and key is not None:
        codes.append(_both(console, receipt_path, key, export))
    if not codes:
        console.print("Nothing to check: give a receipt or a case file, or --log.", markup=False)
        return CANNOT_TELL
    return max(codes)


def _receipt(console: Console, path: Path, key: str | None, pdf: Path | None) -> int:
    if key is None:
        console.print("Give the log's public key with --key: it is at /log/key of the site.")
        return CANNOT_TELL
    try:
        heading, findings = _checked(_document(path), _key(key), pdf)
    except (OSError, ValueError, notes.KeyUnreadable, ReceiptUnreadable) as wrong:
        console.print(f"COULD NOT TELL: {wrong}", markup=False)
        return CANNOT_TELL
    except NotVerified as wrong:
        console.print(f"FALSE ({type(wrong).__name__}): {wrong}", markup=False)
        return WRONG
    console.print(heading, markup=False)
    for finding in findings:
        console.print(f"  - {finding}", markup=False)
    return GOOD


def _both(console: Console, path: Path, key: str, export: Path | None) -> int:
    document = _document(path)
    if "heed_case_file" in document:
        return GOOD  # it has the proofs of many entries; none is held against a log yet
    try:
        console.print(hold_against(document, _reader(export), _key(key)), markup=False)
    except LogTooOld as wrong:
        console.print(f"COULD NOT TELL: {wrong}", markup=False)
        return CANNOT_TELL
    except NotVerified as wrong:
        console.print(f"FALSE ({type(wrong).__name__}): {wrong}", markup=False)
        return WRONG
    return GOOD


def _document(path: Path) -> Any:
    """What stands in a file. Raises `ValueError`, also for what is nested to overwhelm us."""
    try:
        return json.loads(path.read_text())
    except (RecursionError, UnicodeDecodeError):
        raise ValueError(f"{path} is not JSON as a site gives it") from None


def _checked(document: Any, key: str, pdf: Path | None) -> tuple[str, tuple[str, ...]]:
    """A case file says that it is one; anything else is taken for a receipt."""
    if isinstance(document, dict) and "heed_case_file" in document:
        bytes_ = None if pdf is None else pdf.read_bytes()
        return "PROOF: this case file is genuine.", verify_case_file(document, key, bytes_)
    verdict = verify_receipt(document, key)
    heading = "PROOF" if verdict.kind == "proof" else "PROMISE"
    return f"{heading}: this receipt is genuine.", verdict.findings


def _key(key: str) -> str:
    """The first line of a file, if it is one; else the text itself. Raises `KeyUnreadable`."""
    if Path(key).is_file():
        return Path(key).read_text(errors="replace").split("\n")[0]
    if "+" not in key:
        raise notes.KeyUnreadable(f"{key!r} is neither a key, as /log/key has it, nor a file")
    return key


def _log(console: Console, key: str | None, export: Path | None) -> int:
    try:
        verdict = verify_log(_reader(export), _key(key) if key else None)
    except (OSError, ExportUnreadable, notes.KeyUnreadable) as wrong:
        console.print(f"COULD NOT TELL: {wrong}", markup=False)
        return CANNOT_TELL
    for finding in verdict.findings:
        console.print(f"FALSE: {finding}", markup=False)
    console.print(_summary(verdict), markup=False)
    return GOOD if verdict.good else WRONG


def verify_restored_log() -> int:
    """Check a log that was put back from a backup, as far as the backup goes.

    That more was signed elsewhere is no fault of the backup; it is said apart.
    """
    from heed.ledger.queries import RestoredLog

    verdict, console = verify_log(RestoredLog()), Console(soft_wrap=True, highlight=False)
    for finding in verdict.findings:
        console.print(f"FALSE: {finding}", markup=False)
    console.print(_summary(verdict), markup=False)
    return GOOD if verdict.good else WRONG


def _reader(export: Path | None) -> LogReader:
    if export is not None:
        return ExportedLog(export)
    from heed.ledger.queries import DatabaseLog  # only here: a receipt needs no database

    return DatabaseLog()


def _summary(verdict: LogVerdict) -> str:
    state = "as it was signed" if verdict.good else f"{len(verdict.findings)} findings"
    gone = (
        f" Of {verdict.erased} entries the body was erased: that something happened is proven, "
        "what it was can't be looked up any more."
    )
    return (
        f"Log {verdict.origin or '(never used)'}: {state}. {verdict.entries} entries, "
        f"{verdict.opened} bodies, {verdict.batches} batches, {verdict.tiles} tiles and "
        f"{verdict.checkpoints} checkpoints were checked." + gone * bool(verdict.erased)
    )
