"""Whether bytes may be held at all: where that may itself be forbidden, hashes and words are kept.

Only bytes of minors are in question. What a law says stands here as data, with its source and how
far it was read; an operator whose counsel knows better says so with `HEED_EVIDENCE_MODE`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from heed.rules.clocks import Verified

CHECKED_ON = date(2026, 9, 16)


class Mode(StrEnum):
    """What of a case's evidence is kept here."""

    BYTES = "bytes"  # the file and its context
    CONTEXT = "context"  # hashes and words alone; the bytes stay at the platform, hidden


class NoSuchMode(ValueError):
    """A setting names a mode or a jurisdiction that there is not; the message lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one jurisdiction lets a provider hold of a minor's images, and where that stands."""

    mode: Mode
    citation: str
    source: str
    verified: Verified


JURISDICTIONS = {
    "US": Holding(
        mode=Mode.BYTES,
        citation="18 U.S.C. 2258A(h)",
        source="the statute as quoted in research notes",
        verified=Verified.TEXT,
    ),
    "UK": Holding(
        mode=Mode.BYTES,
        citation="SI 2026/268 regulation 8: what was reported is kept for a year",
        source="quoted by others",
        verified=Verified.SECONDARY,
    ),
    "EU": Holding(
        mode=Mode.CONTEXT,
        citation="the law of each Member State on possession; none was read",
        source="no source: the careful side until counsel has said otherwise",
        verified=Verified.MEMORY,
    ),
    "AU": Holding(
        mode=Mode.CONTEXT,
        citation="Criminal Code (Cth), possession; its defences were not read",
        source="no source: the careful side until counsel has said otherwise",
        verified=Verified.MEMORY,
    ),
}


def mode(*, jurisdiction: str, own: str, about_a_child: bool) -> Mode:
    """What is kept of a case. `own` is the operator's word, empty for the table's.

    Raises `NoSuchMode`.
    """
    if own and own not in list(Mode):
        raise NoSuchMode(f"{own!r} is no evidence mode: {', '.join(Mode)}")
    if jurisdiction not in JURISDICTIONS:
        raise NoSuchMode(f"{jurisdiction!r} is none of {', '.join(JURISDICTIONS)}")
    if own:
        return Mode(own)
    return JURISDICTIONS[jurisdiction].mode if about_a_child else Mode.BYTES
