"""The secret before the newest one signs beside it for a day, until the site has the new one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0017_former_addresses")]
    operations = [
        migrations.AddField("platform", "former_secret",
                            models.CharField(blank=True, default="", max_length=120)),
        migrations.AddField("platform", "former_secret_until", models.DateTimeField(null=True)),
    ]  # fmt: skip
