"""Copies that are another matter get a case of their own."""

import django.db.models.deletion
from django.db import migrations, models

import heed.ids


class Migration(migrations.Migration):
    dependencies = [("cases", "0011_policies")]

    operations = [
        migrations.CreateModel(
            name="Split",
            fields=[
                (
                    "id",
                    models.UUIDField(default=heed.ids.mint, primary_key=True, serialize=False),
                ),
                ("why", models.TextField()),
                ("made_by", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="splits",
                        to="cases.case",
                    ),
                ),
                (
                    "into",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="split_from",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="copy",
            name="split",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="cases.split"
            ),
        ),
    ]
