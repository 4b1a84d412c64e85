"""A life or somebody's safety in danger, as a person of ours found it, and who was told."""

from django.db import models

from heed.ids import mint


class Danger(models.Model):
    """One finding. What was told to whom is in the finder's words, for those who may read cases."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    case_id = models.UUIDField(null=True, db_index=True)
    call_id = models.UUIDField(null=True, db_index=True)  # of duty, where no case stands behind it
    why = models.TextField()
    found_by = models.UUIDField()
    found_at = models.DateTimeField()
    told = models.CharField(max_length=200, blank=True)  # which authority, and how
    told_ref = models.CharField(max_length=100, blank=True)  # its number, if it gave one
    told_by = models.UUIDField(null=True)
    told_at = models.DateTimeField(null=True)
    unfounded = models.TextField(blank=True)  # why it was no danger after all
    unfounded_by = models.UUIDField(null=True)
    unfounded_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"danger:{self.id}"

    @property
    def waits(self) -> bool:
        """Whether an authority is still to be told."""
        return self.told_at is None and self.unfounded_at is None
