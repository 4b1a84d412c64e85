"""How somebody comes to work here, and how they look after themselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heed.ids import mint


class Invitation(models.Model):
    """A link by which one person gets an account, or a new password and second factor."""

    id = models.UUIDField(primary_key=True, default=mint)
    email = models.EmailField()
    name = models.CharField(max_length=80)
    platform_ids = ArrayField(models.UUIDField(), default=list)
    roles = ArrayField(models.CharField(max_length=16), default=list)
    is_outside = models.BooleanField(default=False)
    staff = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True)  # a new start
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_by = models.UUIDField(null=True)  # None: by the command line
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return f"invitation:{self.id}"


class OwnLimits(models.Model):
    """Limits that somebody sets for themselves, below those of the house."""

    staff_id = models.UUIDField(primary_key=True)
    files_a_shift = models.PositiveIntegerField()
    seconds_a_shift = models.PositiveIntegerField()
    seconds_a_week = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return f"limits:{self.staff_id}"


class HandedOn(models.Model):
    """A case that somebody handed on: it is not offered to them again. No reason is kept."""

    case_id = models.UUIDField()
    staff_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(fields=["case_id", "staff_id"], name="handed_on_once")
        ]

    def __str__(self) -> str:
        return f"handed-on:{self.case_id}"


class SavedView(models.Model):
    """What somebody asks the queue for again and again, by a name of their own."""

    id = models.UUIDField(primary_key=True, default=mint)
    staff_id = models.UUIDField()
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=2_200)
    kept_at = models.DateTimeField()

    class Meta:
        app_label = "people"
        constraints = [models.UniqueConstraint(fields=["staff_id", "name"], name="view_once")]

    def __str__(self) -> str:
        return f"view:{self.id}"


class PracticeAnswer(models.Model):
    """How somebody decided an exercise, the last time."""

    staff_id = models.UUIDField()
    exercise = models.CharField(max_length=40)  # rules.practice.Exercise.id
    ruling = models.CharField(max_length=8)
    clause = models.CharField(max_length=40)
    points = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(fields=["staff_id", "exercise"], name="practice_once")
        ]

    def __str__(self) -> str:
        return f"practice:{self.exercise}"
