"""A rollback: what a bank, a key, a source or a version of the rules caused is undone."""

from django.db import models

from heed.ids import mint


class Rollback(models.Model):
    """Proposed by one person, confirmed by another; then undone case by case."""

    class What(models.TextChoices):
        """What went wrong."""

        BANK = "bank", "a bank"
        KEY = "key", "a key"
        SOURCE = "source", "a source"
        RULES = "rules", "a version of the rules"

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", "Waits for a second person"
        CONFIRMED = "confirmed", "Being undone"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=mint)
    what = models.CharField(max_length=8, choices=What.choices)
    which = models.CharField(max_length=80)  # an id, a key's prefix, a source, a version; no secret
    says = models.CharField(max_length=120)  # as people call it
    why = models.TextField(blank=True)
    found = models.JSONField(default=dict)  # what it would undo when it was proposed
    undid = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    confirmed_by = models.UUIDField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    unseconded = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["what", "which"],
                name="rollback_once_open",
                condition=models.Q(state__in=["proposed", "confirmed"]),
            )
        ]

    def __str__(self) -> str:
        return f"rollback:{self.id}"
