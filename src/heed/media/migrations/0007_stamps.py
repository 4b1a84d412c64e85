"""What the match index follows: by which transaction a signal came, changed or went.

The database keeps this itself, so that no writer can forget it. A stamp is a transaction's number:
everything below the oldest transaction still running is complete and will stay so.
"""

# Locks: the new columns are filled at once from a constant, which rewrites nothing; the indexes
# are made while the tables are locked, which is bearable on the small tables of this version.
from django.db import migrations, models

NOW = "(pg_current_xact_id()::text::bigint)"
STAMP = """
CREATE FUNCTION heed_stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.stamp := pg_current_xact_id()::text::bigint; RETURN NEW; END $$
"""
GONE = """
CREATE FUNCTION heed_signals_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO media_gonesignal (feed, ref) SELECT TG_ARGV[0], id FROM gone; RETURN NULL;
END $$
"""


def stamped(table: str, feed: str) -> list[str]:
    """A table's column, its index, and the trigger that notes which of its rows went."""
    return [
        f"ALTER TABLE {table} ADD COLUMN stamp bigint NOT NULL DEFAULT 0",
        f"ALTER TABLE {table} ALTER COLUMN stamp SET DEFAULT {NOW}",
        f"CREATE INDEX {table}_stamp ON {table} (stamp)",
        f"CREATE TRIGGER {table}_gone AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone"
        f" FOR EACH STATEMENT EXECUTE FUNCTION heed_signals_gone('{feed}')",
    ]


def unstamped(table: str) -> list[str]:
    return [f"DROP TRIGGER {table}_gone ON {table}", f"ALTER TABLE {table} DROP COLUMN stamp"]


BANKED = """
CREATE TRIGGER media_banksignal_stamp BEFORE UPDATE ON media_banksignal FOR EACH ROW
WHEN ((OLD.withdrawn_at IS NULL, OLD.off_until IS NULL, OLD.type, OLD.value, OLD.quality)
    IS DISTINCT FROM (NEW.withdrawn_at IS NULL, NEW.off_until IS NULL, NEW.type, NEW.value, NEW.quality))
EXECUTE FUNCTION heed_stamp()
"""


class Migration(migrations.Migration):
    dependencies = [("media", "0006_banks")]
    operations = [
        migrations.CreateModel(
            name="GoneSignal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("feed", models.CharField(max_length=12)),
                ("ref", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            [
                f"ALTER TABLE media_gonesignal ADD COLUMN stamp bigint NOT NULL DEFAULT {NOW}",
                "CREATE INDEX media_gonesignal_stamp ON media_gonesignal (stamp)",
                STAMP,
                GONE,
                *stamped("media_signal", "registered"),
                *stamped("media_banksignal", "banked"),
                BANKED,
            ],
            [
                "DROP TRIGGER media_banksignal_stamp ON media_banksignal",
                *unstamped("media_banksignal"),
                *unstamped("media_signal"),
                "DROP FUNCTION heed_signals_gone()",
                "DROP FUNCTION heed_stamp()",
            ],
        ),
    ]
