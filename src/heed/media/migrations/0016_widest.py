"""The widest threshold of all banks is asked for by each search.

Locks: banks, for the time of an index over one row for each open case.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0015_fewer_indexes")]
    operations = [
        migrations.AddIndex(
            model_name="bank",
            index=models.Index(
                fields=["-threshold_bits"], name="bank_widest", condition=models.Q(enabled=True)
            ),
        )
    ]
