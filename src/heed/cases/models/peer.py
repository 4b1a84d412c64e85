"""What people report at a platform that has reports of its own."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heed.cases.models.notice import Notice
from heed.media.models import Platform


class PeerReport(models.Model):
    """The notice that one of a platform's own reports became. Never two notices of one."""

    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=200)
    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="peer_report")
    account_ref = models.CharField(max_length=200, blank=True)  # whom it is about
    posts = ArrayField(models.CharField(max_length=200), default=list)  # refs that it named so far
    words = models.TextField(blank=True)  # as they were when it was last read
    taken_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)  # the platform was to be told that it is decided

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "ref"], name="peer_report_once")]

    def __str__(self) -> str:
        return f"peer-report:{self.pk}"
