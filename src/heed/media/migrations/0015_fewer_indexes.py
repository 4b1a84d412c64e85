"""Three indexes that begin another one: each hidden item had to be written into them again.

Locks: to drop an index holds its table up for a moment.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("media", "0014_uploads_held"),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="platform",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="media.platform",
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="platform",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="media.platform",
            ),
        ),
        migrations.AlterField(
            model_name="itemfile",
            name="item",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="media.item",
            ),
        ),
    ]
