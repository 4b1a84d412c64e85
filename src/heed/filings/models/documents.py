"""What we owe others, as documents."""

from django.db import models

from heed.ids import mint


class Answer(models.Model):
    """What a notifier is told: outcome, reasons, and the way to ask again."""

    id = models.UUIDField(primary_key=True, default=mint)
    notice_id = models.UUIDField()
    decision_id = models.UUIDField()
    exemption_id = models.UUIDField(null=True)  # about what the decision leaves alone
    outcome = models.CharField(max_length=10)  # removed | stands
    text = models.TextField()
    sent_at = models.DateTimeField()

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["notice_id", "decision_id", "exemption_id"],
                name="answer_once_each",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"answer:{self.id}"


class StatementOfReasons(models.Model):
    """What an uploader is told of a restriction (DSA Article 17). Never says that a notice exists
    in cases of minors and extortion.
    """

    id = models.UUIDField(primary_key=True, default=mint)
    platform_id = models.UUIDField()
    case_id = models.UUIDField()
    item_id = models.UUIDField()
    basis = models.CharField(max_length=60)  # the level that is told
    restriction_id = models.UUIDField(null=True)  # of which it is told, once
    body = models.JSONField()
    link_hash = models.BinaryField(max_length=32)  # of the appeal link's secret
    issued_at = models.DateTimeField()
    appealed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "filings"
        constraints = [
            models.UniqueConstraint(
                fields=["item_id", "case_id", "basis", "restriction_id"],
                name="statement_of_restriction",
            )
        ]

    def __str__(self) -> str:
        return f"statement:{self.id}"


class CaseFile(models.Model):
    """All that one notifier may take to a lawyer, a school or the police: a JSON and its PDF.

    Kept for a day, so that it can be fetched; what it is made of stays.
    """

    id = models.UUIDField(primary_key=True, default=mint)
    notice_id = models.UUIDField(db_index=True)
    language = models.CharField(max_length=10)  # of the PDF
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)  # None: it is being made
    document = models.TextField(blank=True)  # the JSON, as it is handed out
    pdf = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notice_id"],
                name="one_case_file_in_the_making",
                condition=models.Q(made_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"case-file:{self.id}"
