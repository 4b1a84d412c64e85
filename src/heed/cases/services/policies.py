"""Writing down what a platform states."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from heed.cases.models import PolicyVersion, ReasonText
from heed.media.models import Platform
from heed.rules.policy import Clause


def publish(
    platform: Platform, said: Sequence[Clause], *, why: str, in_force_at: datetime,
    by: UUID, now: datetime,
) -> PolicyVersion:  # fmt: skip
    """The platform's next version; number 1 is the one that Heed comes with."""
    Platform.objects.select_for_update().get(id=platform.id)  # numbers have no gaps
    rows = PolicyVersion.objects.filter(platform=platform)
    number = (rows.aggregate(last=Max("number"))["last"] or 1) + 1
    return PolicyVersion.objects.create(
        platform=platform, number=number, name=_name(platform, number), why=why,
        clauses=[_row(one) for one in said], in_force_at=in_force_at, made_by=by, made_at=now,
    )  # fmt: skip


def _name(platform: Platform, number: int) -> str:
    """What decisions cite, of 20 letters at most: no two platforms have the same."""
    name = f"{platform.slug[:14]}-{number}"
    taken = PolicyVersion.objects.filter(name=name).exists()
    return f"{platform.slug[:9]}-{platform.id.hex[-4:]}-{number}" if taken else name


def _row(one: Clause) -> dict[str, object]:
    return {"id": one.id, "title": one.title, "text": one.text, "rung": int(one.rung)}


def keep_reasons(
    platform_id: UUID, clause: str, language: str, text: str, *, by: UUID, now: datetime
) -> ReasonText:
    """The words to begin with, from now on; earlier ones stay."""
    return ReasonText.objects.create(
        platform_id=platform_id, clause=clause, language=language, text=text, made_by=by,
        made_at=now,
    )  # fmt: skip


def withdraw(version: PolicyVersion, *, now: datetime) -> bool:
    """What is not in force yet never will be. False for one that is, or was withdrawn before."""
    waiting = PolicyVersion.objects.filter(id=version.id, withdrawn_at=None, in_force_at__gt=now)
    return bool(waiting.update(withdrawn_at=now))
