"""The embedded PostgreSQL: as whom it runs, where it lies, and what it survives."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from heed.instance import binaries, postgres
from heed.instance.addresses import Urls
from heed.instance.place import LONGEST_SOCKET_BYTES, SOCKET_NAME, Place, runs_as_root
from tests.keeper import is_running

pytestmark = pytest.mark.processes
Start = Callable[..., subprocess.Popen[str]]

START_AND_SAY = """
import sys, time
from pathlib import Path
from heed.instance import postgres
from heed.instance.place import Place
print(postgres.start(Place(Path(sys.argv[1]))).process.pid, flush=True)
time.sleep(600)
"""


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def remember(urls: Urls) -> None:
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('a notice')")


def test_it_never_runs_as_root_and_only_its_user_can_reach_it(place: Place) -> None:
    server = postgres.start(place)
    try:
        expected = pwd.getpwnam("nobody").pw_uid if runs_as_root() else os.getuid()
        assert psutil.Process(server.process.pid).uids().effective == expected
        for directory in (place.data, place.socket):
            assert (directory.stat().st_uid, directory.stat().st_mode & 0o777) == (expected, 0o700)
        assert one(server.urls.app, "SHOW listen_addresses") == ""
        assert one(server.urls.app, "SHOW data_checksums") == "on"
        assert one(server.urls.app, "SHOW server_encoding") == "UTF8"
    finally:
        server.stop()
    assert not postgres.is_ready(place)


def test_the_application_has_no_power_over_the_server_or_its_tables(place: Place) -> None:
    server = postgres.start(place)
    try:
        remember(server.urls)
        powers = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
        assert not one(
            server.urls.app, f"SELECT {powers} FROM pg_roles WHERE rolname = current_user"
        )
        for statement in ("DROP TABLE kept", "CREATE TABLE other ()"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                psycopg.connect(server.urls.app) as connection,
            ):
                connection.execute(statement.encode())
    finally:
        server.stop()


def test_what_was_committed_survives_kill_9_of_the_server(place: Place) -> None:
    server = postgres.start(place)
    remember(server.urls)
    server.process.kill()
    server.process.wait()
    again = postgres.start(place)  # at once: what the killed one left must not stop it
    try:
        assert one(again.urls.owner, "SELECT word FROM kept") == "a notice"
        again.process.kill()
        again.process.wait()
        assert again.revive()
        assert one(again.urls.owner, "SELECT word FROM kept") == "a notice"
    finally:
        again.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's")
def test_it_ends_when_who_started_it_is_killed(
    place: Place, python: Start, eventually: Callable[..., None]
) -> None:
    starter = python("-c", START_AND_SAY, str(place.var))
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert postgres.is_ready(place)
    starter.kill()
    eventually(lambda: not is_running(pid))


def test_one_left_running_is_ended_before_the_next_starts(place: Place, python: Start) -> None:
    starter = python("-c", START_AND_SAY, str(place.var))
    assert starter.stdout is not None
    left = int(starter.stdout.readline())
    starter.send_signal(signal.SIGSTOP)  # alive, and no longer looking after it
    server = postgres.start(place)
    try:
        assert not is_running(left)
        assert postgres.is_ready(place)
    finally:
        server.stop()


def test_a_pid_file_whose_number_now_belongs_to_another_program_stops_nothing(
    place: Place,
) -> None:
    postgres.start(place).stop()
    stale = place.data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{place.data}\n1\n5432\n{place.socket}\n\n\nready\n")
    server = postgres.start(place)
    try:
        assert server.process.poll() is None
    finally:
        server.stop()


def test_data_that_were_left_half_made_are_made_anew(place: Place) -> None:
    half = place.data.with_name("postgres.half")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15")
    server = postgres.start(place)
    try:
        assert one(server.urls.app, "SELECT 1") == 1
    finally:
        server.stop()
    assert not half.exists()


def test_in_a_private_home_the_bundled_server_runs_where_its_user_can_go(
    sheltered: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_POSTGRES_BIN", "bundled")
    server = postgres.start(sheltered)
    try:
        remember(server.urls)
        inside = sheltered.shelter if runs_as_root() else sheltered.var
        assert inside in sheltered.data.parents
    finally:
        server.stop()
    again = postgres.start(Place(sheltered.var))
    try:
        assert one(again.urls.owner, "SELECT word FROM kept") == "a notice"
    finally:
        again.stop()


def test_bundled_binaries_out_of_reach_are_copied_with_their_libraries(
    sheltered: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_POSTGRES_BIN", "bundled")
    found = next(binaries._candidates())
    package = found.bin.parent.parent
    for part in (found.bin.parent, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, tmp_path / part.relative_to(package.parent), symlinks=True)
    private = tmp_path / package.name / found.bin.parent.name / "bin"
    private.parent.chmod(0o700)
    reached = binaries._sheltered(binaries.Binaries(private, found.major, True), sheltered)
    assert (sheltered.shelter in reached.bin.parents) is runs_as_root()
    said = subprocess.run(
        [reached.bin / "initdb", "--version"],
        capture_output=True,
        text=True,
        cwd="/",
        check=True,
        user="nobody" if runs_as_root() else None,
    )
    assert str(found.major) in said.stdout


def test_data_of_a_version_that_is_not_here_are_never_replaced_by_new_ones(place: Place) -> None:
    place.data.mkdir(parents=True)
    (place.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(binaries.NoPostgres, match="made by PostgreSQL 9") as refusal:
        postgres.start(place)
    assert "apt install postgresql-9" in str(refusal.value)


@pytest.mark.skipif(not runs_as_root(), reason="only root's database has another user")
def test_data_that_went_out_of_reach_are_never_replaced_by_new_ones(tmp_path: Path) -> None:
    from heed.instance.place import NotReachable

    tmp_path.chmod(0o700)
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    with pytest.raises(NotReachable, match=r"o\+x"):
        postgres.start(Place(tmp_path / "var"))


def test_the_socket_has_a_path_that_the_kernel_takes(place: Place) -> None:
    deep = Place(place.var / ("d" * 60) / ("e" * 60))
    assert len(os.fsencode(deep.socket / SOCKET_NAME)) <= LONGEST_SOCKET_BYTES


def test_a_server_that_does_not_start_says_why(place: Place) -> None:
    with pytest.raises(postgres.DatabaseDidNotStart, match="shared_buffers"):
        postgres.start(place, settings={"shared_buffers": "nonsense"})
