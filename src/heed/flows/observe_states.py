"""See for ourselves that it is gone.

1. Take items whose addresses are due for a look.
2. Fetch item, file and preview addresses, as anybody would.
3. Note what was seen; where the platform says otherwise, say so, tell it again, and look again.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from heed.cases.models import Case
from heed.cases.services import deadlines
from heed.flows import wiring
from heed.flows.shared import hiding, peers
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.media import services as media
from heed.media.models import Item, Platform
from heed.outbox import services as outbox
from heed.ports import NotFetched, Result
from heed.rules.clocks import Done
from heed.rules.observation import GONE_STATUSES, Answer, Observed, disputes, observed
from heed.rules.visibility import Visibility

logger = logging.getLogger(__name__)
BATCH = 100
LEASE = timedelta(minutes=3)
AT_ONCE = 8  # fetches under way for one batch; the fetcher bounds each host as well
PAGE_BYTES = 65_536  # the status is what counts
PAGE_SECONDS = 4.0  # 100 items of 3 addresses, 8 at a time, end within the lease at the worst
TRIES = 8
AGAIN_IN = timedelta(seconds=2)  # doubled with each try
SELDOM = timedelta(hours=1)  # so often at most is a platform told again that will not hear
DAILY = timedelta(days=1)  # what should not be there is looked at again for as long as that holds


def observe_states(*, now: datetime) -> int:
    """Look at one batch of items; returns how many. Repeating looks at what is still due."""
    claimed = media.claim_observations(now=now, lease_until=now + LEASE, limit=BATCH)
    items = list(
        Item.objects.filter(id__in=claimed)
        .order_by("id")  # as everybody locks them
        .select_related("platform")
        .prefetch_related("files")
    )
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = list(pool.map(_ask, items))
    with transaction.atomic():
        noted = [_noted(item, got, now) for item, got in zip(items, answers, strict=True)]
        done = [item for item, note in zip(items, noted, strict=True) if note is not None]
        _enter([item for item in done if item.revision], now)
    _settle([item.id for item, note in zip(items, noted, strict=True) if note], now)
    return len(items)


def observe_in_turn(*, now: datetime) -> int:
    """Look at one batch, unless there is something to hide: looking keeps a processor busy.

    In a long wave there always is; nobody waits a minute longer to read that it is gone.
    """
    if (
        hiding.goes_on(now=now)
        and not Item.objects.filter(observe_due_at__lt=now - hiding.GIVES_WAY_FOR).exists()
    ):
        return 0
    return observe_states(now=now)


def _ask(item: Item) -> list[Answer]:
    """Every address of the item, each once; at the first look its page alone. No database here.

    Where the page stays whatever becomes of the item, the files alone are looked at.
    """
    files = [url for place in item.files.all() for url in (place.url, place.preview_url) if url]
    page = [] if peers.page_stays(item) else [item.url]
    urls = [*page, *files] if item.revision or not page else page
    return [_status(item.platform, url) for url in dict.fromkeys(urls) if url]


def _status(platform: Platform, url: str) -> Answer:
    try:
        fetched = wiring.fetcher().fetch(
            url,
            max_bytes=PAGE_BYTES,
            within_seconds=PAGE_SECONDS,
            private_addresses_allowed=tuple(platform.private_addresses),
        )
    except NotFetched:
        return Answer(status=None)
    except Exception:  # not known to be gone; and the others are looked at
        logger.exception("an address was not looked at", extra={"platform": str(platform.id)})
        return Answer(status=None)
    return Answer(status=fetched.status)


def _noted(item: Item, answers: Sequence[Answer], now: datetime) -> bool | None:
    """Whether it had not moved on meanwhile; None where it could not be noted: it is due again."""
    try:
        with transaction.atomic():  # a savepoint: one of a hundred takes nothing from the others
            return _note(item, answers, now)
    except Exception:
        if not connection.is_usable():
            raise
        logger.exception("what was seen was not noted", extra={"item": str(item.id)})
        return None


def _note(item: Item, answers: Sequence[Answer], now: datetime) -> bool:
    gone = item.platform.gone_statuses or GONE_STATUSES
    seen = observed(answers, seen_before=item.seen_before, gone_statuses=gone)
    said = _said(item)
    wrong = disputes(said, seen) and item.desired == said
    unsure = seen is Observed.UNVERIFIABLE and item.seen_before
    again = (wrong or unsure) and item.observe_tries < TRIES
    next_at = now + AGAIN_IN * 2**item.observe_tries if again else _daily(item, now)
    if not media.observe(item, seen, now=now, next_at=next_at, seen=seen is Observed.SEEN):
        return False
    if wrong:
        _dispute(item, now)
    item.observed = seen.value
    return True


def _said(item: Item) -> Visibility:
    """The platform's word. Where it has no such thing, that is as good as what it was asked for."""
    has_none = item.answer == Result.NOT_FOUND and item.acknowledged_revision == item.revision
    return Visibility(item.desired if has_none else item.acknowledged)


def _daily(item: Item, now: datetime) -> datetime | None:
    return now + DAILY if Visibility(item.desired) >= Visibility.HIDDEN else None


def _dispute(item: Item, now: datetime) -> None:
    """The platform said "applied", or "not found", and it is there: told again, written down.

    Each time later than the time before: a site that says so for ever must not fill the log.
    """
    if not outbox.tell_again([item.id], at=now + _waits(item.observe_tries)):
        return
    ledger.enter(
        "state.disputed",
        subject=f"item:{item.id}",
        body={"revision": item.revision, "acknowledged": item.acknowledged},
        at=now,
    )


def _waits(tries: int) -> timedelta:
    """At once after the first look: its caches may have needed a moment."""
    return min(AGAIN_IN * 2 ** min(tries, 20), SELDOM) if tries > 1 else timedelta()


def _enter(items: Sequence[Item], now: datetime) -> None:
    if items:
        ledger.enter(
            "state.observed",
            subject="items",
            body={"items": len(items)},
            batch=[f"{item.id} {item.revision} {item.observed}" for item in items],
            at=now,
        )


def _settle(item_ids: Sequence[UUID], now: datetime) -> None:
    """A removed case whose every copy was answered for and looked at: its clocks are met."""
    cases = Case.objects.filter(
        copies__item__in=item_ids, decided_level=Visibility.REMOVED
    ).distinct()
    each(cases, lambda case: _settled(case, now), what="case")


@transaction.atomic
def _settled(case: Case, now: datetime) -> None:
    settle_case(case, now=now)


def settle_case(case: Case, *, now: datetime) -> None:
    """Meet the clocks of a removed case if nothing of it is left to wait for."""
    if deadlines.all_gone(case.id):
        _meet(case, now)


def _meet(case: Case, now: datetime) -> None:
    since = deadlines.looked_since(case.id)
    done = Done.REMOVED_AND_SEARCHED
    met = deadlines.done(done, now=now, case_id=case.id, looked_since=since)
    for deadline in met:
        ledger.enter(
            "deadline.met", subject=f"case:{case.id}", body={"deadline": str(deadline)}, at=now
        )
