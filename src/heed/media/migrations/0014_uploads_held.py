"""The uploads that are held, found without reading all that ever knocked.

Locks: uploads can't be held while it is built, in one pass over a table of few columns.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("media", "0013_gate"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["case_id"], name="upload_held"
            ),
        ),
    ]
