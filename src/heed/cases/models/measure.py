"""What is done to an account after the decision on the content."""

from django.db import models

from heed.cases.models.decision import Decision
from heed.ids import mint
from heed.media.models import Account


class MeasureOnAccount(models.Model):
    """One measure on one account, for one decision. Never edited; a milder one may follow."""

    class State(models.TextChoices):
        """A suspension is only proposed until a senior signs it."""

        PROPOSED = "proposed"
        FINAL = "final"
        REFUSED = "refused"
        LIFTED = "lifted"  # an appeal turned it, or what it rested on

    id = models.UUIDField(primary_key=True, default=mint)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="on_accounts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="measures")
    measure = models.CharField(max_length=8)  # rules.accounts.AccountMeasure
    clause = models.CharField(max_length=40)  # published, in aggregate
    reasons = models.TextField()  # what the account is told
    state = models.CharField(max_length=8, choices=State.choices)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)
    link_hash = models.BinaryField(max_length=32, null=True)  # of the page where it is contested

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "account", "measure"],
                condition=~models.Q(state="refused"),  # that one may be proposed in other words
                name="measure_on_account_once",
            )
        ]

    def __str__(self) -> str:
        return f"measure-on-account:{self.id}"
