"""A suspension that a senior refused may be proposed again, in other words.

Locks: measures on accounts can't be written while the index of the few there are is made.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0023_not_protected")]
    operations = [
        migrations.RemoveConstraint(
            model_name="measureonaccount", name="measure_on_account_once"
        ),
        migrations.AddConstraint(
            model_name="measureonaccount",
            constraint=models.UniqueConstraint(
                fields=["decision", "account", "measure"],
                condition=~models.Q(state="refused"),
                name="measure_on_account_once",
            ),
        ),
    ]
