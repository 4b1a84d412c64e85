"""Partners: trusted flaggers, schools and hotlines that were invited to tell us of many things."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heed.ids import mint


class Partner(models.Model):
    """One organisation at one platform. Whoever has its link or a key speaks for it."""

    class Kind(models.TextChoices):
        """What it is; it decides in what standing its notices speak."""

        FLAGGER = "flagger", "Trusted flagger"
        HOTLINE = "hotline", "Hotline"
        SCHOOL = "school", "School"

    class State(models.TextChoices):
        """Whether its word has priority. A paused partner is heard like everybody else."""

        INVITED = "invited", "Invited"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField(db_index=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    fields = ArrayField(models.CharField(max_length=20))  # categories in which it has priority
    state = models.CharField(max_length=8, choices=State.choices, default=State.INVITED)
    link_hash = models.BinaryField(max_length=32)  # of the secret that opens its page
    invited_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"partner:{self.id}"


class PartnerKey(models.Model):
    """A partner's key for programs. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=mint)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=16))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key:{self.prefix}"


class PartnerNote(models.Model):
    """What passed between a partner and us: warnings, pauses, appeals and their answers."""

    class What(models.TextChoices):
        """Each kind of turn."""

        WARNED = "warned", "Warned"
        PAUSED = "paused", "Paused"
        RESTORED = "restored", "Restored"
        APPEALED = "appealed", "Asked for another look"
        ANSWERED = "answered", "Answered"

    id = models.UUIDField(primary_key=True, default=mint)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="notes")
    what = models.CharField(max_length=8, choices=What.choices)
    text = models.TextField()
    by = models.UUIDField(null=True)  # staff; None: the partner
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"note:{self.id}"
