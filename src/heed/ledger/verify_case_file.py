"""Checks a case file with a public key and nothing else: no database, no network.

Every receipt, entry, place in the log and item of a batch in it is checked, and the PDF beside it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from heed.ledger import leaves, merkle, notes
from heed.ledger.verify import (
    NotVerified,
    ProofWrong,
    ReceiptUnreadable,
    WrongKey,
    check_batch_item,
    placed,
    promised_leaf,
    signed_text,
    verify_receipt,
)

FORMAT = 1


class CaseFileFalse(NotVerified):
    """The case file was changed after it was signed, or it contradicts itself."""


class PdfFalse(NotVerified):
    """The PDF is not the one that was made and signed with this case file."""


def pdf_statement(file: Mapping[str, Any], digest: str) -> str:
    """What is signed of the PDF: which file it goes with, and its SHA-256 in hex."""
    mark = sha256(signed_text(file).encode()).hexdigest()
    return signed_text({"format": "pdf of a case file", "file": mark, "sha256": digest})


def verify_case_file(
    document: Mapping[str, Any], vkey: str, pdf: bytes | None = None
) -> tuple[str, ...]:
    """What was found to be true, in sentences.

    Raises `NotVerified` in one of its named forms, and `notes.KeyUnreadable` for the key.
    """
    verifier = notes.parse_vkey(vkey)
    try:
        file = _signed(document, verifier)
        findings = [_who(file), *_notices(file, vkey), *_entries(file, verifier)]
        return (*findings, _pdf(document, file, verifier, pdf))
    except (KeyError, TypeError, ValueError, AttributeError, leaves.NotCanonical) as wrong:
        raise ReceiptUnreadable(f"this is not a whole case file: {wrong!r}") from None


def _signed(document: Mapping[str, Any], verifier: notes.Verifier) -> Mapping[str, Any]:
    file: Mapping[str, Any] = document["file"]
    if document["heed_case_file"] != FORMAT or file["format"] != FORMAT:
        raise ReceiptUnreadable("the case file is of a form that this program does not know")
    _check(signed_text(file), document["signature"], verifier, CaseFileFalse)
    return file


def _check(text: str, line: str, verifier: notes.Verifier, wrong: type[NotVerified]) -> None:
    try:
        notes.verify_note(f"{text}\n{line}\n", verifier)
    except notes.NoteUnreadable as unreadable:
        raise ReceiptUnreadable(str(unreadable)) from None
    except notes.NotSigned:
        raise WrongKey(f"it is not signed by the key you gave ({verifier.name})") from None
    except notes.SignatureFalse:
        raise wrong("the signature does not fit: it has been changed since it was made") from None


def _who(file: Mapping[str, Any]) -> str:
    return f"{file['origin']} made and signed this case file at {file['made_at']}."


def _notices(file: Mapping[str, Any], vkey: str) -> Iterator[str]:
    for notice in file["notices"]:
        receipt = notice.get("receipt")
        if not receipt:
            yield f"Notice {notice['number']} has no receipt: there was no key to sign one."
            continue
        if receipt["promise"]["number"] != notice["number"]:
            raise CaseFileFalse(f"the receipt beside notice {notice['number']} is another's")
        said = None if notice.get("withheld") else notice["said"]
        verdict = verify_receipt(receipt, vkey, said)
        yield from (f"{notice['number']}: {finding}" for finding in verdict.findings)


def _entries(file: Mapping[str, Any], verifier: notes.Verifier) -> Iterator[str]:
    proven = items = waiting = 0
    for entry in file["entries"]:
        body = json.loads(entry["body"])
        items += _items(body, entry.get("items", ()))
        if "proof" not in entry:
            waiting += 1
            continue
        _placed({**entry, "body": body}, verifier)
        proven += 1
    yield f"{proven} entries of the log are proven to stand where the case file says."
    if items:
        yield f"{items} times the log proves that one named item was restricted, and when."
    if waiting:
        yield f"{waiting} entries were too young to be proven when the file was made."


def _placed(entry: Mapping[str, Any], verifier: notes.Verifier) -> None:
    try:
        placed(promised_leaf({"entry": entry}), entry["proof"], verifier)
    except merkle.ProofFalse as wrong:
        raise ProofWrong(f"entry {entry['id']} is not where it is said to be: {wrong}") from None


def _items(body: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> int:
    for one in items:
        try:
            check_batch_item(
                body,
                one["item"],
                index=one["index"],
                salt=bytes.fromhex(one["salt"]),
                path=[bytes.fromhex(step) for step in one["hashes"]],
            )
        except merkle.ProofFalse as wrong:
            raise ProofWrong(f"an item is not in the batch it is said to be in: {wrong}") from None
    return len(items)


def _pdf(
    document: Mapping[str, Any],
    file: Mapping[str, Any],
    verifier: notes.Verifier,
    pdf: bytes | None,
) -> str:
    made = document.get("pdf")
    if made is None:
        return "No PDF was made with it."
    _check(pdf_statement(file, made["sha256"]), made["signature"], verifier, CaseFileFalse)
    if pdf is None:
        return f"The PDF that goes with it has the SHA-256 {made['sha256']}."
    if sha256(pdf).hexdigest() != made["sha256"]:
        raise PdfFalse("the PDF is not the one that was made with this case file")
    return "The PDF is the one that was made with it, byte for byte."
