"""What authorities are told: tips and their files, who runs a platform, and schemas."""

from django.db import models

from heed.ids import mint


class Tip(models.Model):
    """What is told to an authority about a finding; a CyberTip, when the authority is NCMEC.

    One for each account that a person named, and none twice: what is learnt later is a new one.
    """

    class State(models.TextChoices):
        """Where it is. Only `finished` means that somebody was told."""

        DRAFT = "draft", "Being prepared"
        WAITING = "waiting", "Waits for a senior's approval"
        READY = "ready", "Approved, to be filed"
        OPEN = "open", "Opened at the authority, not finished"
        FINISHING = "finishing", "Asked to be finished; the answer is awaited"
        FINISHED = "finished", "Filed"
        STALLED = "stalled", "Needs a person"
        HANDED_OVER = "handed-over", "Package taken, to be filed by hand"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    case_id = models.UUIDField(db_index=True)
    authority = models.CharField(max_length=20)  # rules.tips.authorities
    account_ref = models.CharField(max_length=255, blank=True)  # whom it names; empty: nobody
    adds_to = models.UUIDField(null=True)  # the earlier tip of the same finding
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    chosen = models.JSONField(default=dict)  # what a person chose and wrote, by field
    document = models.JSONField()  # rules.tips.document, as it was last put together
    context = models.TextField(blank=True)  # filings.context, put together at the same time
    prepared_by = models.UUIDField()
    prepared_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    environment = models.CharField(max_length=12, blank=True)  # test | production | hand
    practice = models.BooleanField(default=False)  # sent to a test environment: nobody was told
    report_ref = models.CharField(max_length=60, blank=True)  # the authority's number
    openings = models.PositiveSmallIntegerField(default=0)  # how often it had to be opened
    opened_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)  # the authority's last yes before the end
    alarmed_at = models.DateTimeField(null=True)
    asking = models.CharField(max_length=60, blank=True)  # the call whose answer is not known yet
    request_refs = models.JSONField(default=list)  # of the authority's answers, the newest last
    attempts = models.PositiveSmallIntegerField(default=0)  # since the last yes
    due_at = models.DateTimeField(null=True)  # when it is taken up again
    leased_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)  # the last "no", in the other's words
    finished_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)  # to finish, as it came

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["case_id", "authority", "account_ref"],
                name="tip_under_way_once",
                condition=~models.Q(state__in=["finished", "withdrawn"]),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="tip_due",
                condition=models.Q(state__in=["ready", "open", "finishing"]),
            )
        ]

    def __str__(self) -> str:
        return f"tip:{self.id}"


class TipFile(models.Model):
    """One file of a tip, or its context (no `file_id`), and how far it has come there."""

    id = models.UUIDField(primary_key=True, default=mint)
    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="files")
    file_id = models.UUIDField(null=True)
    position = models.PositiveSmallIntegerField()
    file_ref = models.CharField(max_length=60, blank=True)  # 32 hex digits, a text
    md5 = models.CharField(max_length=32, blank=True)  # of what the authority received
    uploaded_at = models.DateTimeField(null=True)
    informed_at = models.DateTimeField(null=True)
    viewed = models.BooleanField(null=True)  # as it was told, from the viewing log
    exif_viewed = models.BooleanField(null=True)

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["tip", "file_id"], name="tip_file_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"tipfile:{self.id}"


class OperatorProfile(models.Model):
    """Who runs a platform, as authorities ask it. See `rules.tips.document.Operator`."""

    platform_id = models.UUIDField(primary_key=True)
    said = models.JSONField(default=dict)
    counsel = models.CharField(max_length=200, blank=True)  # who was asked about the law
    changed_by = models.UUIDField(null=True)  # None: at the command line
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"operator:{self.platform_id}"


class Schema(models.Model):
    """A copy of an authority's schema, fetched with our own credentials. Every version is kept."""

    id = models.UUIDField(primary_key=True, default=mint)
    environment = models.CharField(max_length=12)
    sha256 = models.BinaryField(max_length=32)
    body = models.BinaryField()
    fetched_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()  # when it was last found unchanged

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(fields=["environment", "sha256"], name="schema_once")
        ]

    def __str__(self) -> str:
        return f"schema:{self.id}"
