"""A source may hold one value under several names of its own: each goes by itself.

Locks: the unique key of banked signals is built anew, a few seconds for each million rows.
"""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0008_forms_at'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='banksignal',
            name='bank_signal_once',
        ),
        migrations.AddConstraint(
            model_name='banksignal',
            constraint=models.UniqueConstraint(fields=('bank', 'content', 'type', 'value', 'source', 'source_ref'), name='bank_signal_once', nulls_distinct=False),
        ),
    ]
