"""A bank's signals as CSV or JSON: each row is answered for itself, and none is lost.

What a text begins with must not make a spreadsheet calculate: in CSV such a text has a quote before
it, which is taken off again when it is read.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heed.media.banks import SignalIn
from heed.media.models import BankSignal

BYTES = {"sha256": 32, "md5": 16, "sha1": 20, "pdq": 32, "vpdq": 32}
COLUMNS = ("type", "value", "quality", "note", "ref")
MORE = ("source", "status", "added_at")  # an export says; an import reads the status alone
_LIVE = ("", "live", "active")
_CALCULATED = ("=", "+", "-", "@", "\t", "\r")  # at the start of a cell (OWASP, CSV injection)
_SEPARATORS = (",", ";", "\t")  # spreadsheets write the others in many countries
# What other lists call the same.
_OTHER_NAMES = {
    "video_md5": "md5", "hash_md5": "md5", "hash_pdq": "pdq", "hash_sha256": "sha256",
    "imagepdq": "pdq", "videomd5": "md5", "sha-256": "sha256",
    "hash_sha1": "sha1", "sha-1": "sha1",
}  # fmt: skip


class Unreadable(Exception):
    """The whole is no CSV and no JSON. The message says what was expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read: a signal, or what to mend."""

    number: int  # 1 is the first row after the heading
    said: Mapping[str, Any]
    signal: SignalIn | None
    remedy: str = ""


def read(text: str, *, kind: str) -> Iterator[Row]:
    """Rows of a `csv` or `json` text, good and bad. Raises `Unreadable` for the whole of it."""
    text = text.removeprefix("\ufeff")
    rows = _csv(text) if kind == "csv" else _json(text)
    for number, said in enumerate(rows, 1):
        yield _row(number, said)


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    first = text.partition("\n")[0]
    between = max(_SEPARATORS, key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=between)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise Unreadable(f"the first line is no CSV: {error}") from None
    if not {"type", "value"} <= set(names):
        wanted = ",".join(COLUMNS)
        raise Unreadable(
            f"the first line must name the columns: {wanted} (the last three may be left out)"
        )
    reader.fieldnames = names
    try:
        for row in reader:
            yield {name: _typed(said) for name, said in row.items()}
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num} is no CSV: {error}") from None


def _json(text: str) -> Iterator[Mapping[str, Any]]:
    """A list, an object with a list as `signals`, or one object a line."""
    try:
        whole = json.loads(text)
    except RecursionError:
        raise Unreadable("this JSON is nested too deeply: send a list of objects") from None
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()]
        if not lines or not lines[0].lstrip().startswith("{"):
            raise Unreadable(
                "this is no JSON: send a list of objects, or one object a line"
            ) from None
        yield from (_line(line) for line in lines)
        return
    rows = whole.get("signals", [whole]) if isinstance(whole, dict) else whole
    if not isinstance(rows, list):
        raise Unreadable("send a list of objects, or an object with such a list as `signals`")
    yield from (row if isinstance(row, dict) else {"": row} for row in rows)


def _line(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {"": line}
    return found if isinstance(found, dict) else {"": found}


def _row(number: int, said: Mapping[str, Any]) -> Row:
    kind = _plain(said, "type").lower()
    kind = _OTHER_NAMES.get(kind, kind)
    status = _plain(said, "status").lower()
    if kind not in BYTES:
        known = ", ".join(BYTES)
        return Row(number, said, None, f"type: one of {known}, not {kind[:40] or 'nothing'}")
    value, remedy = _value(kind, said)
    quality, worse = _quality(said)
    if remedy or worse:
        return Row(number, said, None, remedy or worse)
    if status not in _LIVE:
        return Row(number, said, None, f"status: {status[:20]}, so it stays out; live puts it in")
    note, ref = _plain(said, "note"), _plain(said, "ref")
    if "\0" in note + ref or len(note) > 255 or len(ref) > 200:
        return Row(number, said, None, "note, ref: at most 255 and 200 characters, without NUL")
    return Row(number, said, SignalIn(kind, value, quality if kind == "pdq" else None, note, ref))


def _plain(said: Mapping[str, Any], name: str) -> str:
    """A cell as text that can be kept and shown: half a character of JSON becomes a question."""
    text = str(said.get(name) or "").encode("utf-8", "replace").decode()
    return text.strip()


def _typed(cell: Any) -> Any:
    """A cell as it was before a spreadsheet was kept from calculating it."""
    guarded = isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in (*_CALCULATED, "'")
    return cell[1:] if guarded else cell


def _shown(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_CALCULATED, "'")) else cell


def _value(kind: str, said: Mapping[str, Any]) -> tuple[bytes, str]:
    text, wanted = _plain(said, "value"), BYTES[kind]
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    fits = len(value) == wanted and len(text) == 2 * wanted
    return (value, "") if fits else (b"", f"value: {2 * wanted} hexadecimal digits for {kind}")


def _quality(said: Mapping[str, Any]) -> tuple[int | None, str]:
    given = said.get("quality")
    if given is None or given == "":
        return None, ""
    try:
        quality = int(str(given))
    except ValueError:
        quality = -1
    return (quality, "") if 0 <= quality <= 100 else (None, "quality: a whole number, 0 to 100")


def written(parts: Iterable[Sequence[BankSignal]], *, kind: str) -> Iterator[str]:
    """The same as text, part by part, so that it can be read in again; a withdrawn or switched off
    signal says so, and is not put in again by that.
    """
    yield from _as_json(parts) if kind == "json" else _as_csv(parts)


def _as_json(parts: Iterable[Sequence[BankSignal]]) -> Iterator[str]:
    before = '{"signals": [\n'
    for part in parts:
        yield before + ",\n".join(json.dumps(_told(signal)) for signal in part)
        before = ",\n"
    yield "\n]}\n" if before == ",\n" else '{"signals": []}\n'


def _as_csv(parts: Iterable[Sequence[BankSignal]]) -> Iterator[str]:
    yield ",".join((*COLUMNS, *MORE)) + "\n"
    for part in parts:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, [*COLUMNS, *MORE], lineterminator="\n")
        for signal in part:
            said = _told(signal)
            writer.writerow(said | {name: _shown(said[name]) for name in ("note", "ref", "source")})
        yield out.getvalue()


def _told(signal: BankSignal) -> dict[str, Any]:
    status = "withdrawn" if signal.withdrawn_at else "off" if signal.off_until else "live"
    return {
        "type": signal.type,
        "value": bytes(signal.value).hex(),
        "quality": signal.quality,
        "note": signal.note,
        "ref": signal.source_ref,
        "source": signal.source,
        "status": status,
        "added_at": signal.added_at.isoformat(),
    }
