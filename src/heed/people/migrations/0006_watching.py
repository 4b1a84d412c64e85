"""What is played of a video is written down, and whether all of a file was seen."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def pictures_were_seen_whole(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A picture that was opened in full was seen; of a video only a still was."""
    pictures = apps.get_model("media", "File").objects.filter(kind="picture").values("id")
    looks = apps.get_model("people", "Viewing").objects.filter(variant="full")
    looks.filter(file_id__in=pictures).update(whole=True)


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_returned_mail"),
        ("media", "0001_initial"),
    ]

    operations = [
        migrations.AddField("viewing", "from_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("viewing", "until_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("viewing", "last", models.BooleanField(default=False)),
        migrations.AddField("viewing", "played", models.JSONField(default=list)),
        migrations.AddField("viewing", "whole", models.BooleanField(default=False)),
        migrations.RunPython(pictures_were_seen_whole, migrations.RunPython.noop),
    ]
