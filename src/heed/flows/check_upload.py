"""The platform asks before it publishes a file.

1. Read the file in the locked-down child, fetched first if it was named by its address (or take
   its signals as told).
2. Compare it with the banks: what was removed is blocked or held, what is claimed is held.
3. Note every match, and what was held or blocked at its case; a match that no case is behind opens
   one where a person is due. "Could not check" is held, never let through unseen.
4. Seal the bytes of what is held, so that a person can look at them.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.cases.services import cases
from heed.flows import wiring
from heed.flows.shared import evidence, matches, states
from heed.ledger import services as ledger
from heed.media import matching
from heed.media import queries as media
from heed.media import services as writing
from heed.media.feeds import BANKED
from heed.media.models import File, Platform, Upload
from heed.media.queries import Banked
from heed.media.services import FileIn
from heed.ports import NotFetched
from heed.rules.banks import at_the_door
from heed.rules.claims import BankAction
from heed.rules.gate import NOT_CHECKED, NOTHING, Verdict, verdict

MOST_BYTES = 100 << 20
FETCH_WITHIN_SECONDS = 20.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the platform is told about one upload."""

    verdict: Verdict
    reason: str
    sha256: bytes  # empty when not even that could be learnt
    case_number: str  # empty when no case is concerned


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks about which file. With an `upload_ref`, asking again is the same question."""

    platform: Platform
    file: File
    account_ref: str
    upload_ref: str


def check_bytes(
    *, platform_id: UUID, data: bytes, account_ref: str = "", upload_ref: str = "", now: datetime
) -> Checked:
    """Check a file by its bytes. Raises nothing for a bad file: see the reason."""
    platform = Platform.objects.get(id=platform_id)
    signals = wiring.decoder().signals(data)
    with transaction.atomic():
        file = writing.keep_file(signals, platform=platform, now=now)
    return _check(_Asked(platform, file, account_ref, upload_ref), now, data)


def check_url(
    *, platform_id: UUID, url: str, account_ref: str = "", upload_ref: str = "", now: datetime
) -> Checked:
    """Check the file at an address. What can't be fetched is held, and noted; ask again."""
    platform = Platform.objects.get(id=platform_id)
    try:
        fetched = wiring.fetcher().fetch(
            url,
            max_bytes=MOST_BYTES,
            within_seconds=FETCH_WITHIN_SECONDS,
            private_addresses_allowed=tuple(platform.private_addresses),
        )
    except NotFetched as refused:
        return _not_checked(platform, str(refused) or "not fetched", now)
    if fetched.status != 200 or not fetched.complete or not fetched.body:
        return _not_checked(platform, f"answered {fetched.status}, or not whole", now)
    return check_bytes(
        platform_id=platform_id,
        data=fetched.body,
        account_ref=account_ref,
        upload_ref=upload_ref,
        now=now,
    )


def _not_checked(platform: Platform, why: str, now: datetime) -> Checked:
    """Held, in sight of whoever runs Heed; there is no file yet that could wait for a person."""
    logger.error("an upload could not be checked", extra={"platform": platform.slug, "why": why})
    ledger.enter("gate.failed", subject=f"platform:{platform.id}", body={"why": why[:200]}, at=now)
    return Checked(verdict=Verdict.HOLD, reason=NOT_CHECKED, sha256=b"", case_number="")


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
    return _check(_Asked(platform, file, account_ref, upload_ref), now)


def is_stranger(signals: FileIn) -> bool:
    """Whether this certainly meets no bank, as of now."""
    book = matching.current(BANKED)
    return book is not None and matching.strangers([signals], book) == [True]


def _check(asked: _Asked, now: datetime, data: bytes = b"") -> Checked:
    file = asked.file
    met = matches.standing(asked.platform, file, media.banked(asked.platform, file))
    first = at_the_door(met)
    answer, reason = verdict(
        action=None if first is None else first.action,
        exact=first is not None and first.exact,
        unreadable=file.state == File.State.NOT_HASHABLE and file.kind != "other",
        released=media.released_before(asked.platform, file, asked.upload_ref),
    )
    case = None
    if met or answer is not Verdict.ALLOW:
        with transaction.atomic():
            case = _noted(asked, met, first, now) if met else None
            noted = answer is not Verdict.ALLOW
            upload = _note(asked, case, first, answer, reason, now) if noted else None
        if upload is not None and case is not None and data:
            _keep(upload, case, data, now)
    return Checked(
        verdict=answer,
        reason=reason,
        sha256=bytes(file.sha256),
        case_number=case.number if case else "",
    )


def _noted(
    asked: _Asked, met: Sequence[Banked], first: Banked | None, now: datetime
) -> Case | None:
    """The matches, and the case that is concerned: the one that banked it, or the file's own.

    A bank that holds, or that asks for a person about what it turns away, needs somebody to look.
    """
    platform, file = asked.platform, asked.file
    case = _case(platform, first)
    if first is not None and case is None and (first.action == "hold" or first.asks_person):
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
