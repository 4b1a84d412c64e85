"""The log's tables. `append_only` ones can be inserted into by the application, and no more.

What may have to be forgotten (bodies, salts, exact times, the items of a batch) lies in tables of
its own, and can go without a stone of the tree being moved.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from heed import ids
from heed.ledger.leaves import LEAF_BYTES, SALT_BYTES
from heed.ledger.merkle import HASH_BYTES
from heed.ledger.tiles import TILE_WIDTH


def _sized(field: str, size: int, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Exact(Length(field), size), name=name)


class Origin(models.Model):
    """A name that the log goes, or went, by, and the key that signs for it."""

    append_only: ClassVar[bool] = True

    name = models.TextField(unique=True)
    vkey = models.TextField()
    declared_at = models.DateTimeField()
    supersedes = models.JSONField(default=list)  # all names signed for before


class Entry(models.Model):
    """One thing that happened, as a leaf. It has no place yet."""

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=ids.mint)
    leaf = models.BinaryField()

    class Meta:
        constraints = [_sized("leaf", LEAF_BYTES, "leaf_has_one_size")]


class EntryBody(models.Model):
    """What opens an entry. Erasable."""

    append_only: ClassVar[bool] = False

    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, primary_key=True, related_name="opened"
    )
    event = models.TextField()
    subject = models.TextField(db_index=True)
    body = models.TextField()  # canonical JSON, byte for byte; jsonb rewrites, and refuses NUL
    salt = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [_sized("salt", SALT_BYTES, "salt_has_one_size")]


class BatchItems(models.Model):
    """The items behind the root of one batch, in order. Erasable."""

    append_only: ClassVar[bool] = False

    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, primary_key=True, related_name="batch"
    )
    items = models.TextField()  # a canonical JSON array of strings
    salt = models.BinaryField()


class Waiting(models.Model):
    """An entry without a place. In the order of insertion; gone once it has one."""

    append_only: ClassVar[bool] = False

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="waiting")


class Place(models.Model):
    """An entry's place in the log, for good."""

    append_only: ClassVar[bool] = True

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="place")
    leaf_hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(index__gte=0), name="place_is_not_negative"),
            _sized("leaf_hash", HASH_BYTES, "leaf_hash_has_one_size"),
        ]


class Tile(models.Model):
    """One full tile of 256 hashes, and the root over them, which stands in the tile above."""

    append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints = [
            _sized("hashes", TILE_WIDTH * HASH_BYTES, "tile_is_full"),
            _sized("root", HASH_BYTES, "tile_root_has_one_size"),
        ]


class Checkpoint(models.Model):
    """A signed statement of the log's size and root. The note counts, the rest finds it."""

    append_only: ClassVar[bool] = True

    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, related_name="checkpoints")
    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField()
    made_at = models.DateTimeField()  # whole seconds, as in the note

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "size"], name="one_checkpoint_a_size"),
        ]
        indexes = [models.Index(fields=["size"], name="checkpoint_by_size")]


class Restoration(models.Model):
    """That this database was put back from a backup, and what its operator has said since."""

    append_only: ClassVar[bool] = False

    backup_made_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    size = models.BigIntegerField()  # entries that had a place in the backup
    known_size = models.BigIntegerField(null=True)  # the most that anybody here knows was signed
    may_sign_at = models.DateTimeField(null=True)  # null: nobody has said how the log goes on
    live_at = models.DateTimeField(null=True)  # null: nothing is told to anybody outside
