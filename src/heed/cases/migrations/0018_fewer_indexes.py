"""An index that begins another one: each copy had to be written into both.

Locks: to drop an index holds its table up for a moment.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0017_copies_to_judge"),
    ]

    operations = [
        migrations.AlterField(
            model_name="copy",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="cases.case",
            ),
        ),
    ]
