"""What was done to an account can be contested by who has it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_splits")]

    operations = [
        migrations.AddField(
            "measureonaccount", "link_hash", models.BinaryField(max_length=32, null=True)
        ),
        migrations.AlterField(
            "measureonaccount",
            "state",
            models.CharField(
                choices=[
                    ("proposed", "Proposed"),
                    ("final", "Final"),
                    ("refused", "Refused"),
                    ("lifted", "Lifted"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddField(
            "appeal",
            "measure",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appeals",
                to="cases.measureonaccount",
            ),
        ),
        # Locks: appeals are few, and the index is made in a moment.
        migrations.RemoveConstraint("appeal", "appeal_once_open"),
        migrations.AddConstraint(
            "appeal",
            models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("decision", "notice", "statement_id", "measure"),
                name="appeal_once_open",
                nulls_distinct=False,
            ),
        ),
    ]
