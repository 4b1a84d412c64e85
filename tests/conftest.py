"""What all tests share: a database that starts when the first test asks for it, and a browser.

Each pytest worker has a PostgreSQL and a `var` of its own: transactions are numbered for a whole
server, so what one worker holds open would be seen by another's sweeps. Tests that need no database
start none.
"""

import contextlib
import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from heed.instance import checks, grants, keys, postgres
from heed.instance.addresses import Urls
from heed.instance.compiling import kept_in
from heed.instance.place import ROOT, Place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN = "HEED_TEST_RUN"  # the directory of this run, told to the pytest workers
# A property is tried on a few examples here, and on as many as one likes by hand. No deadlines: the
# machine may be shared.
hypothesis_settings.register_profile(
    "suite", deadline=None, max_examples=int(os.environ.get("HEED_TEST_EXAMPLES", "40"))
)
hypothesis_settings.load_profile("suite")
DJANGOS_OWN = {"django_migrations", "django_content_type", "auth_permission", "django_site"}
CHROMIUM_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def pytest_configure(config: pytest.Config) -> None:
    """Gives the run a directory, and the settings a `var` in it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as ./heed does, for the same reason
    sys.dont_write_bytecode = False
    worker = getattr(config, "workerinput", {}).get("workerid")
    if worker is None:
        directory = Path(tempfile.mkdtemp(prefix="heed-test-"))
        # Each stage has a `var` of its own, and would compile the index anew for half a minute.
        os.environ["NUMBA_CACHE_DIR"] = str(kept_in(ROOT / "var" / "compiled-for-tests"))
    else:
        directory = Path(os.environ[RUN]) / worker
        directory.mkdir()
    directory.chmod(0o755)  # the database's user must be able to pass
    os.environ[RUN] = str(directory)
    var = directory / "var"
    keys.ensure(Place(var))
    os.environ["HEED_VAR"] = str(var)
    os.environ.setdefault(
        "NUMBA_CACHE_DIR", str(kept_in(ROOT / "var" / "compiled"))
    )  # kept between runs
    settings.HEED_VAR = var
    settings.HEED_SIGNING_KEY_FILE = var / "keys" / "log.key"
    settings.HEED_PUSH_KEY_FILE = var / "keys" / "push.key"
    settings.HEED_VAULT_DIR = var / "vault"
    settings.HEED_VAULT_KEYS = var / "keys" / "vault"
    settings.EMAIL_FILE_PATH = var / "mail"
    settings.STATIC_ROOT = var / "static"
    settings.STATIC_ROOT.mkdir()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: else one worker ends the run alone while the other idles."""
    items.sort(key=lambda item: (_is_short(item), "stories" not in item.path.parts))


def pytest_collection_finish() -> None:
    """What is loaded stays to the end: no search for garbage has to look through it again."""
    gc.collect()
    gc.freeze()


def _is_short(item: pytest.Item) -> bool:
    return not (item.get_closest_marker("processes") or item.get_closest_marker("browser"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the database, if a test started it, and removes what the run wrote."""
    directory = Path(os.environ.pop(RUN))
    keeper = directory / "keeper"
    if keeper.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(keeper.read_text()), signal.SIGTERM)
        until = time.monotonic() + 20
        while directory.exists() and time.monotonic() < until:
            time.sleep(0.05)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skipped test is a failed one: a check that did not run has not passed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI=true allows no skips: {report.longrepr}"
    return report


def _swept(_: TransactionTestCase) -> None:
    """Empties the tables that hold something; Django would take all of them, for half a second."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    kept = [name for name in names if name not in DJANGOS_OWN]
    ask = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in kept
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ask)
        full = [name for (name,) in cursor.fetchall()]
        for name in full:
            cursor.execute(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
            cursor.execute(f'DELETE FROM "{name}"')
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # all is gone: nothing points to nothing
        for name in full:
            cursor.execute(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')
        cursor.execute("DELETE FROM procrastinate_jobs")  # not Django's, and nobody else's work
    _unindex()


def _unindex() -> None:
    """Forgets what the match index holds: all of it was in tables that are empty now."""
    from heed.media import matching  # models: not before Django is ready

    shutil.rmtree(Path(os.environ["HEED_VAR"]) / "index", ignore_errors=True)
    matching._shelf.books.clear()


def _unremember() -> None:
    """Forgets what a process keeps of notices and platforms for some minutes, by a clock that a
    test may set: which tests ran before this one is chance.
    """
    from heed.flows import guard_media
    from heed.flows.shared import sources
    from heed.web.notifier import taking

    sources._asked_at.clear()
    sources._usual_at.clear()
    guard_media.forget()
    taking._remembered = taking.Remembered()


TransactionTestCase._fixture_teardown = _swept  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def server_urls() -> Urls:
    """The run's PostgreSQL, started by whoever asks first. Its database `heed` is left empty."""
    directory = Path(os.environ[RUN])
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "keeper").exists():
            _start_keeper(directory)
    return postgres.urls(Place(directory / "database"))


def _start_keeper(directory: Path) -> None:
    run = os.getpid()
    log = directory / "keeper.log"
    with log.open("w") as said:
        started = subprocess.run(
            [sys.executable, "-m", "tests.keeper", str(directory), str(run)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
    if started.returncode:
        pytest.exit(f"No database for the tests:\n{log.read_text()}", returncode=1)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    server_urls: Urls, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Points Django at the run's database, as the owner, who may make databases."""
    place = Place(Path(os.environ[RUN]) / "database")
    default = settings.DATABASES["default"]
    default.update(HOST=str(place.socket), USER=postgres.OWNER, PASSWORD="", PORT="")


@pytest.fixture(scope="session")
def database_url(django_db_setup: None) -> str:
    """The test database as a URL, as its owner, for processes that a test starts."""
    default = settings.DATABASES["default"]
    return f"postgresql://{default['USER']}@/{default['NAME']}?host={default['HOST']}"


@pytest.fixture(scope="session")
def app_database_url(database_url: str) -> str:
    """The test database as the application sees it, with the rights that `heed up` gives."""
    url = database_url.replace(f"//{postgres.OWNER}@", f"//{postgres.APP}@")
    grants.apply(owner_url=database_url, app_url=url)
    return url


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A Chromium that reaches this machine and nothing else. Skips where there is none."""
    path = checks.chromium()
    if path is None:
        pytest.skip("no Chromium here: apt install chromium")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=flags)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _checkpoints_of_its_own() -> None:
    """A test's log is rolled back with its database: what it signed must not outlive it."""
    shutil.rmtree(Path(settings.HEED_VAR) / "checkpoints", ignore_errors=True)


@pytest.fixture(autouse=True)
def _nothing_of_other_tests(request: pytest.FixtureRequest) -> None:
    """Django empties and rolls back its own tables; the queue and the match index know nothing."""
    asks = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if not asks and request.node.get_closest_marker("django_db") is None:
        return
    request.getfixturevalue("_django_db_helper")
    _unindex()
    _unremember()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
