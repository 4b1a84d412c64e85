"""What an operator reads when the database is away, or is not what a command expects."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import ProgrammingError, connection
from psycopg_pool import PoolTimeout

from heed.instance.database_words import DatabaseUnfit, in_words, words_for
from heed.instance.place import Place
from tests.instance.conftest import Start

AWAY = "postgresql://heed_app:hunter2@127.0.0.1:1/heed"


def test_a_table_that_is_not_there_yet_says_to_migrate(db: None) -> None:
    with pytest.raises(DatabaseUnfit, match="heed migrate"), in_words():
        connection.cursor().execute("SELECT 1 FROM a_later_table")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.errors.DiskFull("no"), "make room"),
        (psycopg.errors.ReadOnlySqlTransaction("no"), "only reads"),
        (psycopg.errors.AdminShutdown("terminating\nmore"), "went away: terminating. Run"),
        (PoolTimeout("none after 20 s"), "went away"),
    ],
)
def test_what_an_operator_can_put_right_is_one_line(error: Exception, words: str) -> None:
    line = words_for(error)
    assert line is not None and words in line and "\n" not in line


@pytest.mark.parametrize("error", [KeyError("x"), psycopg.errors.DeadlockDetected("x")])
def test_a_fault_of_ours_keeps_its_way_to_the_fault(error: Exception) -> None:
    assert words_for(error) is None
    with pytest.raises(type(error)), in_words():
        raise error


def test_what_wraps_it_is_seen_through() -> None:
    wrapped = ProgrammingError("no")
    wrapped.__cause__ = psycopg.errors.UndefinedColumn("no")
    assert "migrate" in (words_for(wrapped) or "")


@pytest.fixture
def away(python: Start, place: Place) -> Callable[..., tuple[int, str, str]]:
    """Runs a command whose database is away, and says how it ended."""

    def run(*words: str) -> tuple[int, str, str]:
        urls = {"HEED_DATABASE_URL": AWAY, "HEED_OWNER_DATABASE_URL": AWAY}
        started = python("-m", "heed", *words, HEED_VAR=str(place.var), **urls)
        said, warned = started.communicate(timeout=120)
        return started.returncode, said, warned

    return run


def test_a_command_without_its_database_says_so_at_once_and_keeps_the_password(
    away: Callable[..., tuple[int, str, str]],
) -> None:
    status, _, warned = away("key", "add", "square")
    assert status == 1 and warned.startswith("heed: The database of HEED_DATABASE_URL (127.0.0.1:1")
    assert len(warned.splitlines()) == 1 and "hunter2" not in warned


def test_a_log_that_could_not_be_read_is_not_called_false(
    away: Callable[..., tuple[int, str, str]],
) -> None:
    status, said, _ = away("verify", "--log")
    assert status == 2 and said.startswith("COULD NOT TELL")
