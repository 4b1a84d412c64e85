"""A notifier is answered about what a removal leaves alone, beside the removal itself.

Locks: the answers while an index takes another's place, a second for some 100,000 rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("filings", "0013_statement_each")]
    operations = [
        migrations.AddField(
            model_name="answer",
            name="exemption_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(
                fields=["notice_id", "decision_id", "exemption_id"],
                name="answer_once_each",
                nulls_distinct=False,
            ),
        ),
        migrations.RemoveConstraint(model_name="answer", name="answer_once"),
    ]
