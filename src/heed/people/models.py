"""People: who works here, what they have looked at, and how a notifier can be reached."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from heed.ids import mint
from heed.people import (  # noqa: F401  (Django finds an app's models from here)
    duty_models,
    partner_models,
    staff_models,
)


class Role(models.TextChoices):
    """What somebody may do; `web/console/permissions.py` says what each role opens."""

    REVIEWER = "reviewer", "Reviewer"
    CHILD_SAFETY = "child-safety", "Child-safety reviewer"
    SENIOR = "senior", "Senior reviewer"
    LIAISON = "liaison", "Liaison with authorities"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class StaffManager(BaseUserManager["Staff"]):
    """Makes staff by e-mail address; there is no public sign-up."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Staff":
        """A new account; without a password it can sign in by invitation only."""
        staff = self.model(email=self.normalize_email(email), **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff


class Staff(AbstractBaseUser):
    """Somebody who works on cases. Signs in with a second factor."""

    id = models.UUIDField(primary_key=True, default=mint)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    is_outside = models.BooleanField(default=False)  # an invited second reviewer of a partner
    joined_at = models.DateTimeField()
    push_url = models.CharField(max_length=500, blank=True, default="", db_default="")  # own topic

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[StaffManager] = StaffManager()

    def __str__(self) -> str:
        return f"staff:{self.id}"


class Membership(models.Model):
    """One person's role at one platform."""

    id = models.UUIDField(primary_key=True, default=mint)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="memberships")
    platform_id = models.UUIDField()
    role = models.CharField(max_length=16, choices=Role.choices)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "platform_id", "role"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"membership:{self.id}"


class Viewing(models.Model):
    """One look at one file. What was viewed is what was viewed: nothing here is ever guessed."""

    id = models.UUIDField(primary_key=True, default=mint)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="viewings")
    file_id = models.UUIDField()
    case_id = models.UUIDField()
    variant = models.CharField(max_length=16)  # flows.view_file.STILL, MOVING
    opened_at = models.DateTimeField()
    seconds = models.FloatField(default=0)  # unblurred, as the viewer counted; never beyond real
    severity = models.PositiveSmallIntegerField(default=0)  # rules.health.severity
    from_ms = models.PositiveIntegerField(null=True)  # of a part of a video: where it begins
    until_ms = models.PositiveIntegerField(null=True)  # and where it ends
    last = models.BooleanField(default=False)  # the video ends with this part
    played = models.JSONField(default=list)  # spans of the file in ms: rules.watching
    whole = models.BooleanField(default=False)  # with this look all of the file had been seen

    class Meta:
        indexes = [
            models.Index(fields=["case_id", "staff"], name="viewing_case"),
            models.Index(fields=["staff", "opened_at"], name="viewing_person"),
        ]

    def __str__(self) -> str:
        return f"viewing:{self.id}"


class Contact(models.Model):
    """How a notifier can be reached. Found by a keyed blind index, never by its plain text."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice_id = models.UUIDField(unique=True)
    address_sealed = models.BinaryField(null=True)  # encrypted; null once erased
    blind_index = models.BinaryField(max_length=32, db_index=True)
    may_write = models.BooleanField(default=True)  # False: "do not write to me"
    code_hash = models.BinaryField(max_length=32, null=True)  # of the confirming link
    code_sealed = models.BinaryField(null=True)  # until the confirming mail has gone
    code_sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)  # its mail came back: the address takes none
    returned_for = models.CharField(max_length=10, blank=True)  # unknown | full | refused

    def __str__(self) -> str:
        return f"contact:{self.id}"


class Device(models.Model):
    """A browser that a notifier asked to be told on: the address that its push service gave it.

    Nothing is encrypted for it, since nothing is said to it; so its keys are not kept.
    """

    id = models.UUIDField(primary_key=True, default=mint)
    notice_id = models.UUIDField()
    address_sealed = models.BinaryField()  # encrypted
    blind_index = models.BinaryField(max_length=32, db_index=True)  # the same for several notices
    added_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)  # its push service took it then
    refused_at = models.DateTimeField(null=True)  # and since then it takes none
    refused_for = models.CharField(max_length=60, blank=True)  # a status, a reason's name

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice_id", "blind_index"], name="device_once")
        ]

    def __str__(self) -> str:
        return f"device:{self.id}"


class Guess(models.Model):
    """A wrong guess at the words of a number. Both are kept blind, for an hour."""

    id = models.BigAutoField(primary_key=True)
    source = models.BinaryField(max_length=32, db_index=True)
    number = models.BinaryField(max_length=32, db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"guess:{self.id}"
