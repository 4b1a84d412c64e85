"""`heed match`: files of this machine against one bank of this instance. Nothing is kept."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heed.hashing.signals import HASHED, NOT_HASHABLE, WAYS, FileSignals
from heed.instance.look_at_files import (
    Looked,
    Status,
    files_under,
    looked_at,
    none_there,
    progress,
    say,
    told,
)
from heed.instance.trouble import Trouble
from heed.media import matching
from heed.media.models import Bank

SHARE_MET = 0.3  # of a video's seconds; with fewer it may only have a title in common


@dataclass(frozen=True, slots=True)
class Met:
    """How a file meets a bank. `share`: of a video's seconds; 1 for anything else."""

    type: str
    signal_id: int
    distance_bits: int
    share: float = 1.0


def bank_named(name: str, platform: str) -> Bank:
    """The lasting bank of this name. Raises `Trouble` for none, several, or one switched off."""
    lasting = Bank.objects.filter(case_id=None)
    found = lasting.filter(name=name).select_related("platform")
    found = found.filter(platform__slug=platform) if platform else found
    banks = list(found)
    if len(banks) > 1:
        whose = ", ".join(one.platform.slug if one.platform else "(shared)" for one in banks)
        raise Trouble(f"Several banks are called {name!r}: say --platform, one of {whose}.")
    if not banks:
        names = ", ".join(sorted(set(lasting.values_list("name", flat=True)))) or "none yet"
        raise Trouble(f"There is no bank {name!r}. There are: {names}.")
    if not banks[0].enabled:
        raise Trouble(f"The bank {name!r} is switched off, so nothing matches it. Switch it on.")
    return banks[0]


def match_files(
    paths: list[Path],
    *,
    bank: str,
    platform: str,
    within_bits: int | None,
    as_json: bool,
    jobs: int,
) -> int:
    """Print how each file meets the bank. Answers with the status."""
    chosen, found = bank_named(bank, platform), files_under(paths)
    if not found:
        return none_there(paths)
    any_met, any_unknown = False, False
    with progress(len(found), "Matching") as done:
        for looked in looked_at(found, jobs=jobs, exact_value=False):
            met = [] if looked.signals is None else meets(looked.signals, chosen, within_bits)
            any_met, any_unknown = any_met or bool(met), any_unknown or looked.could_not
            _report(looked, met, as_json)
            done()
    if any_unknown:
        return Status.COULD_NOT
    return Status.FINE if any_met else Status.NONE


def meets(signals: FileSignals, bank: Bank, within_bits: int | None) -> list[Met]:
    """The nearest signal of each type that the file meets, byte-identical ones first."""
    values = {"sha256": signals.sha256, "md5": signals.md5, "sha1": signals.sha1}
    exact = [_nearest(type, [value], bank, 0) for type, value in values.items()]
    if signals.kind == "video":
        near = [_seconds_met(signals, type, bank, within_bits) for type in ("vpdq", "pdq")]
    else:
        near = [_nearest("pdq", list(signals.query_forms), bank, within_bits)]
    return [met for met in (*exact, *near) if met is not None]


def _nearest(type: str, values: list[bytes], bank: Bank, within_bits: int | None) -> Met | None:
    hits = matching.meet_banks(values, type=type, within_bits=within_bits, bank_ids=[bank.id])
    best = min(hits, key=lambda hit: hit.distance_bits, default=None)
    return None if best is None else Met(type, best.signal_id, best.distance_bits)


def _seconds_met(
    signals: FileSignals, type: str, bank: Bank, within_bits: int | None
) -> Met | None:
    """Of a video: how many of its seconds the bank shows, turned and mirrored in one way."""
    best: Met | None = None
    seconds = len(set(signals.asked_at_s))
    for way in range(WAYS):
        forms = list(signals.query_forms[way::WAYS])
        hits = matching.meet_banks(forms, type=type, within_bits=within_bits, bank_ids=[bank.id])
        if not hits:
            continue
        share = len({signals.asked_at_s[hit.query] for hit in hits}) / seconds
        nearest = min(hits, key=lambda hit: hit.distance_bits)
        if share >= max(SHARE_MET, best.share if best else 0.0):
            best = Met(type, nearest.signal_id, nearest.distance_bits, share)
    return best


def _report(looked: Looked, met: list[Met], as_json: bool) -> None:
    if as_json:
        matches = [
            {
                "type": one.type,
                "signal_id": one.signal_id,
                "distance_bits": one.distance_bits,
                "share": round(one.share, 3),
            }
            for one in met
        ]
        say(json.dumps({**_short(looked), "could_not_look": looked.could_not, "matches": matches}))
        return
    say(f"{looked.name}: {_in_words(looked, met)}")


def _short(looked: Looked) -> dict[str, Any]:
    return {name: told(looked)[name] for name in ("file", "state", "reason")}


def _in_words(looked: Looked, met: list[Met]) -> str:
    if met:
        return "; ".join(_found(one) for one in met)
    if looked.signals is None:
        return f"COULD NOT BE READ: {looked.trouble}"
    if looked.could_not and looked.signals.state != NOT_HASHABLE:
        return "no match in what was looked at, but its end was NOT: it is too long"
    if looked.could_not:
        reason = looked.signals.reason
        return f"COULD NOT BE COMPARED by its looks ({reason}); its bytes are not in the bank"
    if looked.signals.state != HASHED:
        return "its bytes are not in the bank; its looks say too little to compare"
    return "no match"


def _found(met: Met) -> str:
    if met.type in ("sha256", "md5", "sha1"):
        return f"MATCH, the same bytes ({met.type}, signal {met.signal_id})"
    share = "" if met.share == 1 and met.type == "pdq" else f", {met.share:.0%} of its seconds"
    return f"MATCH, {met.distance_bits} bits away ({met.type}, signal {met.signal_id}{share})"
