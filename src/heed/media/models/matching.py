"""What the match index must be told of and no other table holds."""

from django.db import models


class GoneSignal(models.Model):
    """A signal whose row was deleted. Written by the database itself; see also `stamp`."""

    id = models.BigAutoField(primary_key=True)
    feed = models.CharField(max_length=12)
    ref = models.BigIntegerField()

    def __str__(self) -> str:
        return f"gonesignal:{self.id}"
