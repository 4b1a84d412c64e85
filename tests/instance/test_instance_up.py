"""`heed up` as an operator meets it."""

import getpass
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from heed.instance import database, processes
from heed.instance.place import Place
from tests.keeper import is_running
from tests.ports import free_port

pytestmark = pytest.mark.processes
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def env(place: Place) -> dict[str, str]:
    return {"HEED_VAR": str(place.var), "HEED_DATABASE_URL": "", "HEED_OWNER_DATABASE_URL": ""}


def test_a_taken_port_is_one_clear_line_before_anything_starts(
    place: Place, taken_port: int, python: Start
) -> None:
    up = python("-m", "heed", "up", "--port", str(taken_port), **env(place))
    out, err = up.communicate(timeout=120)
    assert (up.returncode, out) == (1, "")
    assert err == (
        f"heed: Port {taken_port} on 127.0.0.1 is taken by another program. "
        f"Stop that, or choose another port with --port {taken_port + 10}.\n"
    )
    assert not place.data.exists()


def test_a_second_one_in_the_same_directory_is_told_where_the_first_is(
    place: Place, python: Start
) -> None:
    with database.owned(place, "http://127.0.0.1:8123"):
        up = python("-m", "heed", "up", "--port", str(free_port()), **env(place))
        _, err = up.communicate(timeout=120)
    assert up.returncode == 1
    assert "already runs" in err
    assert "http://127.0.0.1:8123" in err
    assert "HEED_VAR" in err
    assert len(err.splitlines()) == 1


def test_a_configured_database_that_does_not_answer_is_named_without_its_password(
    place: Place, python: Start
) -> None:
    url = f"postgresql://heed:hunter2@127.0.0.1:{free_port()}/heed"
    named = {**env(place), "HEED_DATABASE_URL": url}
    up = python("-m", "heed", "up", "--port", str(free_port()), **named)
    _, err = up.communicate(timeout=120)
    assert up.returncode == 1
    assert err.startswith("heed: The database of HEED_DATABASE_URL (127.0.0.1:")
    assert "hunter2" not in err
    assert len(err.splitlines()) == 1


def test_a_command_uses_the_database_of_up_and_leaves_it_running(place: Place) -> None:
    with database.owned(place, "http://127.0.0.1:8123") as (urls, server):
        assert server is not None
        with database.in_use(place) as same:
            assert same == urls
        assert place.runs_at() == "http://127.0.0.1:8123"
        assert server.process.poll() is None
    assert place.runs_at() == ""


def set_up(place: Place, python: Start, *flags: str) -> tuple[str, str]:
    flags = ("--no-input", f"--service-user={getpass.getuser()}", *flags)
    init = python("-m", "heed", "init", *flags, **env(place))
    out, err = init.communicate(timeout=240)
    assert init.returncode == 0, err
    config = (place.var / "heed.env").read_text()
    return out, config


def test_up_answers_where_init_said_and_a_stop_leaves_nothing_running(
    place: Place, python: Start
) -> None:
    port = free_port()
    first, config = set_up(
        place, python, "--site=Square", "--site-url=square.example", "--country=DE",
        "--operator=Club", "--contact-mail=a@square.example", "--person-mail=rae@square.example",
        f"--address=http://127.0.0.1:{port}", f"--listen=127.0.0.1:{port}",
    )  # fmt: skip
    assert f"http://127.0.0.1:{port}/console/sign-in/invitation/" in first
    assert "log.key" in first and (place.keys / "log.key").exists()
    kept = {path: path.read_bytes() for path in place.keys.rglob("*") if path.is_file()}
    up = python("-m", "heed", "up", **env(place))
    assert up.stdout is not None
    ready = next((line for line in up.stdout if line.startswith("Heed is ready")), "")
    assert f"http://127.0.0.1:{port}" in ready, up.communicate()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{processes.address('127.0.0.1', port)}/status") as response:
        assert response.status == 200
    again, same = set_up(place, python)
    assert same == config and "Nothing was missing" in again and "/invitation/" not in again
    assert kept == {path: path.read_bytes() for path in kept}
    assert not (place.var / "init-answers.toml").exists()
    started = psutil.Process(up.pid).children(recursive=True)
    assert len(started) > 5
    up.send_signal(signal.SIGINT)
    out, err = up.communicate(timeout=120)
    assert (up.returncode, err) == (0, "")
    assert out.endswith("Heed has stopped.\n")
    _, left = psutil.wait_procs(started, timeout=20)
    assert not [process for process in left if is_running(process.pid)]
    assert (place.keys / "secret").stat().st_mode & 0o777 == 0o600
    assert os.listdir(place.socket) == []
