"""Somebody asks what a file looks like, and whether a bank knows it. Nothing is done about it.

1. Read the bytes in the locked-down child; of an address, fetch them first, politely and bounded.
2. Compare the signals with the banks that the asking platform may see, near and equal.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from heed.flows import wiring
from heed.hashing.signals import FileSignals
from heed.media import meeting
from heed.media.meeting import Found
from heed.media.models import Platform
from heed.ports import NotFetched

MOST_BYTES = 100 << 20
WITHIN_SECONDS = 20.0
THRESHOLD_BITS = 31  # what clients of this protocol expect; a bank's own may be lower
UNSAFE = frozenset({"address_refused", "bad_url", "name_unknown"})


class UnsafeAddress(Exception):
    """This address is not fetched: it is none, or leads into a private network."""


class CouldNotFetch(Exception):
    """Nothing was learnt from the address; the message is the reason's name."""


class TooLarge(Exception):
    """The file is larger than `MOST_BYTES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What came from an address."""

    data: bytes
    content_type: str


def read(*, data: bytes) -> FileSignals:
    """All signals of a file; of a bad one its exact ones, with the reason why."""
    return wiring.decoder().signals(data)


def fetch(*, platform_id: UUID, url: str) -> Got:
    """Fetch an address for a platform, whose own private addresses may be reached.

    Raises `UnsafeAddress`, `CouldNotFetch`, `TooLarge`.
    """
    platform = Platform.objects.get(id=platform_id)
    try:
        got = wiring.fetcher().fetch(
            url,
            max_bytes=MOST_BYTES,
            within_seconds=WITHIN_SECONDS,
            private_addresses_allowed=tuple(platform.private_addresses),
        )
    except NotFetched as why:
        raise (UnsafeAddress if str(why) in UNSAFE else CouldNotFetch)(str(why)) from None
    if not got.complete:
        raise TooLarge
    if got.status != 200:
        raise CouldNotFetch(f"answered {got.status}")
    return Got(data=got.body, content_type=got.content_type)


def look_up(
    *, platform_id: UUID, kind: str, values: Sequence[bytes], whatever_state: bool = False
) -> list[Found]:
    """Signals that these values meet, in banks of this platform and shared ones, each once.

    `kind` is pdq, md5 or sha256. `whatever_state`: also those that are off, in banks that are off.
    """
    return meeting.values_that_meet(
        platform_id, kind, values, within_bits=THRESHOLD_BITS, off_too=whatever_state
    )


def toss(found: Sequence[Found], *, seed: str | None, bypass: bool) -> list[Found]:
    """One coin for a question: banks that are on for a smaller share than it shows say nothing."""
    coin = 0.0 if bypass else random.Random(seed).random()
    return [one for one in found if one.enabled_share >= coin]
