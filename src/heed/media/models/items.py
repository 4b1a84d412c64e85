"""What is on a platform, and what it looks like."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models

from heed.ids import mint
from heed.rules.visibility import Visibility

VISIBILITIES = [(level.value, level.value) for level in Visibility]


class Platform(models.Model):
    """A site that this server protects."""

    id = models.UUIDField(primary_key=True, default=mint)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    url_prefixes = ArrayField(models.URLField(max_length=300))  # what counts as "on this platform"
    callback_url = models.URLField(max_length=500, blank=True)
    callback_secret = models.CharField(max_length=120, blank=True)
    former_secrets = ArrayField(models.CharField(max_length=120), default=list)  # sign beside it
    former_secrets_until = models.DateTimeField(null=True)
    evidence_url = models.CharField(max_length=500, blank=True)  # with {ref} and {n}
    evidence_token = models.CharField(max_length=200, blank=True)
    private_addresses = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    capabilities = models.JSONField(default=dict)  # what it declared that it can do
    address_kinds = models.JSONField(default=dict)  # what its addresses are: rules/addresses.py
    gone_statuses = ArrayField(models.PositiveSmallIntegerField(), default=list)
    added_at = models.DateTimeField()
    connector = models.CharField(max_length=20, default="webhook")  # how it is heard and told
    connector_settings = models.JSONField(default=dict)  # no secrets
    heard_at = models.DateTimeField(null=True)  # a connector last learnt something from it
    trouble = models.CharField(max_length=200, blank=True, default="")  # of its connector, or empty
    gate_asked_at = models.DateTimeField(null=True)  # its proxy asked, when it was tried

    def __str__(self) -> str:
        return f"platform:{self.slug}"


class ApiKey(models.Model):
    """A platform's key. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=16))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key:{self.prefix}"


class Account(models.Model):
    """Who posted, as the platform names them. Never read by triage or by ordering."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )  # it begins `account_once`
    ref = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "ref"], name="account_once")]

    def __str__(self) -> str:
        return f"account:{self.id}"


class File(models.Model):
    """Bytes, known by their SHA-256. Shared by all platforms, once somebody has sent them.

    What a platform only told us of a file (`told_by`) is that platform's word, and counts there
    alone: another could else be made to hide what merely is said to look like something.
    """

    class State(models.TextChoices):
        """What we could learn of it; "could not" is never "nothing found"."""

        HASHED = "hashed"
        LOW_QUALITY = "low_quality"  # exact signals only; a person's eye for the rest
        NOT_HASHABLE = "not_hashable"
        SIGNALS_ONLY = "signals_only"  # the platform told us its signals, we saw no bytes

    id = models.UUIDField(primary_key=True, default=mint)
    sha256 = models.BinaryField(max_length=32)
    told_by = models.ForeignKey(Platform, on_delete=models.PROTECT, null=True, related_name="+")
    md5 = models.BinaryField(max_length=16, null=True, db_index=True)
    sha1 = models.BinaryField(max_length=20, null=True, db_index=True)
    size_bytes = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, default="other")
    mime = models.CharField(max_length=80, blank=True)
    width_px = models.PositiveIntegerField(null=True)
    height_px = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=40, blank=True)  # why it could not be hashed
    forms = models.BinaryField(blank=True, default=b"")  # 32-byte values to ask an index with
    # Of a video, the second that each group of forms is from: two bytes each.
    forms_at = models.BinaryField(blank=True, default=b"", db_default=b"")
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "told_by"], name="file_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"file:{self.id}"


class Signal(models.Model):
    """One PDQ value of a file (a picture's, or one of a video's frames). See also `bits`."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="signals")
    type = models.CharField(max_length=8)  # pdq | vpdq
    value = models.BinaryField(max_length=32)
    quality = models.PositiveSmallIntegerField()
    at_ms = models.PositiveIntegerField(null=True)  # of a video's frame

    def __str__(self) -> str:
        return f"signal:{self.id}"


class Item(models.Model):
    """One published thing at one place."""

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="items", db_index=False
    )  # it begins `item_once`
    ref = models.CharField(max_length=200)
    url = models.CharField(max_length=2083)
    kind = models.CharField(max_length=16, default="post")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="items")
    reshare_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reshares"
    )
    reshare_of_ref = models.CharField(max_length=200, blank=True)  # until that item is registered
    text = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=8, default="platform")  # or: notice
    deleted_at = models.DateTimeField(null=True)
    views = models.BigIntegerField(default=0)
    # Desired, acknowledged and observed visibility are three facts.
    desired = models.CharField(max_length=8, choices=VISIBILITIES, default=Visibility.VISIBLE)
    revision = models.PositiveIntegerField(default=0)
    desired_at = models.DateTimeField(null=True)
    acknowledged = models.CharField(max_length=8, default=Visibility.VISIBLE)
    acknowledged_revision = models.PositiveIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=12, blank=True)  # the platform's last word on a revision
    observed = models.CharField(max_length=12, blank=True)  # seen | gone | unverifiable
    observed_revision = models.PositiveIntegerField(default=0)
    observed_at = models.DateTimeField(null=True)
    seen_before = models.BooleanField(default=False)  # a fetch saw it; only then can it be "gone"
    observe_due_at = models.DateTimeField(null=True)
    observe_tries = models.PositiveSmallIntegerField(default=0)
    committed = models.BigIntegerField(
        db_index=True
    )  # transaction id: the commit-ordered watermark

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "ref"], name="item_once")]
        indexes = [
            models.Index(fields=["platform", "url"], name="item_url"),
            models.Index(
                fields=["platform", "reshare_of_ref"],
                name="item_orphan",
                condition=~models.Q(reshare_of_ref="") & models.Q(reshare_of=None),
            ),
            models.Index(
                fields=["platform", "ref"],
                name="item_restricted",
                condition=~models.Q(desired="visible"),
            ),
            models.Index(
                fields=["observe_due_at"],
                name="item_observe",
                condition=models.Q(observe_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"item:{self.id}"


class FormerAddress(models.Model):
    """Where an item was, before its platform named another address: old links still find it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="former_addresses")
    url = models.CharField(max_length=2083)

    class Meta:
        indexes = [models.Index(fields=["url"], name="former_url")]

    def __str__(self) -> str:
        return f"former address of item:{self.item_id}"


class Uploader(models.Model):
    """From where an item was uploaded, as the platform told. Sealed; read for filings alone."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True)
    sealed = models.BinaryField()  # see `uploaders.py`
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"uploader:{self.item_id}"


class ItemFile(models.Model):
    """A file at its place in an item; `file` is null until its bytes are known."""

    class State(models.TextChoices):
        """How far we are with it."""

        KNOWN = "known"
        WAITING = "waiting"  # to be fetched
        FAILED = "failed"  # could not be fetched or read; retried and shown

    id = models.UUIDField(primary_key=True, default=mint)
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="files", db_index=False
    )  # it begins `place_once`
    position = models.PositiveSmallIntegerField()
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, related_name="places")
    url = models.CharField(max_length=2083, blank=True)
    preview_url = models.CharField(max_length=2083, blank=True)
    state = models.CharField(max_length=8, choices=State.choices)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "position"], name="place_once")]
        indexes = [
            models.Index(fields=["retry_at"], name="itemfile_retry", condition=models.Q(file=None)),
            HashIndex(fields=["url"], name="itemfile_url", condition=~models.Q(url="")),
            HashIndex(
                fields=["preview_url"],
                name="itemfile_preview",
                condition=~models.Q(preview_url=""),
            ),
        ]

    def __str__(self) -> str:
        return f"itemfile:{self.id}"


class Upload(models.Model):
    """A file that knocked at the door and was not let through at once."""

    class State(models.TextChoices):
        """What became of it."""

        HELD = "held"
        BLOCKED = "blocked"
        RELEASED = "released"

    id = models.UUIDField(primary_key=True, default=mint)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT)
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="uploads")
    case_id = models.UUIDField(null=True, db_index=True)
    account_ref = models.CharField(max_length=200, blank=True)
    upload_ref = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=40)
    distance_bits = models.PositiveSmallIntegerField(null=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case_id"], name="upload_held", condition=models.Q(state="held"))
        ]

    def __str__(self) -> str:
        return f"upload:{self.id}"


class RememberedAnswer(models.Model):
    """What was answered to a request that came with an `Idempotency-Key`. Kept for a day."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    question_hash = models.BinaryField(max_length=32)  # of operation and body
    status = models.PositiveSmallIntegerField(null=True)  # null: being answered now
    answer_sealed = models.BinaryField(null=True)  # encrypted: it may hold a private link
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "key"], name="answer_remembered_once")
        ]

    def __str__(self) -> str:
        return f"answer:{self.id}"


class Watermark(models.Model):
    """How far a sweep over commit-ordered rows has come."""

    name = models.CharField(primary_key=True, max_length=40)
    below = models.BigIntegerField()

    def __str__(self) -> str:
        return f"watermark:{self.name}"
