"""Duty: who is there when, what they do in an emergency, and the calls that reach them."""

from django.db import models

from heed.ids import mint


class Shift(models.Model):
    """Hours in which one person is on duty at a platform, first or behind another."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    staff = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="shifts")
    place = models.PositiveSmallIntegerField(default=1)  # 1 is rung first
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.UUIDField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "people"
        indexes = [models.Index(fields=["platform_id", "ends_at"], name="shift_now")]

    def __str__(self) -> str:
        return f"shift:{self.id}"


class Coverage(models.Model):
    """Hours of a weekday in which people are there. Declared, and published."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    weekday = models.PositiveSmallIntegerField()  # 0 is Monday
    from_minute = models.PositiveSmallIntegerField()  # of the day, in the platform's zone
    until_minute = models.PositiveSmallIntegerField()  # up to 1440, which is midnight

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(fields=["platform_id", "weekday"], name="coverage_once")
        ]

    def __str__(self) -> str:
        return f"coverage:{self.id}"


class Emergency(models.Model):
    """What a platform's people do when a life is in danger, and whom they ring."""

    platform_id = models.UUIDField(primary_key=True)
    steps = models.JSONField(default=list)  # the protocol: one line each
    contacts = models.JSONField(default=list)  # [who, how, what for]
    zone = models.CharField(max_length=60, default="UTC")  # of coverage and shifts
    team_url = models.CharField(max_length=500, blank=True)  # a webhook that the team reads
    team_secret = models.CharField(max_length=120, blank=True)  # whsec_...
    changed_at = models.DateTimeField(null=True)
    changed_by = models.UUIDField(null=True)

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return f"emergency:{self.platform_id}"


class Call(models.Model):
    """Somebody on duty is asked to look. Rings one person after another until it is taken."""

    class Kind(models.TextChoices):
        """Danger: one call for each cause. Waiting: one for all that waits at a platform."""

        DANGER = "danger"
        WAITING = "waiting"

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    cause = models.CharField(max_length=60, unique=True)
    case_id = models.UUIDField(null=True)
    notice_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    rings = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    taken_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "people"
        constraints = [
            models.UniqueConstraint(
                fields=["platform_id"],
                name="one_waiting_call",
                condition=models.Q(kind="waiting", ended_at=None),
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="call_open", condition=models.Q(ended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"call:{self.id}"

    @property
    def order_number(self) -> str:
        """The officer's request that it is about; empty for any other call."""
        return self._ref("order")

    @property
    def danger_ref(self) -> str:
        """The danger that one of us found; empty for any other call."""
        return self._ref("danger")

    def _ref(self, wanted: str) -> str:
        kind, _, ref = self.cause.partition(":")
        return ref if kind == wanted else ""


class Ring(models.Model):
    """One try to reach one person, or the team, for a call; and whether it got through."""

    id = models.UUIDField(primary_key=True, default=mint)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="tries")
    staff_id = models.UUIDField(null=True)  # None: the team's own channel
    way = models.CharField(max_length=8)  # mail | team
    rung_at = models.DateTimeField()
    failed = models.CharField(max_length=80, blank=True)  # why it did not get through

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return f"ring:{self.id}"


class StepDone(models.Model):
    """A step of the protocol that somebody did, in one call."""

    id = models.UUIDField(primary_key=True, default=mint)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="steps_done")
    step = models.TextField()  # its words then
    staff_id = models.UUIDField()
    done_at = models.DateTimeField()

    class Meta:
        app_label = "people"
        constraints = [models.UniqueConstraint(fields=["call", "step"], name="step_once")]

    def __str__(self) -> str:
        return f"step:{self.id}"
