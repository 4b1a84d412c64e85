"""A second, blind reading of a decision: not to change it, but to learn how well we agree."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heed.cases.models.decision import Decision
from heed.ids import mint


class BlindReading(models.Model):
    """One decision that was drawn, and what another person would have decided."""

    id = models.UUIDField(primary_key=True, default=mint)
    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name="blind_reading"
    )
    drawn_at = models.DateTimeField()
    known_to = ArrayField(models.UUIDField(), default=list)  # they have opened the case since
    read_by = models.UUIDField(null=True)
    read_at = models.DateTimeField(null=True)
    ruling = models.CharField(max_length=8, blank=True)  # rules.decisions.Ruling
    clause = models.CharField(max_length=40, blank=True)

    class Meta:
        app_label = "cases"

    def __str__(self) -> str:
        return f"blind-reading:{self.id}"
