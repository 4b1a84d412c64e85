"""What a removal leaves alone is seconded where a body is concerned.

Locks: nothing that is read or written; the tables are new.
"""

import django.db.models.deletion
from django.db import migrations, models

import heed.ids


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0025_appeals_settled"),
        ("media", "0016_widest"),
    ]
    operations = [
        migrations.AlterField(
            model_name="appeal",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("stands", "Stands"),
                    ("reversed", "Reversed"),
                    ("settled", "Settled"),
                    ("partly", "Partly"),
                ],
                default="open",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Exemption",
            fields=[
                (
                    "id",
                    models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("final", "Final"),
                            ("refused", "Refused"),
                            ("passed", "Passed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("proposed_by", models.UUIDField()),
                ("proposed_at", models.DateTimeField()),
                ("seconded_by", models.UUIDField(null=True)),
                ("seconded_at", models.DateTimeField(null=True)),
                ("second_reasons", models.TextField(blank=True)),
                ("unseconded", models.BooleanField(default=False)),
                (
                    "appeal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cases.appeal",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exemptions",
                        to="cases.decision",
                    ),
                ),
                ("items", models.ManyToManyField(related_name="+", to="media.item")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "proposed")),
                        fields=["decision"],
                        name="exemption_waits",
                    )
                ],
            },
        ),
    ]
