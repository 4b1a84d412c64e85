"""The platform is told what each item should be.

1. Take a batch of due states; nobody else delivers those items meanwhile.
2. Tell the platform.
3. Take in its answer per item: acknowledged, to be tried again, or given up in sight.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.flows import hear_peer, wiring
from heed.flows.failpoints import reached
from heed.flows.shared import peers
from heed.ledger import services as ledger
from heed.media import platforms
from heed.media import services as media
from heed.media.models import Platform
from heed.outbox import services as outbox
from heed.outbox.services import Acknowledged
from heed.ports import Endpoint, PlatformCannot, PlatformUnreachable, StateResult

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
LOOK_AFTER = timedelta(seconds=1)  # a platform may need a moment until its caches follow


def deliver_states(*, platform_id: UUID, now: datetime, clock: Clock | None = None) -> bool:
    """Deliver one batch; True while there may be more. Repeating delivers what is still due.

    `clock` says when the answer came: a call may take half a minute. Without it, `now` counts.
    """
    platform = Platform.objects.get(id=platform_id)
    batch = outbox.claim_states(platform_id, now=now)
    if batch is None:
        return False
    reached("batch-claimed")
    try:
        results = _tell(platform, batch, now)
    except PlatformUnreachable as unreachable:
        then = clock() if clock else now
        why = str(unreachable) or "unreachable"
        outbox.record_failure(batch, why, now=then)
        logger.warning("platform not reached", extra={"platform": platform.slug, "why": why})
        return False
    reached("batch-told")
    then = clock() if clock else now
    with transaction.atomic():
        media.lock([telling.item_id for telling in batch.tellings])
        take_in(platform_id, outbox.record_answer(batch, results, now=then), now=then)
    reached("batch-recorded")
    return True


def _tell(platform: Platform, batch: outbox.Batch, now: datetime) -> list[StateResult]:
    """What the platform says, and for what its connector has no way to do, that."""
    beyond = peers.beyond(platform, batch.tellings)
    refused = {one.item_ref for one in beyond}
    states = [state for state in batch.states if state.item_ref not in refused]
    if not states:
        return beyond
    told = wiring.platform(platform.connector).tell_states(
        endpoint_of(platform, now=now), states, message_id=str(batch.id), now=now
    )
    return [*told, *beyond]


def record_results(*, platform_id: UUID, results: Sequence[StateResult], now: datetime) -> int:
    """Results that the platform brings later, by its own call. Returns how many were news."""
    with transaction.atomic():
        media.lock_refs(platform_id, [result.item_ref for result in results])
        news = outbox.record_results(platform_id, results, now=now)
        take_in(platform_id, news, now=now)
    return len(news)


def take_in(platform_id: UUID, news: Sequence[Acknowledged], *, now: datetime) -> None:
    """Note at the items what the platform said, and in the ledger."""
    if not news:
        return
    rows = [(one.item_id, one.revision, one.result.value) for one in news]
    media.acknowledge(rows, now=now, look_at=now + LOOK_AFTER)
    ledger.enter(
        "state.acknowledged",
        subject=f"platform:{platform_id}",
        body={"items": len(news)},
        batch=[f"{item} {revision} {result}" for item, revision, result in rows],
        at=now,
    )


def deliver_letters(*, platform_id: UUID, now: datetime) -> bool:
    """Deliver one letter (statements, released uploads); True while there may be more."""
    platform = Platform.objects.get(id=platform_id)
    letter = outbox.claim_letter(platform_id, now=now)
    if letter is None:
        return False
    try:
        _prepare(platform, letter, now)
        wiring.platform(platform.connector).tell(
            endpoint_of(platform, now=now), letter.payload, message_id=str(letter.id), now=now
        )
    except PlatformCannot as cannot:
        outbox.record_refused(letter, str(cannot), now=now)
        return True
    except PlatformUnreachable as unreachable:
        outbox.record_unsent(letter, str(unreachable) or "unreachable", now=now)
        return False
    with transaction.atomic():
        outbox.record_sent(letter, now=now)
        if letter.kind == "account.measured" and letter.payload["measure"] == "suspend":
            account = str(letter.payload["account"])
            peers.suspended(platform, account, cause=f"letter:{letter.id}", now=now)
    return True


def _prepare(platform: Platform, letter: outbox.ClaimedLetter, now: datetime) -> None:
    if letter.kind == "account.measured" and peers.has_connector(platform):
        hear_peer.before_measure(
            platform=platform,
            account_ref=str(letter.payload["account"]),
            measure=str(letter.payload["measure"]),
            asked_at=letter.enqueued_at,
            now=now,
        )


def revive(*, item_ids: Sequence[UUID], by: UUID, now: datetime) -> int:
    """A person has dead letters tried again from the start."""
    logger.info("dead states revived", extra={"items": len(item_ids), "by": str(by)})
    return outbox.revive(item_ids, now=now)


def revive_letters(*, letter_ids: Sequence[UUID], by: UUID, now: datetime) -> int:
    """The same for letters: statements, and what became of held uploads."""
    logger.info("dead letters revived", extra={"letters": len(letter_ids), "by": str(by)})
    return outbox.revive_letters(letter_ids, now=now)


def endpoint_of(platform: Platform, *, now: datetime) -> Endpoint:
    """Where this platform listens, and what signs now."""
    return Endpoint(
        callback_url=platform.callback_url,
        callback_secret=platform.callback_secret,
        former_secrets=tuple(platforms.former_secrets(platform, now=now)),
        private_addresses_allowed=tuple(platform.private_addresses),
        slug=platform.slug,
        said=platform.connector_settings,
    )
