"""Which files have cases, for the match index: see `media/migrations/0007_stamps.py`."""

# Locks: a column with a constant, which rewrites nothing, and an index on a small table.
from django.db import migrations

NOW = "(pg_current_xact_id()::text::bigint)"
CHANGED = """
CREATE TRIGGER cases_case_stamp BEFORE UPDATE ON cases_case FOR EACH ROW
WHEN (OLD.file_id IS DISTINCT FROM NEW.file_id) EXECUTE FUNCTION heed_stamp()
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_message_letter"), ("media", "0007_stamps")]
    operations = [
        migrations.RunSQL(
            [
                "ALTER TABLE cases_case ADD COLUMN stamp bigint NOT NULL DEFAULT 0",
                f"ALTER TABLE cases_case ALTER COLUMN stamp SET DEFAULT {NOW}",
                "CREATE INDEX cases_case_stamp ON cases_case (stamp)",
                CHANGED,
            ],
            [
                "DROP TRIGGER cases_case_stamp ON cases_case",
                "ALTER TABLE cases_case DROP COLUMN stamp",
            ],
        )
    ]
