"""What a platform states, version by version."""

import django.db.models.deletion
from django.db import migrations, models

import heed.ids


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0010_consents"),
        ("media", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("number", models.PositiveIntegerField()),
                ("clauses", models.JSONField()),
                ("why", models.TextField()),
                ("in_force_at", models.DateTimeField()),
                ("made_by", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="media.platform",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.UniqueConstraint(
                fields=("platform", "number"), name="policy_numbered_once"
            ),
        ),
    ]
