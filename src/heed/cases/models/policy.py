"""What a platform states, version by version."""

from django.db import models

from heed.ids import mint


class ReasonText(models.Model):
    """What a reviewer is offered as reasons for a clause, in one language. The newest counts."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey("media.Platform", on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    text = models.TextField(blank=True)  # empty: the words that Heed comes with
    made_by = models.UUIDField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["platform", "language"], name="reason_texts")]

    def __str__(self) -> str:
        return f"reasons:{self.clause}:{self.language}"


class PolicyVersion(models.Model):
    """One revised text. It never changes; only what is not in force yet can be withdrawn."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey("media.Platform", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=20, unique=True)  # what decisions and statements cite
    number = models.PositiveIntegerField()
    clauses = models.JSONField()  # rules.policy.Clause, in order
    why = models.TextField()  # what changed and why, for everybody to read
    in_force_at = models.DateTimeField()
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "number"], name="policy_numbered_once")
        ]

    def __str__(self) -> str:
        return f"policy:{self.name}"
