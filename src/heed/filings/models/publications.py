"""Statements of reasons that are told to the DSA Transparency Database, each once."""

from django.db import models

from heed.filings.models.documents import StatementOfReasons
from heed.ids import mint


class Publication(models.Model):
    """One statement on its way to the database."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "waits to be sent"
        UNSURE = "unsure", "sent, and no answer came"
        SENT = "sent", "in the database"
        REFUSED = "refused", "refused"

    id = models.UUIDField(primary_key=True, default=mint)  # the database knows it by this
    statement = models.OneToOneField(
        StatementOfReasons, on_delete=models.PROTECT, related_name="publication"
    )
    cause = models.CharField(max_length=60)  # of the clock that all of one issue share
    payload = models.JSONField()  # no person, no post, no notice
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ref = models.CharField(max_length=80, blank=True)  # the database's own id
    why_not = models.CharField(max_length=500, blank=True)

    class Meta:
        app_label = "filings"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="publication_due",
                condition=models.Q(state__in=["waiting", "unsure"]),
            )
        ]

    def __str__(self) -> str:
        return f"publication:{self.id}"
