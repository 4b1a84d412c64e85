"""The near copies that wait for a person's word, found without reading all copies of their cases.

Locks: copies can't be added while it is built, in one pass: about a second for each million.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0016_peer_reports"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("how", "near"), ("same", None)),
                fields=["case"],
                name="copy_to_judge",
            ),
        ),
    ]
