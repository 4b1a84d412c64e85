"""A place that a removal left alone, and that somebody names later, waits for a person.

Locks: the table of copies for a moment; a column that may be null is added without a rewrite.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_words_forgotten")]
    operations = [
        migrations.AddField(
            model_name="copy", name="asked_at", field=models.DateTimeField(null=True)
        )
    ]
