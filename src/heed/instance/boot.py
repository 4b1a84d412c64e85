"""Gets a process ready to use the records: environment, database, Django."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from heed.instance import keys
from heed.instance.addresses import Urls, configured
from heed.instance.compiling import in_use, kept_in
from heed.instance.place import IMPORTS, Place, here


def environment(place: Place, *, database_url: str, public_url: str = "") -> dict[str, str]:
    """What a process of this instance needs to be told; what the operator set stays as it is."""
    keys.ensure(place)
    (place.var / "static").mkdir(exist_ok=True)  # WhiteNoise complains of a directory not there
    ours = {
        "DJANGO_SETTINGS_MODULE": "heed.settings",
        "HEED_SECRET_KEY": keys.secret(place),
        "HEED_PUBLIC_URL": public_url or place.runs_at(),
        "HEED_VIEWER_SOCKET": str(place.viewer_socket),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc would keep a pool of memory for each thread
    }
    unset = {name: value for name, value in ours.items() if value and not os.environ.get(name)}
    compiled = kept_in(Path(os.environ.get("NUMBA_CACHE_DIR") or place.var / "compiled"))
    fixed = {
        "HEED_VAR": str(place.var),
        "HEED_DATABASE_URL": database_url,
        "PYTHONPATH": IMPORTS,
        "NUMBA_CACHE_DIR": str(compiled),  # made once, on this machine
    }
    return unset | fixed


@contextmanager
def prepared(place: Place | None = None, *, as_owner: bool = False) -> Iterator[Urls]:
    """The database and the environment of this instance for the block; Django is not loaded.

    The owner migrates; everything else runs as the application. Raises `Trouble`.
    """
    place = place or here()
    with _database(place) as urls:
        url = urls.owner if as_owner else urls.app
        os.environ.update(environment(place, database_url=url))
        with in_use(Path(os.environ["NUMBA_CACHE_DIR"])):
            yield urls


@contextmanager
def _database(place: Place) -> Iterator[Urls]:
    named = configured()
    if named:  # so for all that `heed up` starts: they need no driver to find it
        yield named
        return
    from heed.instance import database

    with database.in_use(place) as urls:
        yield urls


@contextmanager
def booted(place: Place | None = None, *, as_owner: bool = False) -> Iterator[Urls]:
    """Django, set up on this instance's database for the block. Once in a process.

    Raises `Trouble`, also where the database is away, or not what the application expects.
    """
    with prepared(place, as_owner=as_owner) as urls:
        from heed.instance import database
        from heed.instance.database_words import in_words

        database.check(urls.owner if as_owner else urls.app)
        import django

        django.setup()
        try:
            # What fails while it is migrated is not mended by migrating.
            with nullcontext() if as_owner else in_words():
                yield urls
        finally:
            disconnect()


def disconnect() -> None:
    """Ends connections and their pools before the database is stopped under them."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool:
            close_pool()
