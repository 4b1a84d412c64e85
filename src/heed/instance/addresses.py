"""How to reach an instance's database. Light: what must not load a driver imports this alone."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Urls:
    """The database as who owns it (migrations), and as the application."""

    owner: str
    app: str


def configured() -> Urls | None:
    """The database that the operator, or the process that started us, names; if any."""
    app = os.environ.get("HEED_DATABASE_URL", "")
    if not app:
        return None
    return Urls(app=app, owner=os.environ.get("HEED_OWNER_DATABASE_URL") or app)
