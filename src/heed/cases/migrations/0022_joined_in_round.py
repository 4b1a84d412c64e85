"""A notice is answered by the decisions of the round in which it came, and of those after it.

Locks: the table of joins for a moment; a column that may be null is added without a rewrite.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0021_asked_again")]
    operations = [
        migrations.AddField(
            model_name="join", name="round", field=models.PositiveSmallIntegerField(null=True)
        )
    ]
