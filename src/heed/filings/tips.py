"""Tips as rows: each change says what it expects to find. And whom they are for: the operator."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from heed.filings.models import OperatorProfile, Schema, Tip, TipFile
from heed.filings.tip_queries import expires_at
from heed.rules.tips import lifetime
from heed.rules.tips.document import Operator

State = Tip.State
AT_NCMEC = (State.OPEN, State.FINISHING)
ON_THE_WAY = (State.READY, *AT_NCMEC)
LEASE = timedelta(minutes=20)  # longer than the longest upload may take


class TipChanged(Exception):
    """Somebody else changed this tip in the meantime. Read the page again."""


class AlreadyUnderWay(Exception):
    """There is a tip of this case about this account already. Go on with that one."""


def add(**facts: Any) -> Tip:
    """A new draft. Raises `AlreadyUnderWay`."""
    try:
        with transaction.atomic():
            return Tip.objects.create(**facts)
    except IntegrityError:
        raise AlreadyUnderWay(
            "There is a tip of this case about the same account already. Go on with that one."
        ) from None


def move(tip: Tip, expected: Iterable[str], to: str | None = None, **facts: Any) -> None:
    """Change a tip that is in one of the expected states. Raises `TipChanged`."""
    said = facts if to is None else {**facts, "state": to}
    try:
        with transaction.atomic():
            done = Tip.objects.filter(id=tip.id, state__in=list(expected)).update(**said)
    except IntegrityError:
        raise AlreadyUnderWay("There is another tip about the same account already.") from None
    if not done:
        raise TipChanged("This tip was changed in the meantime. Look at it again.")
    tip.refresh_from_db()


def lease(tip_id: UUID, *, now: datetime) -> Tip | None:
    """Take a tip that is due, so that no two workers ask for it at once; None when it is not."""
    free = Tip.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), id=tip_id)
    due = free.filter(state__in=ON_THE_WAY, due_at__lte=now)
    return Tip.objects.get(id=tip_id) if due.update(leased_until=now + LEASE) else None


def take_files(tip: Tip, file_ids: Iterable[UUID]) -> None:
    """The files of a tip and its context, afresh: nothing of them is at the authority."""
    TipFile.objects.filter(tip=tip).delete()
    TipFile.objects.bulk_create(
        TipFile(tip=tip, file_id=file_id, position=n) for n, file_id in enumerate([*file_ids, None])
    )


def note_file(file: TipFile, **facts: Any) -> None:
    """What became of one file."""
    TipFile.objects.filter(id=file.id).update(**facts)


def due(*, now: datetime) -> list[UUID]:
    """Tips that are to be taken up: never started, tried before, or left by a worker that died."""
    free = Tip.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now))
    return list(
        free.filter(state__in=ON_THE_WAY, due_at__lte=now).values_list("id", flat=True)[:100]
    )


def endangered(*, now: datetime) -> list[Tip]:
    """Open tips that will soon be deleted at the authority, and that nobody was told of."""
    open_ones = Tip.objects.filter(report_ref__gt="", alarmed_at=None, opened_at__isnull=False)
    open_ones = open_ones.filter(state__in=[*AT_NCMEC, State.STALLED])
    return [one for one in open_ones if expires_at(one) - now <= lifetime.ALARM_BEFORE]


# ------------------------------------------------------------------ operator and schema


def set_operator(
    platform_id: UUID, operator: Operator, *, counsel: str, by: UUID | None, now: datetime
) -> None:
    """Keep who runs this platform."""
    facts = {"said": asdict(operator), "counsel": counsel, "changed_by": by, "changed_at": now}
    OperatorProfile.objects.update_or_create(platform_id=platform_id, defaults=facts)


def keep_schema(environment: str, body: bytes, *, now: datetime) -> bool:
    """Keep a schema that was fetched; True when it is another than the one before."""
    digest = hashlib.sha256(body).digest()
    row, new = Schema.objects.get_or_create(
        environment=environment,
        sha256=digest,
        defaults={"body": body, "fetched_at": now, "last_seen_at": now},
    )
    if not new:
        Schema.objects.filter(id=row.id).update(last_seen_at=now)
    return new
