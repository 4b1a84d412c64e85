"""/m: does a bank know it?"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BaseModel

from heed.flows import answer_lookups, curate_banks
from heed.hashing.distance import CONFIDENT_MATCH, distance
from heed.media.meeting import Found
from heed.web.hma import kinds
from heed.web.hma.asking import Ask, Refusal, plain, say
from heed.web.hma.hashing import Read, of_form, of_url


class LookupAsked(BaseModel):
    """`GET /m/lookup`."""

    signal: str | None = None
    signal_type: str | None = None
    url: str | None = None
    content_type: str | None = None
    types: str | None = None
    banks: str | None = None
    seed: str | None = None
    bypass_coinflip: bool = False


class RawAsked(BaseModel):
    """`GET /m/raw_lookup`."""

    signal: str
    signal_type: str
    banks: str | None = None
    include_distance: bool = False


def look_up(ask: Ask) -> HttpResponse:
    """By a signal, or by what lies at an address."""
    said = ask.wants(LookupAsked)
    toss = (said.banks, said.seed, said.bypass_coinflip)
    if said.url is not None:
        types = said.signal_type or said.types
        read = of_url(ask, said.url, said.content_type, types)
        found = _of_file(ask, read, *toss)
        return say(found.get(said.signal_type, {}) if said.signal_type else found)
    if said.signal is None or said.signal_type is None:
        raise Refusal(400, "Either url or both signal and signal_type are required")
    name = kinds.signal_type(said.signal_type)
    value = kinds.value(name, said.signal)
    return say(_by_bank(_met(ask, name, [value]), *toss, exact=name != "pdq"))


def look_up_file(ask: Ask) -> HttpResponse:
    """By a file that is sent."""
    bypass = ask.query("bypass_coinflip") == "true"
    return say(_of_file(ask, of_form(ask), ask.query("banks"), ask.query("seed"), bypass))


def _of_file(
    ask: Ask, read: Read, banks: str | None, seed: str | None, bypass: bool
) -> dict[str, Any]:
    """Each type by itself. The very same bytes are found too, whatever the picture's quality."""
    said: dict[str, Any] = {}
    for name in read.types:
        found = [] if name != "pdq" else _met(ask, name, read.signals.query_forms)
        said[name] = _by_bank(found, banks, seed, bypass)
        same = answer_lookups.look_up(
            platform_id=ask.platform_id, kind="sha256", values=[read.signals.sha256]
        )
        same += _met(ask, "video_md5", [read.signals.md5])
        for bank, rows in _by_bank(same, banks, seed, bypass, exact=True).items():
            known = {row["bank_content_id"] for row in said[name].get(bank, [])}
            new = {row["bank_content_id"]: row for row in rows}
            more = [row for number, row in new.items() if number not in known]
            said[name].setdefault(bank, []).extend(more)
    told = {name: {bank: rows for bank, rows in by.items() if rows} for name, by in said.items()}
    why = kinds.unread(read.signals, read.types)
    if why is not None and not any(told.values()):
        raise why  # not seen is not "nothing found"
    return told


def _met(ask: Ask, name: str, values: Sequence[bytes], *, off_too: bool = False) -> list[Found]:
    return answer_lookups.look_up(
        platform_id=ask.platform_id, kind=kinds.TYPES[name], values=values, whatever_state=off_too
    )


def _by_bank(
    found: Sequence[Found],
    banks: str | None,
    seed: str | None,
    bypass: bool,
    *,
    exact: bool = False,
) -> dict[str, list[dict[str, Any]]]:
    said: dict[str, list[dict[str, Any]]] = {}
    for one in _chosen(answer_lookups.toss(found, seed=seed, bypass=bypass), banks):
        said.setdefault(plain(one.bank_name), []).append(_row(one, exact=exact))
    return said


def _chosen(found: Sequence[Found], banks: str | None) -> list[Found]:
    if not banks:
        return list(found)
    names = {name.strip() for name in banks.split(",")}
    return [one for one in found if plain(one.bank_name) in names]


def _row(one: Found, *, exact: bool) -> dict[str, Any]:
    return {"bank_content_id": one.number, "distance": "-" if exact else str(one.distance_bits)}


def raw_look_up(ask: Ask) -> HttpResponse:
    """Numbers alone, also of what is switched off."""
    said = ask.wants(RawAsked)
    name = kinds.signal_type(said.signal_type)
    found = _met(ask, name, [kinds.value(name, said.signal)], off_too=True)
    chosen = _chosen(found, said.banks)
    if said.include_distance:
        return say({"matches": [_row(one, exact=name != "pdq") for one in chosen]})
    return say({"matches": [one.number for one in chosen]})


def compare(ask: Ask) -> HttpResponse:
    """Whether two signals of a type mean the same."""
    said = ask.json()
    if not isinstance(said, dict):
        raise Refusal(400, "Request input was not a dict")
    return say({name: _compared(name, pair) for name, pair in said.items()})


def _compared(name: str, pair: Any) -> list[Any]:
    kinds.signal_type(name, unknown="No such signal type '{name}'")
    if not isinstance(pair, list):
        raise Refusal(400, f"Comparison hashes for {name} was not a list")
    if len(pair) != 2:
        raise Refusal(400, "Comparison hash list length must be exactly 2")
    a, b = (kinds.value(name, str(one), says=f"Invalid {name} hash: {{why}}") for one in pair)
    if name != "pdq":
        return [a == b, {"distance": 0 if a == b else 1}]
    bits = distance(a, b)
    return [bits <= CONFIDENT_MATCH, {"distance": bits}]


def index_status(ask: Ask) -> HttpResponse:
    """The index holds all that is banked: it is never behind for longer than a request."""
    counts = curate_banks.counts(platform_id=ask.platform_id)
    built_to = int(timezone.now().timestamp())
    return say(
        {
            name: {"built_to": built_to, "present": True, "size": counts.get(kinds.TYPES[name], 0)}
            for name in _types_asked(ask)
        }
    )


def type_index(ask: Ask) -> HttpResponse:
    """The same in other words."""
    counts = curate_banks.counts(platform_id=ask.platform_id)
    built_to = int(timezone.now().timestamp())
    return say(
        {name: _index(counts.get(kinds.TYPES[name], 0), built_to) for name in _types_asked(ask)}
    )


def _index(size: int, built_to: int) -> dict[str, Any]:
    return {
        "db_size": size,
        "index_size": size,
        "index_out_of_date": False,
        "newest_db_item": built_to if size else -1,
        "index_built_to": built_to,
    }


def _types_asked(ask: Ask) -> list[str]:
    only = ask.query("signal_type")
    if only is None:
        return list(kinds.TYPES)
    return [kinds.signal_type(only, unknown="No such signal type '{name}'")]
