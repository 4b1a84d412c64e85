"""What people wrote, as far as it is shown: whoever may write to us may write ten million letters.

The database cuts it, so that whoever opens a case reads no such text into memory.
"""

from django.db.models import JSONField, TextField
from django.db.models.expressions import RawSQL

LONGEST_SHOWN = 20_000  # letters of one text
_BEFORE, _AFTER = "\u2026 (Cut here: ", " more letters are kept, and go with a tip.)"


def beginning(said: str) -> str:
    """The text, or its beginning with how much more there is."""
    more = len(said) - LONGEST_SHOWN
    return said if more <= 0 else f"{said[:LONGEST_SHOWN]}{_BEFORE}{more:,}{_AFTER}"


def of_text(column: str) -> RawSQL:
    """The same of a column, `table.column`, for `annotate`."""
    return RawSQL(_cut(column), [], output_field=TextField())


def of_object(column: str) -> RawSQL:
    """The same of each value of a column of JSON objects; a value that is long becomes a text."""
    value = "value #>> '{}'"
    some = (
        f"CASE WHEN length({value}) > {LONGEST_SHOWN} THEN to_jsonb({_cut(value)}) ELSE value END"
    )
    made = f"(SELECT jsonb_object_agg(key, {some}) FROM jsonb_each({column}))"
    return RawSQL(f"COALESCE({made}, '{{}}'::jsonb)", [], output_field=JSONField())


def _cut(text: str) -> str:
    more = f"to_char(length({text}) - {LONGEST_SHOWN}, 'FM999,999,999')"
    cut = f"left({text}, {LONGEST_SHOWN}) || '{_BEFORE}' || {more} || '{_AFTER}'"
    return f"CASE WHEN length({text}) > {LONGEST_SHOWN} THEN {cut} ELSE {text} END"
