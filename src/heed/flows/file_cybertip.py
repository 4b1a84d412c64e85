"""An approved tip is filed: opened, its files sent and described, finished. Never twice.

Each call does one step, and says whether there may be another; after a crash, an outage or the
authority's silent deletion it goes on from what is kept.

1. Lease the tip. What was asked for last time, with no answer: to open is asked again (the other
   report is deleted by itself); files are sent anew in a new report; to finish is only ever asked
   again, for it may have been done.
2. Note what is asked for, then ask: open, upload, describe, finish.
3. Note the answer. Busy or out of reach: again later, within the day that an open report lives.
   Refused: a person looks. Finished: what was owed is met, and the year of keeping begins.
Beside them a sweep alarms before an open report is deleted, and takes up what was left.
"""

import io
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.cases.services import deadlines
from heed.filings import context, gathering, tip_queries, tips
from heed.filings.gathering import Chosen
from heed.filings.models import Tip, TipFile
from heed.filings.tips import State
from heed.flows import jobs
from heed.flows.failpoints import reached
from heed.flows.shared import clocks, evidence, fetching, tip_ends, tipline
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.media.models import File, Platform
from heed.ports import (
    TipEnded,
    TiplineBusy,
    TiplineLocked,
    TiplineUnreachable,
    TipRefused,
    TipUnknown,
)
from heed.rules.clocks import Event
from heed.rules.tips.document import FileFacts, thawed

logger = logging.getLogger(__name__)
MOST_OPENINGS = 8  # then something is wrong that a machine does not understand
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)
PATIENCE = 6  # tries to get the bytes of a file, about a minute
LOCKED_WAIT = timedelta(minutes=10)
_UNSURE = ("upload", "inform")  # asked with no answer: whether it was done can't be known


class _Lost(Exception):
    """The open report is not what we think it is. A new one is begun."""


def file_cybertip(*, tip_id: UUID, now: datetime) -> bool:
    """One step; whether another may follow at once."""
    tip = tips.lease(tip_id, now=now)
    if tip is None:
        return False
    try:
        return _step(tip, now)
    except (TiplineUnreachable, TiplineBusy, TiplineLocked) as why:
        return _later(tip, why, now)
    except TipRefused as why:
        tip_ends.stalled(tip, f"refused: {why}", now=now)
    except (TipUnknown, TipEnded, _Lost) as why:
        return _lost(tip, why, now)
    except fetching.NotGiven as why:
        if tip.attempts < PATIENCE:
            return _later(tip, why, now)
        tip_ends.stalled(tip, f"{why} Or take it back and send it without the bytes.", now=now)
    return False


def _step(tip: Tip, now: datetime) -> bool:
    case = Case.objects.select_related("platform", "file").get(id=tip.case_id)
    if tip.state == State.FINISHING:
        return _finish(tip, now)
    if tip_queries.finding_of(case) is None:
        tip_ends.stalled(tip, "the finding was reversed: withdraw it, or decide anew", now=now)
        return False
    if tip.state == State.READY:
        return _open(tip, case, now)
    _must_be_ours(tip, now)
    files = list(tip.files.order_by("position"))
    for file in files:
        if not file.file_ref:
            return _upload(tip, file, case.platform, now)
        if file.informed_at is None:
            return _inform(tip, file, case, now)
    tips.move(tip, [State.OPEN], State.FINISHING)
    return _finish(tip, now)


def _must_be_ours(tip: Tip, now: datetime) -> None:
    """Raises `_Lost` for a report that was deleted meanwhile, or about which we can't be sure."""
    if tip.environment != tipline.environment(tip.authority, tip.platform_id):
        raise _Lost("the environment was changed")
    if now >= tip_queries.expires_at(tip):
        raise _Lost("the authority deleted it: it was open too long")
    if tip.asking in _UNSURE:
        raise _Lost(f"no answer came to {tip.asking}")


# ------------------------------------------------------------------ the four questions


def _ask(tip: Tip, what: str) -> None:
    tips.move(tip, tips.ON_THE_WAY, asking=what)
    reached(f"tip-{what}")


def _answered(tip: Tip, request_ref: str, now: datetime, **facts: Any) -> None:
    refs = [*tip.request_refs, request_ref][-200:]
    more: dict[str, Any] = {
        "changed_at": now,
        "request_refs": refs,
        "asking": "",
        "attempts": 0,
        "trouble": "",
    }
    tips.move(tip, tips.ON_THE_WAY, due_at=now, leased_until=None, **more | facts)


def _open(tip: Tip, case: Case, now: datetime) -> bool:
    if tip.openings >= MOST_OPENINGS:
        tip_ends.stalled(tip, f"opened {tip.openings} times and lost each time", now=now)
        return False
    if wrong := tipline.faults(case, thawed(tip.document), tip.authority, now=now):
        tip_ends.stalled(tip, str(tipline.NotReady(wrong)), now=now)
        return False
    _ask(tip, "open")
    opened = tipline.tipline(tip.platform_id).open(thawed(tip.document))
    where = tipline.environment(tip.authority, tip.platform_id)
    with transaction.atomic():
        _answered(
            tip, opened.request_ref, now,
            state=State.OPEN, report_ref=opened.report_ref, opened_at=now, alarmed_at=None,
            openings=tip.openings + 1, environment=where, practice=tipline.is_practice(where),
        )  # fmt: skip
        due = clocks.of_case(
            case, event=Event.CYBERTIP_OPENED, cause=tip_ends.cause_of(tip), at=now
        )
        deadlines.set_clocks(case, due, now=now)
        ledger.enter(
            "cybertip.opened",
            subject=f"case:{tip.case_id}",
            body={"tip": str(tip.id), "practice": tip.practice},
            at=now,
        )
    return True


def _upload(tip: Tip, file: TipFile, platform: Platform, now: datetime) -> bool:
    name, body = _named(tip, file, platform, now)
    _ask(tip, "upload")
    sent = tipline.tipline(tip.platform_id).upload(tip.report_ref, name, io.BytesIO(body))
    if not sent.file_ref or sent.md5 != sent.sent_md5:
        raise _Lost("the authority received other bytes than we sent")
    with transaction.atomic():
        _answered(tip, sent.request_ref, now)
        tips.note_file(file, file_ref=sent.file_ref, md5=sent.md5, uploaded_at=now)
    return True


def _named(tip: Tip, file: TipFile, platform: Platform, now: datetime) -> tuple[str, bytes]:
    """What is sent, and under which name."""
    if file.file_id is None:
        return context.NAME, tip.context.encode()
    known = File.objects.get(id=file.file_id)
    name = bytes(known.sha256).hex()[:16] + "." + (known.mime.partition("/")[2] or "bin")
    return name, _bytes(tip, known, platform, now)


def _bytes(tip: Tip, file: File, platform: Platform, now: datetime) -> bytes:
    """As they were preserved; where they may not be held here, as the platform holds them."""
    try:
        kept = evidence.bytes_for_filing(
            case_id=tip.case_id, file_id=file.id, purpose=f"cybertip:{tip.id}", now=now
        )
    except evidence.NotPreserved:
        return fetching.file_bytes(platform, file).body
    return kept.body


def _inform(tip: Tip, file: TipFile, case: Case, now: datetime) -> bool:
    """What was viewed is asked of the log now: it may have grown since the tip was prepared."""
    facts = _facts_of(tip, file, case)
    _ask(tip, "inform")
    request_ref = tipline.tipline(tip.platform_id).inform(tip.report_ref, file.file_ref, facts)
    with transaction.atomic():
        _answered(tip, request_ref, now)
        seen = {"viewed": facts.viewed, "exif_viewed": facts.exif_viewed}
        told = {} if facts.ours else seen
        tips.note_file(file, informed_at=now, **told)
    return True


def _facts_of(tip: Tip, file: TipFile, case: Case) -> FileFacts:
    if file.file_id is None:
        return gathering.context_facts(tip.context)
    facts = gathering.facts_of(case, file.file_id, Chosen.of(tip.chosen))
    if facts is None:
        raise TipRefused("a file is no part of this case any more: take the tip back and look")
    return facts


def _finish(tip: Tip, now: datetime) -> bool:
    """Before the first time, an answer "already finished" can't be ours; after it, it is."""
    asked_before = tip.asking == "finish"
    _ask(tip, "finish")
    raw, refs, request_ref = b"", None, ""
    try:
        done = tipline.tipline(tip.platform_id).finish(tip.report_ref)
        raw, refs, request_ref = done.raw, done.file_refs, done.request_ref
    except TipEnded as why:
        if why.how != "finished":
            raise
        logger.warning("a tip was finished before", extra={"tip": str(tip.id)})
    except TipUnknown as why:
        if asked_before:
            raise TipRefused(
                f"{why}: it may have been filed before the answer was lost. Ask the authority."
            ) from None
        raise
    except TiplineBusy:
        tips.move(tip, [State.FINISHING], asking="finish" if asked_before else "")
        raise
    with transaction.atomic():
        refs_kept = [*tip.request_refs, request_ref]
        differs = _differs(tip, refs)
        tip_ends.finished(tip, raw=raw, differs=differs, now=now, request_refs=refs_kept)
    return False


def _differs(tip: Tip, refs: tuple[str, ...] | None) -> str:
    ours = set(tip.files.values_list("file_ref", flat=True))
    if refs is None or set(refs) == ours:
        return ""
    return f"filed, but the authority names other files than ours: {len(refs)} of {len(ours)}"


# ------------------------------------------------------------------ when the answer was not yes


def _later(tip: Tip, why: Exception, now: datetime) -> bool:
    """Again after a while that doubles. What may have been carried out stays noted as asked."""
    unsure = isinstance(why, TiplineUnreachable) and why.heard
    wait = min(FIRST_WAIT * 2 ** min(tip.attempts, 12), LONGEST_WAIT)
    if isinstance(why, TiplineLocked):
        wait = LOCKED_WAIT
        logger.error("an authority does not take our credentials", extra={"tip": str(tip.id)})
    asking = tip.asking if unsure or tip.asking == "finish" else ""
    facts: dict[str, Any] = {
        "attempts": tip.attempts + 1,
        "trouble": f"{type(why).__name__}: {why}",
    }
    facts["trouble"] = facts["trouble"][: tip_ends.REASON]
    tips.move(tip, tips.ON_THE_WAY, due_at=now + wait, leased_until=None, asking=asking, **facts)
    return False


def _lost(tip: Tip, why: Exception, now: datetime) -> bool:
    """Begin a new report from what is kept; the old one is retracted, or is gone already."""
    tip_ends.retract(tip, now=now)
    trouble = f"begun anew: {why}"[: tip_ends.REASON]
    again: dict[str, Any] = {"due_at": now, "leased_until": None, "asking": "", "trouble": trouble}
    tips.move(tip, tips.ON_THE_WAY, State.READY, **again)
    return True


# ------------------------------------------------------------------ the sweep


def file_due(*, now: datetime) -> int:
    """Alarm before open reports are deleted, and have what is due taken up. Returns how many."""
    found = tips.due(now=now)
    try:
        each(found, _take_up, what="tip")
    finally:  # the alarm is owed all the same
        each(tips.endangered(now=now), lambda tip: _alarm(tip, now), what="tip")
    return len(found)


@transaction.atomic
def _take_up(tip_id: UUID) -> None:
    jobs.later("file_tip", once=f"tip:{tip_id}", queue="file", tip_id=str(tip_id))


def _alarm(tip: Tip, now: datetime) -> None:
    logger.error("an open tip will soon be deleted", extra={"tip": str(tip.id)})
    with transaction.atomic():
        Tip.objects.filter(id=tip.id, alarmed_at=None).update(alarmed_at=now)
        ledger.enter(
            "cybertip.endangered", subject=f"case:{tip.case_id}", body={"tip": str(tip.id)}, at=now
        )
