"""The confined children: what they may not do, how they fail, how they end."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from examples.pictures import picture, video
from heed.hashing import confine, sandbox
from heed.hashing.distance import distance
from heed.hashing.refusals import NotViewable, Reason
from heed.hashing.sandbox import DecoderPool, _believed
from heed.hashing.signals import exact_signals, signals_of
from tests.hashing.patterns import drawn, encoded

SOURCE = str(Path(confine.__file__).parents[2])
PICTURE = picture(1)
HEAVY = encoded(drawn().resize((5000, 5000)), "PNG", compress_level=1)
ROUNDING = 2  # bits; here numpy may use several threads, and sums in another order
linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    pool = DecoderPool(size=1)
    yield pool
    pool.close()


def _child_of(pool: DecoderPool, data: bytes = PICTURE) -> int:
    """The process that answers for such a file now."""
    pool.signals(data)
    before = {child.pid for child in pool._children}
    assert before
    role = "videos" if data[4:8] == b"ftyp" else "pictures"
    child = pool._slots[role].free.get(timeout=60)
    pool._slots[role].free.put(child)
    assert child is not None
    return child.pid


def _gone(pid: int, within_seconds: float = 60) -> bool:
    """Whether a process that is not our own child ends in time."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_child_says_what_this_process_would(pool: DecoderPool) -> None:
    for data in (PICTURE, video(3, seconds=2), b"words", encoded(drawn(), "GIF")):
        inside, here = pool.signals(data), signals_of(data)
        pairs = zip(inside.query_forms, here.query_forms, strict=True)
        assert max((distance(*pair) for pair in pairs), default=0) <= ROUNDING
        assert replace(inside, query_forms=()) == replace(here, query_forms=())


@pytest.mark.parametrize(
    "form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "TGA", "PPM", "ICO"]
)
def test_every_format_opens_inside(pool: DecoderPool, form: str) -> None:
    assert pool.signals(encoded(drawn().resize((256, 256)), form)).state == "hashed"


def test_a_heic_opens_inside(pool: DecoderPool) -> None:
    data = (Path(__file__).parent / "files" / "upright.heic").read_bytes()
    assert pool.signals(data).state == "hashed"


@linux
def test_everything_this_machine_has_confines_the_child(pool: DecoderPool) -> None:
    pool.signals(PICTURE)
    assert set(pool.confinement) == set(confine.FULL)


ATTEMPTS = {
    "read a file": "open('/etc/hostname').read()",
    "write a file": "open('/tmp/x', 'w')",
    "list a directory": "os.listdir('/')",
    "connect": "socket.create_connection(('127.0.0.1', 9), 1)",
    "send a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "start a program": "subprocess.run(['/bin/true'])",
    "fork": "os.fork()",
    "kill the server": "os.kill(os.getppid(), 0)",
    "take 3 GiB": "bytearray(3 << 30)",
    "open many files": "[os.dup(0) for _ in range(40)]",
}


@linux
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_confined_process_may_not(attempt: str) -> None:
    program = f"""
        import os, socket, subprocess, sys
        sys.path.insert(0, {SOURCE!r})
        from heed.hashing import confine
        confine.confine()
        try:
            {ATTEMPTS[attempt]}
        except (OSError, MemoryError):
            print("refused")
    """
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "refused", done.stderr


def test_a_child_killed_at_rest_is_replaced_unseen(pool: DecoderPool) -> None:
    pid = _child_of(pool)
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid)
    assert pool.signals(PICTURE).state == "hashed"
    assert _child_of(pool) != pid


def test_a_child_killed_at_work_costs_one_file_its_hash_and_says_so(pool: DecoderPool) -> None:
    pid = _child_of(pool)
    (child,) = (child for child in pool._children if child.pid == pid)
    before = child.jobs
    os.kill(pid, signal.SIGSTOP)  # it is asked, and has not answered when it is killed
    with ThreadPoolExecutor(1) as hands:
        asked = hands.submit(pool.signals, PICTURE)
        while child.jobs == before:
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        signals = asked.result()
    assert (signals.state, signals.reason) == ("not_hashable", Reason.DECODER_CRASHED)
    assert signals.sha256 == exact_signals(PICTURE, Reason.BROKEN).sha256
    assert pool.signals(PICTURE).state == "hashed"


def test_a_child_that_hangs_up_and_does_not_end_is_a_broken_one_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that goes to rest hangs up and ends, on a busy machine some time later."""
    monkeypatch.setattr(sandbox, "GO_WITHIN_SECONDS", 5.0)
    for ends, retired in (("time.sleep(600)", False), ("", True)):
        monkeypatch.setattr(sandbox, "_PROGRAM", f"import os, time; os.close(0); {ends}")
        child = sandbox._Child("pictures")
        with pytest.raises(sandbox._ChildGone) as gone:
            child.ask({"do": "signals"}, bytes(1 << 20), time.monotonic() + 60)
        child.end()
        assert gone.value.retired is retired


def test_a_file_that_takes_too_long_is_named_and_the_child_replaced(pool: DecoderPool) -> None:
    pid = _child_of(pool)
    signals = pool.signals(HEAVY, within_seconds=0.05)
    assert (signals.state, signals.reason) == ("not_hashable", Reason.TIME_OUT)
    assert _gone(pid)
    assert pool.signals(PICTURE).state == "hashed"


def test_of_a_video_that_takes_too_long_the_key_frames_are_still_seen(pool: DecoderPool) -> None:
    signals = pool._first_look(video(3, seconds=2), within_seconds=60)
    assert (signals.state, signals.reason) == ("not_hashable", Reason.TIME_OUT)
    assert signals.frames and signals.query_forms


def test_a_stopped_child_is_a_time_out(pool: DecoderPool) -> None:
    pid = _child_of(pool)
    os.kill(pid, signal.SIGSTOP)
    assert pool.signals(PICTURE, within_seconds=0.2).reason == Reason.TIME_OUT
    assert pool.signals(PICTURE).state == "hashed"


def test_when_every_decoder_is_taken_the_file_says_so(pool: DecoderPool) -> None:
    pid = _child_of(pool)
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as hands:
        stuck = hands.submit(pool.signals, PICTURE, 60)
        while not pool._slots["pictures"].free.empty():
            time.sleep(0.01)
        assert pool.signals(PICTURE, within_seconds=0.1).reason == Reason.BUSY
        os.kill(pid, signal.SIGCONT)
        assert stuck.result().state == "hashed"


def test_a_child_that_lies_is_not_believed() -> None:
    exact = exact_signals(PICTURE, Reason.NOT_A_PICTURE)
    honest: dict[str, object] = {
        "kind": "picture", "mime": "image/jpeg", "state": "hashed", "reason": None,
        "width_px": 1, "height_px": 1, "pdq": "00" * 32, "pdq_quality": 400,
        "query_forms": [], "frames": [], "other_values": [],
        "asked_at_s": [],
    }  # fmt: skip
    assert _believed(exact, honest).pdq_quality == 100
    for lie in ({"pdq": "00"}, {"pdq": None}, {"state": "fine"}, {"kind": "x"}, {"frames": [1]}):
        with pytest.raises((TypeError, ValueError)):
            _believed(exact, honest | lie)


def test_many_threads_share_the_children() -> None:
    pool, pictures = DecoderPool(size=2), [picture(seed) for seed in range(4)]
    try:
        with ThreadPoolExecutor(8) as hands:
            answers = list(hands.map(pool.signals, pictures * 6))
        assert [a.sha256 for a in answers] == [a.sha256 for a in answers[:4]] * 6
        assert all(answer.state == "hashed" for answer in answers)
        assert len(pool._children) <= 2
    finally:
        pool.close()


def test_a_reviewer_gets_a_small_grey_blurred_picture(pool: DecoderPool) -> None:
    import io

    import numpy as np
    from PIL import Image

    for data in (PICTURE, video(3, seconds=2)):
        image = Image.open(io.BytesIO(pool.derivative(data, 200)))
        levels = np.asarray(image.convert("RGB"), np.int16)
        assert image.format == "WEBP" and max(image.size) == 200
        assert np.abs(levels[..., 0] - levels[..., 1]).max() <= 4
        assert np.abs(np.diff(levels[..., 0], axis=1)).max() <= 24  # no edge is left
        assert Image.open(io.BytesIO(pool.full(data))).format == "JPEG"


def test_what_can_not_be_shown_says_why(pool: DecoderPool) -> None:
    with pytest.raises(NotViewable) as refused:
        pool.derivative(b"words", 200)
    assert refused.value.reason == Reason.NOT_A_PICTURE


def test_a_rendition_carries_no_metadata(pool: DecoderPool) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    data = encoded(drawn(), "JPEG", exif=exif.tobytes(), comment=b"taken at")
    assert b"taken" in data
    assert b"taken" not in pool.full(data)


def test_closing_ends_the_children_and_leaks_no_descriptor() -> None:
    before = set(os.listdir("/dev/fd"))
    for _ in range(2):
        pool = DecoderPool(size=1)
        pid = _child_of(pool)
        pool.close()
        assert _gone(pid)
        with pytest.raises(RuntimeError, match="closed"):
            pool.signals(PICTURE)
    assert set(os.listdir("/dev/fd")) <= before


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("busy", [False, True])
def test_children_end_when_the_server_is_killed(busy: bool) -> None:
    program = f"""
        import sys, threading, time
        sys.path[:0] = [{SOURCE!r}, {str(Path(SOURCE).parent)!r}]
        from heed.hashing.sandbox import DecoderPool
        pool = DecoderPool()
        data = sys.stdin.buffer.read()
        pool.signals(data[:100])
        print(*(child.pid for child in pool._children), flush=True)
        if {busy}:
            threading.Thread(target=pool.signals, args=(data,), daemon=True).start()
        time.sleep(300)
    """
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None and server.stdout is not None
    with server:
        server.stdin.write(HEAVY)
        server.stdin.close()
        child = int(server.stdout.readline())
        if busy:
            time.sleep(0.1)
        server.kill()
        assert _gone(child)
