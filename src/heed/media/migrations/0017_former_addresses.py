"""An item that moves to another address is still found at the one before."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0016_widest")]
    operations = [
        migrations.CreateModel(
            name="FormerAddress",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True,
                                           verbose_name="ID")),
                ("url", models.CharField(max_length=2083)),
                ("item", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="former_addresses", to="media.item")),
            ],
            options={"indexes": [models.Index(fields=["url"], name="former_url")]},
        )
    ]  # fmt: skip
