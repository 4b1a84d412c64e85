"""A short way to the file at an address: a notice names one, and the answer must not wait.

Locks: both indexes hold up registrations while they are built, a few seconds for each million
files; partial, since a file that is told by its signals alone has no address.
"""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("media", "0003_remembered_answers"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="itemfile",
            index=django.contrib.postgres.indexes.HashIndex(
                condition=models.Q(("url", ""), _negated=True), fields=["url"], name="itemfile_url"
            ),
        ),
        migrations.AddIndex(
            model_name="itemfile",
            index=django.contrib.postgres.indexes.HashIndex(
                condition=models.Q(("preview_url", ""), _negated=True),
                fields=["preview_url"],
                name="itemfile_preview",
            ),
        ),
    ]
