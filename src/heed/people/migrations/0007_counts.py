"""The table in which guesses are counted, for all processes: of Django's database cache."""

from django.db import migrations

# Locks: the table is made right here, and is empty.
MAKE = """
CREATE TABLE heed_counts (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX heed_counts_expires ON heed_counts (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0006_watching")]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE heed_counts;")]
