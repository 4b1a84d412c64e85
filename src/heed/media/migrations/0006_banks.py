"""Banks with a policy, contents, exchanges; what a platform only told of a file is its own word.

Locks: the unique keys of files and matches are built anew while registrations wait, a few seconds
for each million rows; the other columns have defaults that need no rewrite.
"""

import django.db.models.deletion
import heed.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0005_uploaders'),
    ]

    operations = [
        migrations.CreateModel(
            name='BankContent',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('note', models.CharField(blank=True, max_length=255)),
                ('said', models.JSONField(default=dict)),
                ('original_url', models.CharField(blank=True, max_length=2083)),
                ('source', models.CharField(max_length=80)),
                ('added_at', models.DateTimeField()),
                ('off_until', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Exchange',
            fields=[
                ('id', models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(max_length=20)),
                ('said', models.JSONField(default=dict)),
                ('enabled', models.BooleanField(default=True)),
                ('cursor', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('synced_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, max_length=200)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='banksignal',
            name='bank_signal_once',
        ),
        migrations.RemoveConstraint(
            model_name='match',
            name='match_once',
        ),
        migrations.AddField(
            model_name='bank',
            name='asks_person',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='bank',
            name='category',
            field=models.CharField(default='other', max_length=20),
        ),
        migrations.AddField(
            model_name='bank',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bank',
            name='enabled_share',
            field=models.FloatField(default=1.0),
        ),
        migrations.AddField(
            model_name='bank',
            name='made_by',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='bank',
            name='tried',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='bank',
            name='tried_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bank',
            name='trusted',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='banksignal',
            name='committed',
            field=models.BigIntegerField(db_default=0, db_index=True),
        ),
        migrations.AddField(
            model_name='banksignal',
            name='off_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='banksignal',
            name='source_ref',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='file',
            name='told_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.platform'),
        ),
        migrations.AddField(
            model_name='match',
            name='at_door',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='match',
            name='case_id',
            field=models.UUIDField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='match',
            name='platform',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='media.platform'),
        ),
        migrations.AddField(
            model_name='match',
            name='rules_version',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='match',
            name='said_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='match',
            name='said_by',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='match',
            name='shared_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='match',
            name='word',
            field=models.CharField(blank=True, choices=[('right', 'Right'), ('wrong', 'Wrong'), ('undone', 'Undone')], max_length=8),
        ),
        migrations.AlterField(
            model_name='bank',
            name='action',
            field=models.CharField(choices=[('block', 'Block'), ('hold', 'Hold'), ('pass', 'Pass')], max_length=8),
        ),
        migrations.AlterField(
            model_name='banksignal',
            name='note',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='file',
            name='sha256',
            field=models.BinaryField(max_length=32),
        ),
        migrations.AddIndex(
            model_name='match',
            index=models.Index(condition=models.Q(models.Q(('word', ''), _negated=True), ('shared_at', None)), fields=['said_at'], name='match_to_share'),
        ),
        migrations.AddConstraint(
            model_name='file',
            constraint=models.UniqueConstraint(fields=('sha256', 'told_by'), name='file_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(fields=('file', 'bank_signal', 'platform'), name='match_once', nulls_distinct=False),
        ),
        migrations.AddField(
            model_name='bankcontent',
            name='bank',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contents', to='media.bank'),
        ),
        migrations.AddField(
            model_name='banksignal',
            name='content',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='signals', to='media.bankcontent'),
        ),
        migrations.AddIndex(
            model_name='banksignal',
            index=models.Index(condition=models.Q(('source_ref', ''), _negated=True), fields=['bank', 'source_ref'], name='bank_signal_ref'),
        ),
        migrations.AddConstraint(
            model_name='banksignal',
            constraint=models.UniqueConstraint(fields=('bank', 'content', 'type', 'value', 'source'), name='bank_signal_once', nulls_distinct=False),
        ),
        migrations.AddField(
            model_name='exchange',
            name='bank',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='exchange', to='media.bank'),
        ),
    ]
