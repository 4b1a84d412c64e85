"""When a media gate was last tried, and a short way to the file of an asked address.

Locks: the index holds up registrations while it is built, a second for each million files; partial,
since most platforms' addresses have no number of this kind.
"""

from django.db import migrations, models

KEY = (
    "ltrim(replace(coalesce("
    "substring(url from '/media_attachments/[a-z]+((?:/[0-9]{3})+)/'),"
    "substring(url from '/media_proxy/([0-9]+)')), '/', ''), '0')"
)


class Migration(migrations.Migration):

    dependencies = [
        ("media", "0012_connectors"),
    ]

    operations = [
        migrations.AddField(
            model_name="platform",
            name="gate_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(
            f"CREATE INDEX itemfile_gate ON media_itemfile (({KEY})) WHERE {KEY} IS NOT NULL",
            "DROP INDEX itemfile_gate",
        ),
    ]
