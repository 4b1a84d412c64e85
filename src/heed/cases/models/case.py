"""A case: everything said and done about one file, or one item, or a threat, on one platform."""

from django.db import models

from heed.ids import mint
from heed.media.models import File, Item, Platform


class Case(models.Model):
    """Unique on its subject; a later turn of events is a new round of the same case."""

    class State(models.TextChoices):
        """Where the case stands."""

        OPEN = "open", "Waiting for a decision"
        PROPOSED = "proposed", "Waiting for a second person"
        DECIDED = "decided", "Decided"

    id = models.UUIDField(primary_key=True, default=mint)
    number = models.CharField(max_length=16, unique=True)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="cases")
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, related_name="cases")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="cases")
    threat_of = models.UUIDField(
        null=True, unique=True
    )  # a notice: not yet posted, or not yet found
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    round = models.PositiveSmallIntegerField(default=1)
    category = models.CharField(max_length=20)  # of its gravest notice
    about_child = models.BooleanField(default=False)
    rung = models.PositiveSmallIntegerField()
    danger = models.BooleanField(default=False)
    crowd = models.BooleanField(default=False)  # all its claims are of a source or wave over bound
    level = models.CharField(max_length=8, default="visible")  # what this case asks for its items
    because = models.JSONField(default=list)
    decided_level = models.CharField(max_length=8, blank=True)  # last final ruling's level
    stood_at = models.DateTimeField(null=True)  # people let it stand
    known_facts = models.JSONField(default=list)  # what they had been told then: [name, value]
    due_at = models.DateTimeField(null=True)  # the nearest unmet deadline, kept for the queue
    speed_per_hour = models.FloatField(default=0)
    opened_at = models.DateTimeField()
    round_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    taken_by = models.UUIDField(null=True)  # who works on it now
    taken_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "file"],
                name="case_of_file",
                condition=models.Q(file__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["platform", "item"],
                name="case_of_item",
                condition=models.Q(item__isnull=False),
            ),
            models.CheckConstraint(
                name="case_has_one_subject",
                condition=(
                    models.Q(file__isnull=False, item=None, threat_of=None)
                    | models.Q(file=None, item__isnull=False, threat_of=None)
                    | models.Q(file=None, item=None, threat_of__isnull=False)
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["rung", "due_at"],
                name="case_queue",
                condition=~models.Q(state="decided"),
            )
        ]

    def __str__(self) -> str:
        return f"case:{self.number}"


class CaseLink(models.Model):
    """Two cases that look alike. Never transitive; a person confirms or refuses it."""

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    other = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links_back")
    distance_bits = models.PositiveSmallIntegerField(null=True)
    made_at = models.DateTimeField()
    same = models.BooleanField(null=True)  # None: nobody has looked yet
    judged_by = models.UUIDField(null=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [models.UniqueConstraint(fields=["case", "other"], name="link_once")]

    def __str__(self) -> str:
        return f"link:{self.id}"


class Split(models.Model):
    """Some copies of a case turned out to be another matter: they have a case of their own."""

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="splits")
    into = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="split_from")
    why = models.TextField()
    made_by = models.UUIDField()
    made_at = models.DateTimeField()

    class Meta:
        app_label = "cases"

    def __str__(self) -> str:
        return f"split:{self.id}"


class Copy(models.Model):
    """An item that carries a case's file, and how it was found."""

    class How(models.TextChoices):
        """The ways by which a copy is found."""

        NAMED = "named"
        RESHARE = "reshare"
        EXACT = "exact"
        NEAR = "near"

    id = models.UUIDField(primary_key=True, default=mint)
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="copies", db_index=False
    )  # it begins `copy_once`
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="copies")
    how = models.CharField(max_length=8, choices=How.choices)
    distance_bits = models.PositiveSmallIntegerField(null=True)
    quality = models.PositiveSmallIntegerField(null=True)  # near only: PDQ quality of this one
    near_file = models.ForeignKey(File, on_delete=models.PROTECT, null=True)
    same = models.BooleanField(null=True)  # near only: a person's word
    found_at = models.DateTimeField()
    views_then = models.BigIntegerField(default=0)  # when it was found: views before we knew
    asked_at = models.DateTimeField(null=True)  # named again after a removal had left it alone
    split = models.ForeignKey(Split, on_delete=models.PROTECT, null=True)  # another case sees to it

    class Meta:
        app_label = "cases"
        constraints = [models.UniqueConstraint(fields=["case", "item"], name="copy_once")]
        indexes = [
            models.Index(
                fields=["case"],
                name="copy_to_judge",  # of ten thousand copies these few wait for a person
                condition=models.Q(how="near", same=None),
            )
        ]

    def __str__(self) -> str:
        return f"copy:{self.id}"


class Restriction(models.Model):
    """One case's wish for one item. The strictest live one is what the item should be."""

    id = models.UUIDField(primary_key=True, default=mint)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="restrictions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="restrictions")
    level = models.CharField(max_length=8)
    basis = models.CharField(max_length=60)  # the reason's name, or decision:<id>
    since_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "case"],
                name="restriction_live_once",
                condition=models.Q(lifted_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"restriction:{self.id}"
