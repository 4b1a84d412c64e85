"""Answers remembered for an `Idempotency-Key`, and a short way to all that is restricted.

Locks: the index on items holds up registrations while it is built; it covers restricted items only,
and on a site of a million items that is a second or two.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0002_bits'),
    ]

    operations = [
        migrations.CreateModel(
            name='RememberedAnswer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=200)),
                ('question_hash', models.BinaryField(max_length=32)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('answer_sealed', models.BinaryField(null=True)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('desired', 'visible'), _negated=True), fields=['platform', 'ref'], name='item_restricted'),
        ),
        migrations.AddField(
            model_name='rememberedanswer',
            name='platform',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='media.platform'),
        ),
        migrations.AddConstraint(
            model_name='rememberedanswer',
            constraint=models.UniqueConstraint(fields=('platform', 'key'), name='answer_remembered_once'),
        ),
    ]
