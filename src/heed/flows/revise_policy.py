"""An administrator gives a platform's policy new words, from a day on.

1. Hold them against what nobody may weaken; keep them as the next version, with a ledger entry.
2. A version that is not in force yet can be withdrawn. What was in force stays readable for ever.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import PolicyVersion
from heed.cases.queries import policies
from heed.cases.services import policies as writing
from heed.ledger import services as ledger
from heed.media.models import Platform
from heed.rules import policy
from heed.rules.policy import Clause


class NotPublished(Exception):
    """The new words were not taken; the message says which, and what would be."""


def publish(
    *, platform_id: UUID, clauses: Sequence[Clause], why: str, in_force_at: datetime,
    by: UUID, now: datetime,
) -> PolicyVersion:  # fmt: skip
    """A new version of the platform's policy. Raises `NotPublished`."""
    if in_force_at < now:
        raise NotPublished("A policy never holds for what was before it: choose a later time.")
    if not why.strip():
        raise NotPublished("Say what changes and why: everybody can read it beside the text.")
    try:
        said = policy.revised(clauses)
    except policy.NotAPolicy as why_not:
        raise NotPublished(f"{why_not}.") from why_not
    with transaction.atomic():
        before = [one for one in policies.versions(platform_id) if not one.withdrawn][-1]
        if not policy.differences(before.clauses, said):
            raise NotPublished(f"These are the words of version {before.name}: nothing changes.")
        made = writing.publish(
            Platform.objects.get(id=platform_id), said, why=why.strip(), in_force_at=in_force_at,
            by=by, now=now,
        )  # fmt: skip
        _enter("policy.published", made, by, now)
    return made


def withdraw(*, version_id: UUID, by: UUID, now: datetime) -> bool:
    """Withdraw a version before it holds. False when it already does, or was withdrawn."""
    with transaction.atomic():
        version = PolicyVersion.objects.select_for_update().get(id=version_id)
        done = writing.withdraw(version, now=now)
        if done:
            _enter("policy.withdrawn", version, by, now)
    return done


def _enter(event: str, version: PolicyVersion, by: UUID, now: datetime) -> None:
    text = json.dumps(version.clauses, sort_keys=True, separators=(",", ":")).encode()
    body = {
        "policy": version.name,
        "by": str(by),
        "in_force_at": version.in_force_at.isoformat(),
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    ledger.enter(event, subject=f"platform:{version.platform_id}", body=body, at=now)
