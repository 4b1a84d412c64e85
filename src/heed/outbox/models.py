"""What is to be told: one row for each item's desired state, one letter for anything else.

Nothing here knows other records: ids and refs only.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from heed import ids

ERROR_NAME_LENGTH = 60


class Undelivered(models.Model):
    """The part that both kinds share: when it is due, who has it in hand, how it went."""

    platform_id = models.UUIDField()
    enqueued_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # null: nothing left to do, or given up (`dead_at`)
    lease_id = models.UUIDField(null=True)  # the delivery in flight
    leased_until = models.DateTimeField(null=True)  # past it, the deliverer is taken to be dead
    attempts = models.PositiveIntegerField(default=0)
    first_failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=ERROR_NAME_LENGTH, blank=True, default="")  # a name
    dead_at = models.DateTimeField(null=True)  # given up on, in sight until `revive`

    class Meta:
        abstract = True


class StateTelling(Undelivered):
    """What one item should be, and what its platform has said of it. One row for each item.

    A newer revision replaces an older one in place; the lease stays, so that a delivery in flight
    comes home before the next one of the same item leaves.
    """

    item_id = models.UUIDField(primary_key=True)
    item_ref = models.TextField()
    visibility = models.CharField(max_length=20)
    revision = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=40)
    told_at = models.DateTimeField(null=True)  # this revision reached the platform
    acknowledged_revision = models.PositiveBigIntegerField(null=True)
    acknowledged_result = models.CharField(max_length=20, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                "platform_id", "attempts", "due_at",
                name="outbox_state_due", condition=Q(due_at__isnull=False),
            ),
            models.Index(
                "platform_id", "dead_at",
                name="outbox_state_dead", condition=Q(dead_at__isnull=False),
            ),
            models.Index("platform_id", "item_ref", name="outbox_state_ref"),
        ]  # fmt: skip


class Letter(Undelivered):
    """Anything else that a platform is told: a statement of reasons, a released upload."""

    id = models.UUIDField(primary_key=True, default=ids.mint)
    kind = models.CharField(max_length=60)
    payload = models.JSONField()
    key = models.CharField(max_length=200, unique=True)  # the same key is the same letter
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                "platform_id", "attempts", "due_at",
                name="outbox_letter_due", condition=Q(due_at__isnull=False),
            ),
            models.Index(
                "platform_id", "dead_at",
                name="outbox_letter_dead", condition=Q(dead_at__isnull=False),
            ),
        ]  # fmt: skip
