"""What is registered late meets the cases that are there already.

1. Find the cases that new items belong to: as reshares of a copy, by the same bytes, or nearly.
2. Take them in: noted as copies, restricted, told to the platform.
3. Search below them again until nothing is new: a reshare of theirs may have come meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.queries import search
from heed.flows.find_copies import add


def meet_cases(*, item_ids: Sequence[UUID], now: datetime) -> int:
    """Returns how many new copies came of it. Their items must be committed before this is called.

    Takedown and registration each commit and then search, so one of the two always sees the other.
    """
    total = 0
    for case_id, found in search.cases_met_by(item_ids).items():
        while fresh := add(case_id, found, now=now):
            total += fresh
            found = search.reshares_of(found)
    return total
