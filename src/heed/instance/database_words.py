"""What a database says when it can't serve a command, as one line that names the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from heed.instance.trouble import Trouble

_MIGRATE = "run `heed migrate`, or start `heed up`, which does it too"
_OF_STATE = {
    "42P01": f"The database lacks what this version of Heed keeps there: {_MIGRATE}.",
    "42703": f"The database lacks what this version of Heed keeps there: {_MIGRATE}.",
    "42501": f"The database gives the application too few rights: {_MIGRATE}.",
    "25006": "The database only reads just now (a standby?): name the one that also writes.",
    "53100": "The database's disk is full: make room there, then run it again.",
    "53300": "The database has no connection left for this: raise max_connections, or wait.",
}
_AWAY = ("08", "57P")  # connection lost; shut down, or starting


class DatabaseUnfit(Trouble):
    """The database can't serve this command. What the command had begun there was not kept."""


@contextmanager
def in_words() -> Iterator[None]:
    """What an operator can put right comes out as `DatabaseUnfit`; all else as it is."""
    try:
        yield
    except Exception as error:
        words = words_for(error)
        if words is None:
            raise
        raise DatabaseUnfit(words) from error


def words_for(error: BaseException) -> str | None:
    """The line for an error of the database, or of what wraps one; None for any other."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate or ""
    away = state.startswith(_AWAY) or (not state and isinstance(cause, psycopg.OperationalError))
    if away:
        return f"The database went away: {_first_line(cause)}. Run it again when it is back."
    return _OF_STATE.get(state)


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0].rstrip(".")
