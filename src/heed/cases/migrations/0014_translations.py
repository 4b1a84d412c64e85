"""What a notice says, in words that its reviewers read."""

import django.db.models.deletion
from django.db import migrations, models

import heed.ids


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_measures_contested")]

    operations = [
        migrations.CreateModel(
            name="Translation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False),
                ),
                ("from_language", models.CharField(max_length=40)),
                ("text", models.TextField()),
                ("made_by", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="translations",
                        to="cases.notice",
                    ),
                ),
            ],
        ),
    ]
