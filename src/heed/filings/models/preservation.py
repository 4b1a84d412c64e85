"""Preservation: what is sealed in the vault, for whom its key is wrapped, and until when."""

from django.db import models

from heed.ids import mint


class SealedObject(models.Model):
    """One thing of one case in the vault, or one that ought to be there and is not."""

    class Copy(models.TextChoices):
        """Three things, kept apart: one to look at, one to prove with, and what stood around it."""

        REVIEW = "review", "Review copy"
        EVIDENCE = "evidence", "Evidence copy"
        CONTEXT = "context", "Context"
        ORDER = "order", "Instrument of an order"  # its `case_id` is the order's

    class State(models.TextChoices):
        """Where it stands. "Could not be kept" is a state of its own, in sight."""

        WAITING = "waiting", "being kept"
        KEPT = "kept", "kept"
        MISSED = "missed", "could not be kept"
        FORBIDDEN = "forbidden", "may not be held here"
        DAMAGED = "damaged", "damaged"
        DESTROYED = "destroyed", "destroyed"

    id = models.UUIDField(primary_key=True, default=mint)
    copy = models.CharField(max_length=8, choices=Copy.choices)
    platform_id = models.UUIDField()
    case_id = models.UUIDField(db_index=True)
    file_id = models.UUIDField(null=True)  # null: context
    upload_id = models.UUIDField(null=True)  # a held upload's, until somebody has decided
    round = models.PositiveSmallIntegerField(default=1)  # context: the case's; order: which paper
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=200, blank=True)  # why it is missed or damaged
    source = models.CharField(max_length=12, blank=True)  # evidence | public | handed | upload
    name = models.CharField(max_length=80, blank=True)  # in the vault
    plain_sha256 = models.BinaryField(max_length=32, null=True)
    plain_bytes = models.BigIntegerField(null=True)
    sealed_sha256 = models.BinaryField(max_length=32, null=True)
    asked_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)  # last seen whole in the vault
    destroyed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["case_id", "copy", "file_id", "upload_id", "round"],
                name="sealed_once",
                nulls_distinct=False,
                condition=~models.Q(state="destroyed"),
            )
        ]
        indexes = [
            models.Index(
                fields=["retry_at"],
                name="sealed_due",
                condition=models.Q(state__in=["waiting", "missed", "damaged"]),
            )
        ]

    def __str__(self) -> str:
        return f"sealed:{self.id}"


class KeyWrapping(models.Model):
    """An object's key, wrapped for one purpose. Deleting all of an object's rows destroys it."""

    id = models.UUIDField(primary_key=True, default=mint)
    sealed = models.ForeignKey(SealedObject, on_delete=models.CASCADE, related_name="wrappings")
    purpose = models.CharField(max_length=8)  # ports.Purpose
    recipient = models.CharField(max_length=200)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        app_label = "filings"
        constraints = [models.UniqueConstraint(fields=["sealed", "purpose"], name="wrapped_once")]

    def __str__(self) -> str:
        return f"wrapping:{self.id}"
