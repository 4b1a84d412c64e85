"""What is registered late meets the cases that are there already.

1. Find the cases that new items belong to: as reshares of a copy, by the same bytes, or nearly.
2. Take them in: noted as copies, restricted, told to the platform.
3. Search below them again until nothing is new: a reshare of theirs may have come meanwhile.
   Where one brings thousands along, the first are taken in and the worker searches on: a platform
   waits for its answer, and whoever else restricts copies of the case waits for us.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.queries import search
from heed.cases.services.cases import CopyIn
from heed.flows.find_copies import add
from heed.flows.shared import states
from heed.flows.shared.one_by_one import each

AT_ONCE = 500  # copies of one case taken in by who only registers


def meet_cases(*, item_ids: Sequence[UUID], now: datetime) -> int:
    """Returns how many new copies came of it. Their items must be committed before this is called.

    Takedown and registration each commit and then search, so one of the two always sees the other.
    """
    met = search.cases_met_by(item_ids)
    return each(met, lambda case_id: _take_in(case_id, met[case_id], now), what="case")


def _take_in(case_id: UUID, found: Sequence[CopyIn], now: datetime) -> int:
    total = 0
    while fresh := add(case_id, found[:AT_ONCE], now=now):
        total += fresh
        if len(found) > AT_ONCE:
            states.search_on(case_id)
            break
        found = search.reshares_of(found)
    return total
