"""What a reviewer is offered as reasons, clause by clause and language by language."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_translations")]

    operations = [
        migrations.CreateModel(
            name="ReasonText",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("clause", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField(blank=True)),
                ("made_by", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                (
                    "platform",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="media.platform",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["platform", "language"], name="reason_texts")]
            },
        ),
    ]
