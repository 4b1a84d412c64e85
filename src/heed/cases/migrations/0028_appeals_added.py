"""When somebody added to what they wrote with an appeal: it is read before it is answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0027_known_to")]
    operations = [migrations.AddField("appeal", "added_at", models.DateTimeField(null=True))]
