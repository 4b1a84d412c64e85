"""Somebody is always due: the duty person is rung, then the next, until a person takes it.

1. Open a call where cases, or uploads that could not be checked, wait with half of their time
   gone; end those that nothing waits for. Who takes a notice back may be made to: that ends none.
2. Claim each call that is to ring, in a transaction of its own: two workers never ring at once.
3. Ring whose turn it is; note every try. One that nobody heard goes to the next person at once.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Case
from heed.cases.queries import waiting
from heed.cases.queries.waiting import Waiting
from heed.filings import danger as dangers
from heed.filings import orders
from heed.flows import wiring
from heed.flows.shared.one_by_one import each
from heed.ids import mint
from heed.ledger import services as ledger
from heed.media.models import Platform
from heed.people import ringing, rota
from heed.people.duty_models import Call
from heed.people.models import Staff
from heed.people.queries import platforms_of
from heed.ports import PagerRefused, Reach, Ringing
from heed.rules import duty

logger = logging.getLogger(__name__)


def call_duty(*, now: datetime) -> int:
    """One sweep; returns how many people and channels were reached."""
    waits = waiting.waiting(now=now)
    try:
        each(waits, lambda platform_id: _open(waits[platform_id], now), what="platform")
    finally:  # those that are open ring all the same
        reached = each(
            rota.due_calls(now=now), lambda call: _take_up(call, waits, now), what="call"
        )
    return reached


# ------------------------------------------------------------------ 1 open and end


@transaction.atomic
def _open(what: Waiting, now: datetime) -> None:
    call = ringing.open_call(
        platform_id=what.platform_id,
        kind=Call.Kind.WAITING,
        cause=f"waiting:{mint()}",
        due_at=what.due_at,
        now=now,
    )
    if call is not None:
        subject = f"platform:{what.platform_id}"
        ledger.enter("duty.called", subject=subject, body={"kind": call.kind}, at=now)


def _take_up(call: Call, waits: dict[UUID, Waiting], now: datetime) -> int:
    if _is_over(call, waits):
        ringing.end_call(call, now=now)
    elif not _being_worked_on(call, now):
        return _ring(call, waits.get(call.platform_id), now)
    return 0


def _is_over(call: Call, waits: dict[UUID, Waiting]) -> bool:
    if call.kind == Call.Kind.WAITING:
        return call.platform_id not in waits
    if call.order_number:
        return orders.is_answered(call.order_number)
    if call.danger_ref:
        return dangers.is_answered(call.danger_ref)
    if call.case_id is None:
        return False  # a person ends it, and nobody else
    return Case.objects.filter(id=call.case_id, state=Case.State.DECIDED).exists()


def _being_worked_on(call: Call, now: datetime) -> bool:
    taken = Case.objects.filter(taken_until__gt=now)
    return call.case_id is not None and taken.filter(id=call.case_id).exists()


# ------------------------------------------------------------------ 2, 3 ring


def _ring(call: Call, what: Waiting | None, now: datetime) -> int:
    danger = call.kind == Call.Kind.DANGER
    if not ringing.begin_ring(call, next_at=duty.next_at(now, danger=danger, reached=True)):
        return 0
    platform = Platform.objects.get(id=call.platform_id)
    words = _words(call, platform, what)
    heard = [_reach(call, person, way, words, now) for person, way in _ways(call, platform, now)]
    if not any(heard):
        logger.error("a duty call reached nobody", extra={"call": str(call.id)})
        again = duty.next_at(now, danger=danger, reached=False)
        call.refresh_from_db()
        ringing.ring_again(call, at=again)
    return sum(heard)


def _ways(call: Call, platform: Platform, now: datetime) -> list[tuple[Staff | None, Reach]]:
    """Whose turn it is, by mail and push; and the team's own channel, each time."""
    shifts = rota.on_duty(platform.id, now=now)
    sort = rota.for_officers if call.order_number else rota.for_cases
    shifts, rest = sort(platform.id, shifts)
    people = {str(one.id): one for one in [shift.staff for shift in shifts] + rest}
    turn = duty.whom(
        call.rings, [str(shift.staff_id) for shift in shifts], [str(one.id) for one in rest]
    )
    private = tuple(platform.private_addresses)
    ways: list[tuple[Staff | None, Reach]] = [
        (people[one], way) for one in turn for way in _ways_to(people[one], private)
    ]
    set_up = rota.emergency(platform.id)
    if set_up.team_url:
        team = Reach(
            way="team",
            address=set_up.team_url,
            secret=set_up.team_secret,
            private_addresses_allowed=private,
        )
        ways.append((None, team))
    return ways


def _ways_to(person: Staff, private: tuple[str, ...]) -> list[Reach]:
    """By mail, and on the telephone that they named themselves."""
    ways = [Reach(way="mail", address=person.email)]
    if person.push_url:
        push = Reach(way="push", address=person.push_url, private_addresses_allowed=private)
        ways.append(push)
    return ways


def _reach(call: Call, person: Staff | None, to: Reach, words: Ringing, now: datetime) -> bool:
    """One try. Whatever goes wrong with it, the others are tried."""
    failed = ""
    try:
        wiring.pager().ring(to, words, message_id=f"{call.id}.{call.rings}", now=now)
    except PagerRefused as refused:
        failed = str(refused) or "refused"
    except Exception:  # a defect of ours must not keep the next person from being rung
        logger.exception("ringing failed", extra={"call": str(call.id)})
        failed = "failed here; see the log"
    ringing.note_ring(
        call, staff_id=None if person is None else person.id, way=to.way, failed=failed, now=now
    )
    return not failed


def _words(call: Call, platform: Platform, what: Waiting | None) -> Ringing:
    """No fact about anybody: a mailbox may be read by others, and a telephone lies on a table."""
    link = f"{settings.PUBLIC_URL}/console/calls/{call.id}"
    by = f"{call.due_at:%H:%M} UTC"
    if call.kind == Call.Kind.DANGER:
        first = f"URGENT, {platform.name}: somebody has to look now, at the latest by {by}."
    else:
        late = 0 if what is None else what.overdue
        first = f"{platform.name}: {_many(what)} somebody to look by {by}; {late} overdue."
    again = f" Nobody has taken this yet (call {call.rings + 1})." if call.rings else ""
    return Ringing(
        subject="Heed: somebody has to look now" if "URGENT" in first else "Heed: cases wait",
        text=f"{first}{again}\n\nOpen this page and take it: {link}",
        link=link,
        urgent=call.kind == Call.Kind.DANGER,
    )


def _many(what: Waiting | None) -> str:
    """What waits, as the beginning of a sentence."""
    cases, uploads = (0, 0) if what is None else (what.cases, what.uploads)
    said = [_count(cases, "case")] if cases or not uploads else []
    if uploads:
        said.append(f"{_count(uploads, 'upload')} that could not be checked")
    return f"{' and '.join(said)} wait{'s' if cases + uploads == 1 else ''} for"


def _count(number: int, what: str) -> str:
    return f"one {what}" if number == 1 else f"{number} {what}s"


def turn_of(call: Call, *, now: datetime) -> Sequence[Staff]:
    """Who is rung next if nobody takes it: for the page that shows the call."""
    platform = Platform.objects.get(id=call.platform_id)
    turn = [one for one, _ in _ways(call, platform, now) if one is not None]
    return list({one.id: one for one in turn}.values())


def try_ways(*, staff_id: UUID, now: datetime) -> dict[str, str]:
    """Ring somebody who asks to be rung, by each of their ways; says of each why it failed, or "".

    1. Nothing is kept of it: no call is open.
    """
    person = Staff.objects.get(id=staff_id)
    words = Ringing(
        subject="Heed: a test", text="This is how you are called when something waits.",
        link=f"{settings.PUBLIC_URL}/console/duty", urgent=False,
    )  # fmt: skip
    ids = platforms_of(person)
    private = [one.private_addresses for one in Platform.objects.filter(id__in=ids)]
    allowed = tuple(place for places in private for place in places)
    found = {}
    for way in _ways_to(person, allowed):
        try:
            wiring.pager().ring(way, words, message_id=f"test.{mint()}", now=now)
            found[way.way] = ""
        except PagerRefused as refused:
            found[way.way] = str(refused) or "refused"
    return found
