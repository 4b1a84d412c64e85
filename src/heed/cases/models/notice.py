"""A notice: one person telling us about targets. Kept as it was said."""

from django.db import models

from heed.cases.models.case import Case
from heed.ids import mint
from heed.media.models import File, Item, Platform


class Notice(models.Model):
    """What was said, verbatim, and what it claims. Later words are supplements, never edits."""

    class State(models.TextChoices):
        """How far the story has come with it; each step may be taken up again."""

        RECEIVED = "received"
        PROTECTED = "protected"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=mint)
    number = models.CharField(max_length=16, unique=True)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="notices")
    received_at = models.DateTimeField()
    door = models.CharField(max_length=8)  # form | api | partner | peer | xarf
    verbatim = models.JSONField()  # exactly what arrived
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    protected_at = models.DateTimeField(null=True)  # null: not to the end, whatever its state

    category = models.CharField(max_length=20)
    standing = models.CharField(max_length=16)
    age_then = models.CharField(max_length=10)
    stated_age = models.PositiveSmallIntegerField(null=True)
    danger_now = models.BooleanField(default=False)
    time_given = models.CharField(max_length=200, blank=True)  # a time the extorter gave
    threatened_only = models.BooleanField(default=False)
    words = models.TextField(blank=True)
    police_reference = models.CharField(max_length=120, blank=True)
    police_agency = models.CharField(max_length=200, blank=True)
    other_app = models.CharField(max_length=300, blank=True)  # the extorter's account elsewhere
    their_account = models.CharField(max_length=300, blank=True)  # of whoever posts or threatens
    remembered = models.JSONField(default=dict)  # without a link: what they still know, by name
    good_faith = models.BooleanField(default=False)
    not_consensual = models.BooleanField(default=False)
    acting_for = models.BooleanField(default=False)  # "I may act for the person shown"
    signature = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=10, blank=True)
    partner_id = models.UUIDField(null=True, db_index=True)
    verified_channel = models.BooleanField(default=False)
    source_index = models.BinaryField(max_length=32, null=True, db_index=True)  # keyed, blind
    key_prefix = models.CharField(max_length=12, blank=True, db_index=True)  # of the key it came by
    rolled_back_at = models.DateTimeField(null=True)  # it restricts nothing by itself any more

    sending = models.CharField(max_length=64, blank=True, db_index=True)  # one sending of the form
    words_index = models.BinaryField(max_length=32, null=True)  # keyed, blind
    alike_index = models.BinaryField(max_length=32, null=True, db_index=True)  # of all that it says

    link_hash = models.BinaryField(max_length=32)  # of the private link's secret
    recovery_hash = models.BinaryField(max_length=32)  # of the four words
    words_forgotten_at = models.DateTimeField(null=True)  # what was written until then is gone
    receipt = models.JSONField(null=True)  # the signed promise
    entry_id = models.UUIDField(null=True)  # of notice.received in the ledger

    class Meta:
        app_label = "cases"
        indexes = [
            models.Index(fields=["source_index", "-received_at"], name="notice_by_source"),
            models.Index(fields=["words_index", "-received_at"], name="notice_by_words"),
            models.Index(
                fields=["received_at"],
                name="notice_unprotected",
                condition=models.Q(protected_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"notice:{self.number}"


class Target(models.Model):
    """One place, or one set of hashes, that a notice names."""

    class State(models.TextChoices):
        """What became of the place named. Each is told to the notifier in words."""

        WAITING = "waiting"
        FOUND = "found"
        REGISTERED = "registered"  # was not known; known from now on
        DELETED = "deleted"  # the platform says it is already gone
        FOREIGN = "foreign"  # not on a platform that this server protects
        NOT_AN_ITEM = "not_an_item"  # a profile, a search, a group, no address at all
        HASHES = "hashes"

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="targets")
    position = models.PositiveSmallIntegerField()
    url = models.TextField(blank=True)
    signals = models.JSONField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="targets")
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True)  # the one named, if any

    class Meta:
        app_label = "cases"
        constraints = [models.UniqueConstraint(fields=["notice", "position"], name="target_once")]
        indexes = [
            models.Index(
                fields=["notice"],
                name="target_with_signals",
                condition=models.Q(signals__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"target:{self.id}"


class Join(models.Model):
    """A notice belongs to a case. It can be undone; the notice's clocks stay."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="joins")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="joins")
    joined_at = models.DateTimeField()
    round = models.PositiveSmallIntegerField(null=True)  # the first that is about it too
    rules_version = models.CharField(max_length=20, blank=True)  # that judged it
    undone_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [models.UniqueConstraint(fields=["notice", "case"], name="join_once")]

    def __str__(self) -> str:
        return f"join:{self.id}"


class Translation(models.Model):
    """What a notice says, in words that its reviewers read. The notice itself stays verbatim."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="translations")
    from_language = models.CharField(max_length=40)
    text = models.TextField()
    made_by = models.UUIDField()
    made_at = models.DateTimeField()

    class Meta:
        app_label = "cases"

    def __str__(self) -> str:
        return f"translation:{self.id}"


class Supplement(models.Model):
    """Words or facts that came after the notice, verbatim."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="supplements")
    said = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        app_label = "cases"

    def __str__(self) -> str:
        return f"supplement:{self.id}"


class Message(models.Model):
    """A message on a case's private page, either way."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="messages")
    from_staff = models.UUIDField(null=True)  # None: from the notifier
    letter = models.CharField(max_length=40, blank=True)  # of filings.letters; its replies stay
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        app_label = "cases"

    def __str__(self) -> str:
        return f"message:{self.id}"


class Consent(models.Model):
    """A notifier agreed to one thing, and may take it back. Nothing goes further without one."""

    class To(models.TextChoices):
        """What can be agreed to."""

        STOPNCII = "stopncii", "Codes of the picture may go to StopNCII.org"
        TAKE_IT_DOWN = "take-it-down", "Codes of the picture may go to NCMEC's Take It Down"
        EACH_OTHER = "each-other", "Somebody who also told us may know that I did"

    id = models.UUIDField(primary_key=True, default=mint)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="consents")
    to = models.CharField(max_length=16, choices=To.choices)
    other_number = models.CharField(max_length=16, blank=True)  # each-other: their notice's
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "to", "other_number"],
                name="consent_live_once",
                condition=models.Q(withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"consent:{self.id}"
