"""Floods, partners, and what is remembered without a link.

Locks: a few indexes on notices, built while notices wait: milliseconds for each ten thousand.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0008_rollbacks'),
        ('media', '0010_notifiers_side'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='crowd',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='notice',
            name='alike_index',
            field=models.BinaryField(db_index=True, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='notice',
            name='partner_id',
            field=models.UUIDField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='notice',
            name='remembered',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='notice',
            name='sending',
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
        migrations.AddField(
            model_name='notice',
            name='their_account',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='notice',
            name='words_index',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['source_index', '-received_at'], name='notice_by_source'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['words_index', '-received_at'], name='notice_by_words'),
        ),
    ]
