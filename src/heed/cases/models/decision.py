"""Decisions, appeals and deadlines: what was judged, asked again, and owed."""

from django.db import models

from heed.cases.models.case import Case
from heed.cases.models.notice import Notice
from heed.ids import mint
from heed.media.models import Item


class Decision(models.Model):
    """A reasoned judgement by a person. Never edited; undone by an appeal or a new decision."""

    class State(models.TextChoices):
        """A refusal on a body stays proposed until a second person agrees."""

        PROPOSED = "proposed"
        FINAL = "final"
        REFUSED = "refused"  # the second person did not agree
        REVERSED = "reversed"  # on appeal

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField()
    ruling = models.CharField(max_length=8)  # rules.decisions.Ruling
    scope = models.CharField(max_length=8)  # rules.decisions.Scope
    clause = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    reasons = models.TextField()  # what the notifier is told
    facts = models.TextField(blank=True)  # what the reviewer saw; stays inside
    state = models.CharField(max_length=8, choices=State.choices)
    decided_by = models.UUIDField()
    decided_at = models.DateTimeField()
    seconded_by = models.UUIDField(null=True)
    seconded_at = models.DateTimeField(null=True)
    second_reasons = models.TextField(blank=True)  # of who did not agree; stays inside
    unseconded = models.BooleanField(default=False)  # alone on a small site; published
    exempt_items = models.ManyToManyField(Item, blank=True, related_name="+")

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                name="one_proposal",
                condition=models.Q(state="proposed"),
            )
        ]

    def __str__(self) -> str:
        return f"decision:{self.id}"


class Exemption(models.Model):
    """What a removal leaves alone though its case restricts it. On a body a second person agrees
    first, and until then it stays as it is. The last word on an item holds.
    """

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed"
        FINAL = "final"
        REFUSED = "refused"  # it goes with the rest
        PASSED = "passed"  # the case was decided anew before anybody agreed

    id = models.UUIDField(primary_key=True, default=mint)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="exemptions")
    appeal = models.ForeignKey("cases.Appeal", on_delete=models.PROTECT, null=True)  # that asked
    items = models.ManyToManyField(Item, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    seconded_by = models.UUIDField(null=True)
    seconded_at = models.DateTimeField(null=True)
    second_reasons = models.TextField(blank=True)  # stays inside
    unseconded = models.BooleanField(default=False)  # alone on a small site; published

    class Meta:
        app_label = "cases"
        indexes = [
            models.Index(
                fields=["decision"],
                name="exemption_waits",
                condition=models.Q(state="proposed"),
            )
        ]

    def __str__(self) -> str:
        return f"exemption:{self.id}"


class Appeal(models.Model):
    """Asking for another look, by either side; goes to somebody who has not decided before."""

    class State(models.TextChoices):
        """How it ended."""

        OPEN = "open"
        STANDS = "stands"
        REVERSED = "reversed"
        SETTLED = "settled"  # it was decided anew that way, before anybody had answered
        PARTLY = "partly"  # the decision stands, but for what it was asked about

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, null=True)  # null: the uploader
    statement_id = models.UUIDField(null=True)  # the uploader's statement of reasons
    measure = models.ForeignKey(
        "cases.MeasureOnAccount", on_delete=models.PROTECT, null=True, related_name="appeals"
    )  # what was done to the account, and not the content
    text = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    added_at = models.DateTimeField(null=True)  # they said more since
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)
    unseconded = models.BooleanField(default=False)  # by one who had decided: nobody else was there

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "notice", "statement_id", "measure"],
                name="appeal_once_open",
                condition=models.Q(state="open"),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"appeal:{self.id}"


class Deadline(models.Model):
    """Something owed by a time. Survives joins and splits: it belongs to its cause."""

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="deadlines")
    # notice:<id>, decision:<id>, recurrence:<id>; found by its beginning, in every database's order
    cause = models.CharField(max_length=60, db_collation="C")
    citation = models.CharField(max_length=120)
    clock = models.CharField(max_length=60)  # rules.clocks.Clock.id
    stops = models.CharField(max_length=24)  # rules.clocks.Stop: what it waits for
    kind = models.CharField(max_length=16)  # rules.clocks.Kind
    status = models.CharField(max_length=10)  # in force, or advisory
    set_at = models.DateTimeField()
    due_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True)  # stands still while its items are hidden
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [models.UniqueConstraint(fields=["cause", "citation"], name="deadline_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="deadline_open",
                condition=models.Q(met_at=None, breached_at=None),
            ),
            models.Index(
                fields=["case", "due_at"],
                name="deadline_nearest",
                condition=models.Q(met_at=None, held_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"deadline:{self.id}"
