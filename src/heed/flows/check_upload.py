"""The platform asks before it publishes a file.

1. Read the file in the locked-down child, fetched first if it was named by its address (or take
   its signals as told).
2. Compare it with the banks: what was removed is blocked or held, what is claimed is held.
3. Note every match, and what was held or blocked at its case; a match that no case is behind opens
   one where a person is due. "Could not check" is held, never let through unseen: it is tried
   again (`check_again`), and a person is due for it.
4. Seal the bytes of what is held, so that a person can look at them.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from heed.cases.models import Case
from heed.cases.services import cases
from heed.flows import wiring
from heed.flows.shared import evidence, matches, states
from heed.hashing.kinds import OTHER
from heed.hashing.refusals import OURS, Reason
from heed.ledger import services as ledger
from heed.media import matching, unchecked
from heed.media import queries as media
from heed.media import services as writing
from heed.media.feeds import BANKED
from heed.media.models import File, Platform, Upload
from heed.media.queries import Banked
from heed.media.services import FileIn
from heed.media.unchecked import Question
from heed.ports import NotFetched
from heed.rules.banks import at_the_door
from heed.rules.claims import BankAction
from heed.rules.gate import FAILED, NOT_CHECKED, NOTHING, TOO_MANY, Verdict, verdict

MOST_BYTES = 100 << 20
FETCH_WITHIN_SECONDS = 20.0
COMPARE_WITHIN_SECONDS = 4.0  # without the index, millions take longer than anybody waits
# The file was not even begun with: asking again soon helps more than a person would.
ASK_AGAIN = {Reason.BUSY.value: TOO_MANY, Reason.DECODER_MISSING.value: FAILED}
UNSEEN = frozenset({NOT_CHECKED, *ASK_AGAIN.values()})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the platform is told about one upload."""

    verdict: Verdict
    reason: str
    sha256: bytes  # empty when not even that could be learnt
    case_number: str  # empty when no case is concerned
    bank: str = ""  # whose word it is: a bank of the platform's own, or a shared one


class NotCompared(Exception):
    """The banks could not be asked in time: nothing is known of this file."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks about which file. With an `upload_ref`, asking again is the same question."""

    platform: Platform
    file: File
    account_ref: str
    upload_ref: str

    @property
    def question(self) -> Question:
        """As it is written down when it can't be answered."""
        return Question(
            platform_id=self.platform.id, file=self.file, account_ref=self.account_ref,
            upload_ref=self.upload_ref,
        )  # fmt: skip


def check_bytes(
    *, platform_id: UUID, data: bytes, account_ref: str = "", upload_ref: str = "", now: datetime
) -> Checked:
    """Check a file by its bytes. Raises nothing for a bad file: see the reason."""
    platform = Platform.objects.get(id=platform_id)
    file = _read(platform, data, now)
    return _answer(_Asked(platform, file, account_ref, upload_ref), now, data)


def _read(platform: Platform, data: bytes, now: datetime) -> File:
    signals = wiring.decoder().signals(data)
    with transaction.atomic():
        return writing.keep_file(signals, platform=platform, now=now)


def check_url(
    *,
    platform_id: UUID,
    url: str,
    account_ref: str = "",
    upload_ref: str = "",
    within_seconds: float = FETCH_WITHIN_SECONDS,
    now: datetime,
) -> Checked:
    """Check the file at an address. What can't be fetched is held, noted, and tried again.

    So is what there is no time left for: `within_seconds` may be nothing, or less.
    """
    asked = Question(
        platform_id=platform_id, url=url, account_ref=account_ref, upload_ref=upload_ref
    )
    try:
        return _answered(asked, look_at(asked, within_seconds=within_seconds, now=now), now)
    except (NotFetched, NotCompared) as why:
        return _not_checked(asked, str(why) or "not fetched", now)


def look_at(
    asked: Question, *, within_seconds: float = FETCH_WITHIN_SECONDS, now: datetime
) -> Checked:
    """Fetch an address and check what is there. Raises `NotFetched`, `NotCompared`: why."""
    if within_seconds <= 0:
        raise NotFetched("no time was left for it")
    platform = Platform.objects.get(id=asked.platform_id)
    fetched = wiring.fetcher().fetch(
        asked.url,
        max_bytes=MOST_BYTES,
        within_seconds=min(within_seconds, FETCH_WITHIN_SECONDS),
        private_addresses_allowed=tuple(platform.private_addresses),
    )
    if fetched.status != 200 or not fetched.complete or not fetched.body:
        raise NotFetched(f"answered {fetched.status}, or not whole")
    file = _read(platform, fetched.body, now)
    if file.reason in ASK_AGAIN:
        raise NotCompared(file.reason)
    facts = _Asked(platform, file, asked.account_ref, asked.upload_ref)
    return _check(facts, now, fetched.body)


def compare_again(asked: Question, *, now: datetime) -> Checked:
    """Compare a file that was read before. Raises `NotCompared`."""
    assert asked.file is not None
    platform = Platform.objects.get(id=asked.platform_id)
    return _check(_Asked(platform, asked.file, asked.account_ref, asked.upload_ref), now)


def _not_checked(asked: Question, why: str, now: datetime) -> Checked:
    """Held; tried again; and somebody is due for it, who is told when half of the time is gone."""
    with transaction.atomic():
        row, fresh = unchecked.note(asked, why, again=True, now=now)
        if fresh:
            where = f"platform:{asked.platform_id}"
            body = {"why": why[:200], "unchecked": str(row.id)}
            ledger.enter("gate.failed", subject=where, body=body, at=now)
    logger.error("an upload could not be checked", extra={"unchecked": str(row.id), "why": why})
    sha256 = b"" if asked.file is None else bytes(asked.file.sha256)
    return Checked(verdict=Verdict.HOLD, reason=NOT_CHECKED, sha256=sha256, case_number="")


def check_signals(
    *,
    platform_id: UUID,
    signals: FileIn,
    account_ref: str = "",
    upload_ref: str = "",
    now: datetime,
) -> Checked:
    """Check a file by the signals that the platform computed itself; it needs the SHA-256.

    What meets nothing is let in and not kept: it is told again when it is registered.
    """
    if is_stranger(signals):
        sha256 = signals.sha256 or b""
        return Checked(verdict=Verdict.ALLOW, reason=NOTHING, sha256=sha256, case_number="")
    platform = Platform.objects.get(id=platform_id)
    with transaction.atomic():
        file = writing.keep_told_signals(platform, signals, now=now)
    return _answer(_Asked(platform, file, account_ref, upload_ref), now)


def is_stranger(signals: FileIn) -> bool:
    """Whether this certainly meets no bank, as of now."""
    book = matching.current(BANKED)
    return book is not None and matching.strangers([signals], book) == [True]


def _answer(asked: _Asked, now: datetime, data: bytes = b"") -> Checked:
    try:
        return _answered(asked.question, _check(asked, now, data), now)
    except NotCompared as why:
        return _not_checked(asked.question, str(why), now)


def _answered(asked: Question, done: Checked, now: datetime) -> Checked:
    """What could not be checked when it was asked before, and was now, waits no more."""
    if done.reason not in UNSEEN and (asked.upload_ref or asked.url):
        unchecked.answered(asked, release=done.verdict is Verdict.ALLOW, now=now)
    return done


def _met(asked: _Asked) -> list[Banked]:
    """The banks' word on the file. Raises `NotCompared`."""
    try:
        with transaction.atomic(), media.at_most(COMPARE_WITHIN_SECONDS):
            met = media.banked(asked.platform, asked.file)
    except OperationalError as failed:
        if isinstance(failed.__cause__, QueryCanceled):
            raise NotCompared("the index was away, and there is too much to compare") from failed
        raise
    return matches.standing(asked.platform, asked.file, met)


def _check(asked: _Asked, now: datetime, data: bytes = b"") -> Checked:
    """Raises `NotCompared`."""
    file, met = asked.file, _met(asked)
    first = at_the_door(met)
    answer, reason = verdict(
        action=None if first is None else first.action,
        exact=first is not None and first.exact,
        unreadable=_is_unread(file),
        released=media.released_before(asked.platform, file, asked.upload_ref),
    )
    if reason == NOT_CHECKED:
        reason = ASK_AGAIN.get(file.reason, NOT_CHECKED)
    case = None
    if met or answer is not Verdict.ALLOW:
        with transaction.atomic():
            case = _noted(asked, met, first, answer, now) if met else None
            noted = answer is not Verdict.ALLOW
            upload = _note(asked, case, first, answer, reason, now) if noted else None
            if reason in UNSEEN:
                unchecked.note(asked.question, file.reason or reason, again=False, now=now)
        if upload is not None and case is not None and data:
            _keep(upload, case, data, now)
    return Checked(
        verdict=answer,
        reason=reason,
        sha256=bytes(file.sha256),
        case_number=case.number if case else "",
        bank=first.bank_name if first is not None and answer is not Verdict.ALLOW else "",
    )


def _is_unread(file: File) -> bool:
    """Whether it may show something that nobody has seen.

    What begins like neither picture nor video may be one all the same: the decoder has the last
    word, and where it could not be asked, nobody has said it. A few formats have no sign at their
    beginning, so other files are taken for broken ones of those: they are none that people see.
    """
    if file.state == File.State.NOT_HASHABLE:
        return file.kind != OTHER or file.reason in OURS
    return file.reason == Reason.TOO_LARGE  # its end


def _noted(
    asked: _Asked, met: Sequence[Banked], first: Banked | None, answer: Verdict, now: datetime
) -> Case | None:
    """The matches, and the case that is concerned: the one that banked it, or the file's own.

    A bank that holds, or that asks for a person about what it turns away, needs somebody to look;
    so does one that blocks, where the file only looks like what is in it: that is held.
    """
    platform, file = asked.platform, asked.file
    case = _case(platform, first)
    held = answer is Verdict.HOLD or (first is not None and first.action == "hold")
    if first is not None and case is None and (held or first.asks_person):
        return matches.take_in(platform, file, met, BankAction.HOLD, now)
    writing.note_matches(
        platform, file, met, at_door=True, case_id=case.id if case else None, now=now
    )
    return case


def _case(platform: Platform, met: Banked | None) -> Case | None:
    """A shared bank may hold what another platform's case put in: that case is theirs."""
    if met is None or met.case_id is None:
        return None
    return Case.objects.filter(id=met.case_id, platform=platform).first()


def _note(
    asked: _Asked,
    case: Case | None,
    met: Banked | None,
    answer: Verdict,
    reason: str,
    now: datetime,
) -> Upload | None:
    """Once for each attempt: a platform that asks again is not a new upload. The one now held."""
    upload, fresh = writing.keep_upload(
        platform=asked.platform,
        file=asked.file,
        case_id=case.id if case else None,
        account_ref=asked.account_ref,
        upload_ref=asked.upload_ref,
        held=answer is Verdict.HOLD,
        reason=reason,
        distance_bits=met.distance_bits if met else None,
        now=now,
    )
    if not fresh:
        return None
    if case is not None and answer is Verdict.HOLD:
        _somebody_is_due(case, upload, now)
    ledger.enter(
        "upload.held" if answer is Verdict.HOLD else "upload.blocked",
        subject=f"upload:{upload.id}",
        body={"case": str(case.id) if case else "", "reason": reason},
        at=now,
    )
    return upload if answer is Verdict.HOLD else None


def _keep(upload: Upload, case: Case, data: bytes, now: datetime) -> None:
    """So that a person can look. The answer to the platform never hangs on it."""
    try:
        evidence.keep_upload(upload, case, data, now=now)
    except Exception:
        logger.exception("a held upload was not kept", extra={"upload": str(upload.id)})


def _somebody_is_due(case: Case, upload: Upload, now: datetime) -> None:
    """A held upload waits for a person: by a time, and in a case that is open."""
    held = states.lock(case.id)
    cases.new_round(held, now=now)
    states.set_review(held, cause=f"upload:{upload.id}", now=now)
