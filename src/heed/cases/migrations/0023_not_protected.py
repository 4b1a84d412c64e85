"""Whatever was not protected to the end is found, also when it was withdrawn meanwhile.

Locks: notices can't be written while the index of the few that are not protected is made.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0022_joined_in_round")]
    operations = [
        migrations.RemoveIndex(model_name="notice", name="notice_unprotected"),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                fields=["received_at"],
                name="notice_unprotected",
                condition=models.Q(protected_at=None),
            ),
        ),
    ]
