"""Secrets before the newest one sign beside it for a day, until the site has the new one."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0017_former_addresses")]
    operations = [
        migrations.AddField("platform", "former_secrets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=120), default=list,
                                size=None)),
        migrations.AddField("platform", "former_secrets_until", models.DateTimeField(null=True)),
    ]  # fmt: skip
