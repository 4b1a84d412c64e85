"""An appeal may be settled by a new decision.

Locks: none; the list of states is no part of the table.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0024_refused_again")]
    operations = [
        migrations.AlterField(
            model_name="appeal",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("stands", "Stands"),
                    ("reversed", "Reversed"),
                    ("settled", "Settled"),
                ],
                default="open",
                max_length=8,
            ),
        ),
    ]
