"""Officers and what they ask: verified step by step, answered by people, disclosed by two."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heed.ids import mint


class Officer(models.Model):
    """Somebody who says that they speak for an authority. How to reach them is encrypted."""

    id = models.UUIDField(primary_key=True, default=mint)
    name = models.CharField(max_length=120)
    agency = models.CharField(max_length=200)
    agency_address = models.CharField(max_length=300, blank=True)
    badge = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, blank=True)
    mail_sealed = models.BinaryField()
    phone_sealed = models.BinaryField()  # as they gave it: never the number that we call
    mail_index = models.BinaryField(max_length=32, db_index=True)  # keyed, blind
    official_domain = models.BooleanField(default=False)
    level = models.PositiveSmallIntegerField(default=0)  # rules.orders: the ladder
    mailbox_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    totp_sealed = models.BinaryField(null=True)  # of the agency account
    account_until = models.DateTimeField(null=True)  # renewed every 90 days
    made_at = models.DateTimeField()

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"officer:{self.id}"


class OfficerPasskey(models.Model):
    """A device that opens an agency account; gone when the account is opened anew."""

    id = models.UUIDField(primary_key=True, default=mint)
    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    answer = models.JSONField()  # of the device when it was added: its public key is in it
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"passkey:{self.id}"


class Order(models.Model):
    """What an officer asks, as they asked it."""

    class State(models.TextChoices):
        """Where it stands."""

        RECEIVED = "received", "received"
        CLARIFY = "clarify", "waits for a clarification"
        DONE = "done", "carried out"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "withdrawn"

    id = models.UUIDField(primary_key=True, default=mint)
    number = models.CharField(max_length=16, unique=True)
    platform_id = models.UUIDField()
    officer = models.ForeignKey(Officer, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=20)  # rules.orders.Kind
    instrument_ref = models.CharField(max_length=120)  # their case or instrument number
    legal_basis = models.CharField(max_length=300)
    urls = ArrayField(models.CharField(max_length=2083), default=list, blank=True)
    identifiers = models.TextField(blank=True)  # accounts and the like, as they named them
    sought = models.TextField(blank=True)  # which records
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    danger = models.TextField(blank=True)  # an emergency: who is in what danger
    non_disclosure = models.BooleanField(default=False)
    non_disclosure_until = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    link_hash = models.BinaryField(max_length=32)
    code_hash = models.BinaryField(max_length=32)  # mailed, for the mailbox challenge
    received_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    answer = models.TextField(blank=True)  # what the officer is told
    cases = ArrayField(models.UUIDField(), default=list, blank=True)
    challenged_at = models.DateTimeField(null=True)
    challenge = models.CharField(max_length=300, blank=True)  # public: before whom, on what ground

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"order:{self.number}"


class OrderStep(models.Model):
    """One thing that was checked or said about an order, by whom, and how."""

    class What(models.TextChoices):
        """The steps."""

        MAILBOX = "mailbox", "The mailbox answered"
        CALLED = "called", "Called back"
        SECONDED = "seconded", "A second person agreed that the call proves it"
        DOUBTED = "doubted", "A second person did not agree"
        ACCOUNT = "account", "Signed in with a second factor"
        CLARIFY = "clarify", "Asked to clarify"
        CLARIFIED = "clarified", "Clarified by the officer"
        RENEWED = "renewed", "Renewed by the officer"

    id = models.UUIDField(primary_key=True, default=mint)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField(max_length=10, choices=What.choices)
    by = models.UUIDField(null=True)  # null: the officer
    note = models.TextField(blank=True)  # a call: found where, spoke to whom, which supervisor
    at = models.DateTimeField()

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"step:{self.id}"


class InstrumentReading(models.Model):
    """One of ours reads the paper that an officer handed in, sealed for their own key."""

    id = models.UUIDField(primary_key=True, default=mint)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="readings")
    sealed_id = models.UUIDField()
    recipient = models.CharField(max_length=100)  # the reader's age public key
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    name = models.CharField(max_length=80, blank=True)  # in the vault, encrypted for the reader
    sha256 = models.BinaryField(max_length=32, null=True)
    built_at = models.DateTimeField(null=True)
    why_not = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "filings"

    def __str__(self) -> str:
        return f"reading:{self.id}"


class Disclosure(models.Model):
    """What is given out under an order: proposed by one, agreed by another, then built."""

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", "waits for a second person"
        AGREED = "agreed", "being built"
        REFUSED = "refused", "refused by the second person"
        READY = "ready", "ready to be fetched"
        FAILED = "failed", "could not be built"

    id = models.UUIDField(primary_key=True, default=mint)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disclosures")
    case_id = models.UUIDField()
    contents = models.BooleanField(default=False)  # with the files and what was said
    basis = models.TextField()  # why this much, under this law, and no more
    recipient = models.CharField(max_length=100)  # the officer's age public key
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    seconded_by = models.UUIDField(null=True)
    seconded_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=80, blank=True)  # of the package in the vault
    sha256 = models.BinaryField(max_length=32, null=True)  # of the package
    built_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    why_not = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["order", "case_id"],
                name="disclosure_once_open",
                condition=models.Q(state__in=["proposed", "agreed", "ready"]),
            )
        ]

    def __str__(self) -> str:
        return f"disclosure:{self.id}"
