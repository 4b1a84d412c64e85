"""PDQ values as bits, computed by the database from the bytes: what `bit_count` compares."""

# Locks: a STORED column rewrites its table. Bearable here: this runs when the tables are made.
from django.db import migrations

# A stored bit string: the cast goes through text, which PostgreSQL counts as immutable only inside
# a function that says so.
FUNCTION = """
CREATE FUNCTION heed_bits(value bytea) RETURNS bit(256) LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN length(value) = 32 THEN ('x' || encode(value, 'hex'))::bit(256) END $$
"""
COLUMN = (
    "ALTER TABLE {0} ADD COLUMN bits bit(256)"
    " GENERATED ALWAYS AS (CASE WHEN type IN ('pdq', 'vpdq') THEN heed_bits(value) END) STORED"
)


class Migration(migrations.Migration):
    dependencies = [("media", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION heed_bits(bytea)"),
        migrations.RunSQL(COLUMN.format("media_signal"), "ALTER TABLE media_signal DROP COLUMN bits"),
        migrations.RunSQL(
            COLUMN.format("media_banksignal"), "ALTER TABLE media_banksignal DROP COLUMN bits"
        ),
    ]
