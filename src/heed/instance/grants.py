"""What the application's role may do: read and write the tables, and never rewrite the ledger."""

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

_ROWS = sql.SQL("SELECT, INSERT, UPDATE, DELETE")


def apply(*, owner_url: str, app_url: str) -> None:
    """Grants the role of `app_url` its rights; one transaction, safe to repeat. Django is set up.

    Does nothing where owner and application are one role: `heed doctor` says so.
    """
    role = role_of(app_url)
    if role == role_of(owner_url):
        return
    with psycopg.connect(owner_url) as connection:
        for statement in _statements(role, append_only_tables()):
            connection.execute(statement)


def role_of(url: str) -> str:
    """The role that a PostgreSQL URL names, or an empty string."""
    return unquote(urlsplit(url).username or "")


def append_only_tables() -> list[str]:
    """The ledger's tables whose rows are never changed: their models say `append_only = True`."""
    from django.apps import apps

    models = apps.get_app_config("ledger").get_models(include_auto_created=True)
    return sorted(
        model._meta.db_table for model in models if getattr(model, "append_only", False) is True
    )


def _statements(role: str, append_only: Sequence[str]) -> list[sql.Composed]:
    app = sql.Identifier(role)
    everywhere = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "GRANT {rows} ON ALL TABLES IN SCHEMA public TO {app}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}",
    ]
    return [
        *(sql.SQL(text).format(app=app, rows=_ROWS) for text in everywhere),
        *(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                sql.Identifier(table), app
            )
            for table in append_only
        ),
    ]
