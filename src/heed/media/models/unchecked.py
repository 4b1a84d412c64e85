"""Uploads that were held because nobody could check them."""

from django.db import models

from heed.ids import mint
from heed.media.models.items import File, Platform


class Unchecked(models.Model):
    """One upload that is held unchecked, or all that one outage held; a person is due for it.

    Of people it holds the platform's own names of account and upload, as an `Upload` does.
    """

    class End(models.TextChoices):
        """How it ended."""

        CHECKED = "checked"  # it could be checked after all
        REGISTERED = "registered"  # the platform told of it: its places are read and compared
        RELEASED = "released"  # a person let it in
        BLOCKED = "blocked"  # a person refused it
        SEEN = "seen"  # a person knows: the platform asks again

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE)
    cause = models.BinaryField(max_length=32)  # the question, so that asking again is the same row
    url = models.CharField(max_length=2083, blank=True)
    file = models.ForeignKey(File, on_delete=models.CASCADE, null=True)
    account_ref = models.CharField(max_length=200, blank=True)
    upload_ref = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=80)
    asked = models.PositiveIntegerField(default=1)  # uploads of an outage; else how often one came
    since_at = models.DateTimeField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)  # null: looking again would not help
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=10, choices=End.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "cause"],
                name="unchecked_once",
                condition=models.Q(ended_at=None),
            )
        ]
        indexes = [
            models.Index(
                fields=["platform", "upload_ref"],
                name="unchecked_open",
                condition=models.Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"unchecked:{self.id}"
