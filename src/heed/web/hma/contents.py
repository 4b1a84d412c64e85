"""/c/bank/<name>/content: things in a bank."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, ValidationError

from heed.flows import curate_banks
from heed.flows.curate_banks import Thing
from heed.media.banks import OFF_FOR_GOOD, SignalIn
from heed.media.models import Bank, BankContent, BankSignal
from heed.web.hma import kinds
from heed.web.hma.asking import NUL, Ask, Refusal, parsed, say
from heed.web.hma.banks import told
from heed.web.hma.hashing import Read, of_form, of_url

FAR = timedelta(days=5 * 365)
NOTHING_SENT = "Neither `url` nor multipart file upload was received"


class Metadata(BaseModel):
    """What a client may say of a thing; anything else is an error of theirs."""

    model_config = ConfigDict(extra="forbid")
    content_id: str | None = None
    content_uri: str | None = None
    # Named `json` on the wire, which a model has for itself.
    json_: dict[str, Any] | None = None


def add(ask: Ask) -> HttpResponse:
    """A thing by its file or its address."""
    bank = ask.bank()
    url = ask.query("url")
    said, note = _said(ask)
    if url is not None:
        read = of_url(ask, url, ask.query("content_type"), ask.query("types"))
    else:
        read = of_form(ask, missing=NOTHING_SENT)
    return _put(
        ask, bank, _thing(read, said, note, url or ""), kinds.hashed(read.signals, read.types)
    )


def _thing(read: Read, said: dict[str, Any], note: str, url: str) -> Thing:
    signals = curate_banks.signals_to_bank(read.signals)
    return Thing(signals=signals, note=note, said=said, original_url=url[:2083])


def _put(ask: Ask, bank: Bank, thing: Thing, signals: dict[str, str]) -> HttpResponse:
    made = curate_banks.put_in(bank=bank, thing=thing, by=ask.by, now=timezone.now())
    return say({"id": made.id, "signals": {k: v for k, v in signals.items() if v}})


def _said(ask: Ask) -> tuple[dict[str, Any], str]:
    """Metadata and note, from a JSON body or from the form."""
    if ask.request.content_type == "application/json" and ask.body():
        body = ask.json()
        if not isinstance(body, dict):
            raise Refusal(400, "metadata should be a json object")
        return _metadata(body.get("metadata")), _note(body.get("note"))
    text = ask.request.POST.get("metadata")
    if text and NUL.decode() in text:
        raise Refusal(400, "metadata must not contain NUL")
    try:
        found = parsed(text.encode()) if text else None
    except (Refusal, UnicodeEncodeError):
        raise Refusal(400, "metadata form field must be valid JSON") from None
    return _metadata(found), _note(ask.request.POST.get("note"))


def _metadata(said: Any) -> dict[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise Refusal(400, "metadata should be a json object")
    renamed = {("json_" if name == "json" else name): value for name, value in said.items()}
    try:
        Metadata.model_validate(renamed)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise Refusal(400, f"Invalid metadata: {first['loc'][-1]}: {first['msg']}") from None
    return said


def _note(said: Any) -> str:
    if said is None:
        return ""
    if not isinstance(said, str):
        raise Refusal(400, "note should be a string")
    if len(said) > 255:
        raise Refusal(400, "note must be at most 255 characters")
    if "\0" in said:
        raise Refusal(400, "note must not contain NUL")
    return said


def add_signals(ask: Ask) -> HttpResponse:
    """A thing by its signals alone."""
    bank, said = ask.bank(), ask.json()
    if not isinstance(said, dict):
        raise Refusal(400, "Request input was not a dict")
    note = _note(said.pop("note", None))
    found = {name: _signal(name, value) for name, value in said.items()}
    if not found:
        raise Refusal(400, "No signals given")
    signals = tuple(
        SignalIn(kinds.TYPES[name], value, 100 if name == "pdq" else None)
        for name, value in found.items()
    )
    texts = {name: value.hex() for name, value in found.items()}
    return _put(ask, bank, Thing(signals=signals, note=note), texts)


def _signal(name: str, said: Any) -> bytes:
    kinds.signal_type(name, unknown="No such signal type {name}")
    return kinds.value(name, str(said), says=f"Invalid {name} signal: {{why}}")


# ------------------------------------------------------------------ one thing


def show(ask: Ask) -> HttpResponse:
    """A thing, with its signals when asked for."""
    bank, number = ask.bank(), int(ask.given["number"])
    content, signals = _found(bank, number)
    body: dict[str, Any] = {
        "id": number,
        "bank": told(bank),
        "disable_until_ts": _off(signals),
        "original_media_uri": (content.original_url if content else "") or None,
    }
    if ask.query("include_signals") in ("true", "1", "True"):
        body["signals"] = {kinds.OURS[one.type]: bytes(one.value).hex() for one in _shown(signals)}
    metadata = _told_metadata(content, signals)
    if metadata and ask.query("include_metadata") not in ("false", "0", "False"):
        body["metadata"] = metadata
    if note := (content.note if content else signals[0].note):
        body["note"] = note
    return say(body)


def _found(bank: Bank, number: int) -> tuple[BankContent | None, list[BankSignal]]:
    content, signals = curate_banks.content(bank=bank, number=number)
    if not signals:
        raise Refusal(404, f"content '{number}' not found")
    return content, signals


def _shown(signals: list[BankSignal]) -> list[BankSignal]:
    picture = any(one.type == "pdq" for one in signals)
    shown = [one for one in signals if one.type in kinds.OURS]
    return [one for one in shown if one.type == "pdq" or not picture]


def _off(signals: list[BankSignal]) -> int:
    """1 is on, 0 is off for good, anything else is the time until which it is off."""
    until = signals[0].off_until
    if until is None:
        return 1
    return 0 if until >= OFF_FOR_GOOD else int(until.timestamp())


def _told_metadata(content: BankContent | None, signals: list[BankSignal]) -> dict[str, Any]:
    said = {name: value for name, value in (content.said if content else {}).items() if value}
    sources = {one.source: one.source_ref for one in signals if one.source.startswith("exchange:")}
    if sources:
        said["collab"] = {name.partition(":")[2]: [ref] for name, ref in sources.items()}
    return said


def change(ask: Ask) -> HttpResponse:
    """Switch a thing off or on, or say something else of it."""
    bank, number = ask.bank(), int(ask.given["number"])
    _found(bank, number)
    said = ask.json()
    if not isinstance(said, dict):
        raise Refusal(400, "Request input was not a dict")
    now = timezone.now()
    if "disable_until_ts" in said:
        off = _off_until(said["disable_until_ts"], now)
        curate_banks.turn(bank=bank, number=number, off_until=off, by=ask.by, now=now)
    if "note" in said:
        curate_banks.note(bank=bank, number=number, text=_note(said["note"]))
    content, signals = _found(bank, number)
    return say(
        {
            "bank": told(bank),
            "collab_metadata": _told_metadata(None, signals).get("collab", {}),
            "disable_until_ts": _off(signals),
            "id": number,
            "note": (content.note if content else signals[0].note) or None,
            "original_media_uri": (content.original_url if content else "") or None,
            "user_metadata": dict(content.said) if content else {},
        }
    )


def _off_until(said: Any, now: datetime) -> datetime | None:
    try:
        stamp = int(said)
    except (TypeError, ValueError, OverflowError):
        raise Refusal(400, f"Invalid int: '{said}'") from None
    if stamp < 0:
        raise Refusal(400, "disable_until_ts must be a non-negative integer")
    if stamp > (now + FAR).timestamp():
        raise Refusal(400, "disable_until_ts must be less than 5 years in the future")
    if stamp == 0:
        return OFF_FOR_GOOD
    until = datetime.fromtimestamp(stamp, UTC)
    return until if until > now else None


def remove(ask: Ask) -> HttpResponse:
    """Take a thing out; says whether it was there."""
    bank, number = ask.bank(), int(ask.given["number"])
    gone = curate_banks.take_out(bank=bank, number=number, by=ask.by, now=timezone.now())
    return say({"deleted": gone})
