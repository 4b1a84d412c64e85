"""A platform as its connector knows it, and what that connector can't do."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case
from heed.cases.services import deadlines as clocks
from heed.cases.services import peer_reports
from heed.filings import queries as filings
from heed.filings.models import Answer
from heed.flows import jobs, wiring
from heed.ledger import services as ledger
from heed.media.models import Item, ItemFile, Platform
from heed.media.queries import under
from heed.outbox import services as outbox
from heed.outbox.services import Telling
from heed.ports import Abilities, Hides, Peer, Result, StateResult
from heed.rules import deadlines
from heed.rules.visibility import Visibility

WEBHOOK = "webhook"  # our own interface: the platform calls us, and says itself what it can do


def has_connector(platform: Platform) -> bool:
    """Whether somebody else's program is spoken with, in its own words."""
    return platform.connector != WEBHOOK


def peer_of(platform: Platform) -> Peer:
    """What a connector needs to know of it."""
    return Peer(
        slug=platform.slug,
        said=platform.connector_settings,
        private_addresses_allowed=tuple(platform.private_addresses),
    )


def abilities_of(platform: Platform) -> Abilities | None:
    """What it can do; None where it says so itself, item by item, in its answers."""
    if not has_connector(platform):
        return None
    return wiring.connector(platform.connector).abilities(platform.connector_settings)


def page_stays(item: Item) -> bool:
    """Whether an item's address stays when it is hidden, so that only its files tell anything:
    where nothing but files can be hidden, and of kinds that leave their place in a thread.
    """
    able = abilities_of(item.platform)
    if able is None:
        return False
    has_files = able.hides is Hides.FILES and bool(item.files.all())
    return has_files or item.kind in able.pages_stay


def bearer_for(platform: Platform, url: str) -> str | None:
    """What opens a hidden file for us at the platform's own media gate, and nowhere else."""
    able = abilities_of(platform)
    own = any(under(prefix, url) for prefix in platform.url_prefixes)
    return platform.evidence_token if able is not None and able.gate and own else None


def gives_evidence(platform: Platform) -> bool:
    """Whether hidden files can still be fetched from it."""
    able = abilities_of(platform)
    return bool(platform.evidence_url) or (able is not None and able.gate)


def beyond(platform: Platform, tellings: Sequence[Telling]) -> list[StateResult]:
    """What of this the platform has no way to do: it is not even asked."""
    able = abilities_of(platform)
    if able is None:
        return []
    ids = [one.item_id for one in tellings]
    held = ItemFile.objects.filter(item__in=ids).values_list("item_id", flat=True)
    with_files = set(held) if able.hides is Hides.FILES else set()
    return [
        StateResult(item_ref=one.item_ref, revision=one.revision, result=Result.UNSUPPORTED)
        for one in tellings
        if not _can(able, Visibility(one.visibility), with_files=one.item_id in with_files)
    ]


def _can(able: Abilities, level: Visibility, *, with_files: bool) -> bool:
    if level is Visibility.VISIBLE:
        return True  # what can't be restricted there is not restricted now
    if level is Visibility.LIMITED:
        return able.limits
    if level is Visibility.REMOVED and able.removes:
        return True
    return able.hides is Hides.ITEMS or (able.hides is Hides.FILES and with_files)


def settle(notice_id: UUID, *, now: datetime) -> bool:
    """In the transaction of an answer: where a notice came from a platform's own report, and all
    of it is decided, the platform is told. False where there is nothing to tell, or not yet.
    """
    cases = Case.objects.filter(joins__notice=notice_id, joins__undone_at=None)
    if cases.exclude(state=Case.State.DECIDED).exists():
        return False
    report = peer_reports.settle(notice_id, now=now)
    if report is None:
        return False
    outcome = _outcome(notice_id)
    said: dict[str, object] = {
        "type": "report.decided", "report": report.ref, "outcome": outcome,
    }  # fmt: skip
    platform = report.platform_id
    outbox.tell(
        "report.decided", said, key=f"peer-report:{report.pk}", platform_id=platform, now=now
    )
    once = f"deliver:{platform}"
    jobs.later("deliver", once=once, queue="deliver", platform_id=str(platform))
    ledger.enter(
        "peer_report.settled",
        subject=f"notice:{notice_id}",
        body={"outcome": outcome},
        at=now,
    )
    return True


def suspended(platform: Platform, account_ref: str, *, cause: str, now: datetime) -> None:
    """Where the platform deletes what a suspended account had, evidence that is not kept yet has a
    time by which it must be.
    """
    able = abilities_of(platform)
    if able is None or able.purges_within is None:
        return
    of_theirs = Case.objects.filter(platform=platform, copies__item__account__ref=account_ref)
    for case in of_theirs.distinct():
        if filings.awaited(case.id):
            clock = deadlines.purge(
                cause=f"{cause}/{case.number}", at=now, within=able.purges_within
            )
            clocks.set_clocks(case, [clock], now=now)


def _outcome(notice_id: UUID) -> str:
    """removed | stands | mixed, over all that the notice named."""
    outcomes = set(Answer.objects.filter(notice_id=notice_id).values_list("outcome", flat=True))
    return outcomes.pop() if len(outcomes) == 1 else "mixed"
