"""What people ask of evidence: that it stays, that it is opened, that it is destroyed."""

from django.db import models

from heed.ids import mint


class Hold(models.Model):
    """A legal hold: a person says why a case's evidence stays beyond every other time."""

    id = models.UUIDField(primary_key=True, default=mint)
    case_id = models.UUIDField(db_index=True)
    reason = models.CharField(max_length=300)
    placed_by = models.UUIDField()
    placed_at = models.DateTimeField()
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"hold:{self.id}"


class Unsealing(models.Model):
    """Somebody asks to open, or to destroy, a sealed copy; a second person agrees or does not."""

    class What(models.TextChoices):
        """What is asked."""

        OPEN = "open", "open it"
        DESTROY = "destroy", "destroy it"

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", "waits for a second person"
        AGREED = "agreed", "agreed"
        REFUSED = "refused", "refused"
        DONE = "done", "done"

    id = models.UUIDField(primary_key=True, default=mint)
    case_id = models.UUIDField(db_index=True)
    what = models.CharField(max_length=8, choices=What.choices)
    purpose = models.CharField(max_length=500)  # stated by who asks
    recipient = models.CharField(max_length=100, blank=True)  # age public key of who will read it
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    answered_by = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"unsealing:{self.id}"
