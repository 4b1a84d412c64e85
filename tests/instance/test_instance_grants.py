"""What the application's role may do to the ledger."""

import psycopg
import pytest
from django.apps import apps
from psycopg import sql

from heed.instance import grants

pytestmark = pytest.mark.django_db


def may(url: str, table: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {
            right
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if connection.execute(
                "SELECT has_table_privilege(%s, %s)", [f'public."{table}"', right]
            ).fetchone()
            == (True,)
        }


def test_the_ledger_says_which_of_its_tables_are_only_added_to() -> None:
    tables = grants.append_only_tables()
    assert "ledger_entry" in tables
    assert "ledger_checkpoint" in tables
    assert "ledger_entrybody" not in tables  # bodies can be erased, and leave the tree as it is


def test_the_application_may_add_to_the_ledger_and_never_rewrite_it(app_database_url: str) -> None:
    for table in grants.append_only_tables():
        assert may(app_database_url, table) == {"SELECT", "INSERT"}
        for attempt in ("DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                psycopg.connect(app_database_url) as connection,
            ):
                connection.execute(sql.SQL(attempt).format(sql.Identifier(table)))


def test_the_application_may_read_and_write_every_other_table(app_database_url: str) -> None:
    others = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    for table in others - set(grants.append_only_tables()):
        assert may(app_database_url, table) >= {"SELECT", "INSERT", "UPDATE", "DELETE"}, table


def test_the_application_cannot_pretend_that_a_migration_ran(app_database_url: str) -> None:
    assert may(app_database_url, "django_migrations") == {"SELECT"}


def test_granting_again_changes_nothing(database_url: str, app_database_url: str) -> None:
    grants.apply(owner_url=database_url, app_url=app_database_url)
    assert may(app_database_url, "ledger_entry") == {"SELECT", "INSERT"}
