"""Banks of signals, what was found with them, and where they are shared with others."""

from django.db import models

from heed.ids import mint
from heed.media.models.items import File, Platform


class Bank(models.Model):
    """A named set of signals with one policy: what a match does at the door and to what is there.

    Only a bank that is `enabled` does anything. `answers` stays true either way: whoever asks about
    a bank by name (a lookup) is told what is in it while it is on.
    """

    class Action(models.TextChoices):
        """What a match does to an upload at the door."""

        BLOCK = "block"
        HOLD = "hold"
        PASS = "pass"  # lets it in: the bank only asks for a person, or only answers lookups

    id = models.UUIDField(primary_key=True, default=mint)
    name = models.CharField(max_length=80)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, null=True)  # null: shared
    case_id = models.UUIDField(null=True, unique=True)  # a case's provisional bank
    category = models.CharField(max_length=20, default="other")  # rules.claims.Category
    action = models.CharField(max_length=8, choices=Action.choices)
    hides_registered = models.BooleanField(default=False)  # "marked for it", DESIGN 5.1
    asks_person = models.BooleanField(default=False)  # a match opens a case, whatever else it does
    trusted = models.BooleanField(default=False)  # what it knows byte for byte stays unopened
    threshold_bits = models.PositiveSmallIntegerField(default=31)
    enabled_share = models.FloatField(default=1.0)  # of files that it is asked about, 0..1
    enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80, blank=True)  # as a signal's source
    changed_at = models.DateTimeField(null=True)  # its policy or, before it went live, its signals
    tried = models.JSONField(null=True)  # what the last dry run found
    tried_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "name"],
                name="bank_name_once",
                nulls_distinct=False,
                condition=models.Q(case_id=None),
            )
        ]
        indexes = [
            models.Index(
                fields=["-threshold_bits"], name="bank_widest", condition=models.Q(enabled=True)
            )
        ]

    def __str__(self) -> str:
        return f"bank:{self.id}"


class BankContent(models.Model):
    """Signals of one thing that were put in together, with what was said of it.

    Its number comes from the same row of numbers as those of signals, so that whoever knows only
    numbers can name either.
    """

    id = models.BigIntegerField(primary_key=True)
    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="contents")
    note = models.CharField(max_length=255, blank=True)
    said = models.JSONField(default=dict)  # who put it in says: content_id, content_uri, json
    original_url = models.CharField(max_length=2083, blank=True)
    source = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    off_until = models.DateTimeField(null=True)  # as with its signals
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"bankcontent:{self.id}"


class BankSignal(models.Model):
    """One signal in a bank, with where it came from. Live while neither withdrawn nor off.

    Two sources may put in the same value: when one of them takes it back, the other's stays.
    """

    id = models.BigAutoField(primary_key=True)
    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="signals")
    content = models.ForeignKey(
        BankContent, on_delete=models.CASCADE, null=True, related_name="signals"
    )
    type = models.CharField(max_length=8)  # sha256 | md5 | sha1 | pdq | vpdq
    value = models.BinaryField(max_length=32)
    quality = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=80)  # case:<id>, exchange:<id>, staff:<id>, key:<id>
    source_ref = models.CharField(max_length=200, blank=True)  # how its source calls it
    case_id = models.UUIDField(null=True)
    note = models.CharField(max_length=255, blank=True)
    added_at = models.DateTimeField()
    off_until = models.DateTimeField(null=True)  # switched off; a sweep switches it on again
    withdrawn_at = models.DateTimeField(null=True)
    committed = models.BigIntegerField(db_default=0, db_index=True)  # as an item's

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bank", "content", "type", "value", "source", "source_ref"],
                name="bank_signal_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["type", "value"], name="bank_signal_value"),
            models.Index(
                fields=["bank", "source_ref"],
                name="bank_signal_ref",
                condition=~models.Q(source_ref=""),
            ),
            models.Index(
                fields=["type"], name="bank_signal_off", condition=~models.Q(off_until=None)
            ),
        ]

    def __str__(self) -> str:
        return f"banksignal:{self.id}"


class Match(models.Model):
    """A file's signal within the threshold of a banked one, on one platform."""

    class Word(models.TextChoices):
        """What people say of it."""

        RIGHT = "right"
        WRONG = "wrong"  # it holds and hides nothing any more
        UNDONE = "undone"  # rolled back: as if it had never been found

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="matches")
    bank_signal = models.ForeignKey(BankSignal, on_delete=models.CASCADE, related_name="matches")
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, null=True, related_name="+")
    distance_bits = models.PositiveSmallIntegerField()
    threshold_bits = models.PositiveSmallIntegerField()
    found_at = models.DateTimeField()
    at_door = models.BooleanField(default=True)  # an upload; else something registered
    case_id = models.UUIDField(null=True, db_index=True)  # the case that it led to
    rules_version = models.CharField(max_length=20, blank=True)  # that judged it
    word = models.CharField(max_length=8, choices=Word.choices, blank=True)
    said_by = models.CharField(max_length=80, blank=True)
    said_at = models.DateTimeField(null=True)
    shared_at = models.DateTimeField(null=True)  # its exchange was told what people say

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "bank_signal", "platform"], name="match_once", nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(
                fields=["said_at"],
                name="match_to_share",
                condition=~models.Q(word="") & models.Q(shared_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"match:{self.id}"


class Exchange(models.Model):
    """A place where a bank is shared with others, and how far we have come with it."""

    id = models.UUIDField(primary_key=True, default=mint)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20)  # which integration: settings.HEED_EXCHANGE_PORTS
    bank = models.OneToOneField(Bank, on_delete=models.PROTECT, related_name="exchange")
    said = models.JSONField(default=dict)  # its settings; never credentials
    enabled = models.BooleanField(default=True)
    cursor = models.JSONField(default=dict)  # committed with the page that it follows
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # leased to one worker until then, or the next sync
    started_at = models.DateTimeField(null=True)  # of the sync under way
    synced_at = models.DateTimeField(null=True)  # everything there was had been taken over
    failed_at = models.DateTimeField(null=True)  # the last try; null once one has worked
    trouble = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict)  # added, withdrawn, passed over by type, pages

    def __str__(self) -> str:
        return f"exchange:{self.id}"
