"""When what a notifier wrote was forgotten: a column that is empty for all that there is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0019_crowds")]
    operations = [
        migrations.AddField("notice", "words_forgotten_at", models.DateTimeField(null=True)),
    ]
