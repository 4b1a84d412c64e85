"""Whoever has opened a decided case is no blind reader of it."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0026_exemptions")]
    operations = [
        migrations.AddField("blindreading", "known_to",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), default=list, size=None)),
    ]  # fmt: skip
