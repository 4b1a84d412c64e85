"""Disputes before an out-of-court body (DSA article 21): what is asked, and how it ended."""

from django.db import models

from heed.ids import mint


class Dispute(models.Model):
    """One dispute about a decision. It does not bind; what follows is a decision of ours."""

    class Side(models.TextChoices):
        """Who went there."""

        UPLOADER = "uploader", "who published it"
        NOTIFIER = "notifier", "who told us of it"

    class Outcome(models.TextChoices):
        """How it ended."""

        STANDS = "stands", "our decision stands"
        OVERTURNED = "overturned", "our decision should be changed"
        SETTLED = "settled", "settled"
        WITHDRAWN = "withdrawn", "withdrawn"

    id = models.UUIDField(primary_key=True, default=mint)
    case_id = models.UUIDField(db_index=True)
    side = models.CharField(max_length=8, choices=Side.choices)
    body = models.CharField(max_length=200)  # the certified body
    dispute_ref = models.CharField(max_length=120)  # its own number
    opened_at = models.DateTimeField()
    noted_by = models.UUIDField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    followed = models.BooleanField(null=True)  # whether we did what it said
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"
        constraints = [models.UniqueConstraint(fields=["body", "dispute_ref"], name="dispute_once")]

    def __str__(self) -> str:
        return f"dispute:{self.id}"
