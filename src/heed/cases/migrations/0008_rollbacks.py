"""Rollbacks, and what is needed to find what a key or a version of the rules caused.

Locks: two indexes on notices, built while notices wait: milliseconds for each ten thousand.
"""
import heed.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_quality'),
    ]

    operations = [
        migrations.AddField(
            model_name='join',
            name='rules_version',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='notice',
            name='key_prefix',
            field=models.CharField(blank=True, db_index=True, max_length=12),
        ),
        migrations.AddField(
            model_name='notice',
            name='rolled_back_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Rollback',
            fields=[
                ('id', models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False)),
                ('what', models.CharField(choices=[('bank', 'a bank'), ('key', 'a key'), ('source', 'a source'), ('rules', 'a version of the rules')], max_length=8)),
                ('which', models.CharField(max_length=80)),
                ('says', models.CharField(max_length=120)),
                ('why', models.TextField(blank=True)),
                ('found', models.JSONField(default=dict)),
                ('undid', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('proposed', 'Waits for a second person'), ('confirmed', 'Being undone'), ('done', 'Done'), ('refused', 'Refused')], default='proposed', max_length=10)),
                ('proposed_by', models.UUIDField()),
                ('proposed_at', models.DateTimeField()),
                ('confirmed_by', models.UUIDField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('unseconded', models.BooleanField(default=False)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'confirmed'])), fields=('what', 'which'), name='rollback_once_open')],
            },
        ),
    ]
