"""A pool of confined child processes that decode strangers' files for the server.

The server itself never decodes: it hashes the bytes exactly, hands them over a pipe, and believes
nothing that comes back beyond its shape. A child that crashes, hangs or swells costs one file its
perceptual hash, with the cause named; the child is replaced and the server goes on.
"""

import atexit
import contextlib
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from heed.hashing import parts, wire
from heed.hashing.confine import FULL
from heed.hashing.distance import HASH_BYTES
from heed.hashing.kinds import OTHER, PICTURE, VIDEO, kind_of
from heed.hashing.refusals import NotViewable, Reason
from heed.hashing.signals import (
    NOT_HASHABLE,
    STATES,
    WAYS,
    FileSignals,
    Frame,
    Value,
    exact_signals,
)

START_WITHIN_SECONDS = 30.0
GO_WITHIN_SECONDS = 10.0  # from hanging up to its end
JOBS_PER_CHILD = 500  # then a fresh one: whatever a file may have done to it ends there
MAX_FILE_BYTES = 512 << 20
_LAST_SECOND = 0xFFFF
_SOURCE = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from heed.hashing.decoder import main; main(sys.argv[2])"
)
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


class _ChildGone(Exception):
    """The child ended, or broke off the talk. `.retired`: it had only gone to rest."""

    def __init__(self, retired: bool = False) -> None:
        super().__init__()
        self.retired = retired


class _TooSlow(Exception):
    """The time was over before the child had answered."""


class _Child:
    """One decoder process and its two pipes. Used by one thread at a time."""

    def __init__(self, role: str) -> None:
        self.jobs = 0
        command = [sys.executable, "-I", "-c", _PROGRAM, _SOURCE, role]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT, bufsize=0
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> tuple[str, ...]:
        """Wait until it has locked itself in; the measures that hold."""
        header, _ = self._hear(time.monotonic() + START_WITHIN_SECONDS)
        return tuple(str(held) for held in header.get("ready", ()))

    def ask(self, header: wire.Header, body: bytes, until: float) -> tuple[wire.Header, bytes]:
        """One job. Raises `_ChildGone` or `_TooSlow`; afterwards the child must be ended."""
        self.jobs += 1
        try:
            for part in wire.message(header, body):
                self._say(part, until)
        except BrokenPipeError:
            raise _ChildGone(retired=self._went_to_rest()) from None
        return self._hear(until)

    def _went_to_rest(self) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):  # it hung up, and stays: it is broken
            return self._process.wait(GO_WITHIN_SECONDS) == 0
        return False

    def _say(self, part: bytes, until: float) -> None:
        view = memoryview(part)
        while view:
            _await(self._to, select.POLLOUT, until)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._to, view[: 1 << 20]) :]

    def _hear(self, until: float) -> tuple[wire.Header, bytes]:
        def read_exactly(size: int) -> bytes:
            parts = bytearray()
            while len(parts) < size:
                _await(self._from, select.POLLIN, until)
                got = os.read(self._from, min(size - len(parts), 1 << 20))
                if not got:
                    raise _ChildGone
                parts += got
            return bytes(parts)

        try:
            return wire.received(read_exactly)
        except wire.BrokenTalk:
            raise _ChildGone from None

    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Kill it, wait for it, close its pipes. May be repeated."""
        with self._process:  # closes both pipes and waits
            self._process.kill()


def _await(descriptor: int, event: int, until: float) -> None:
    """Wait for a pipe. A closed one counts as ready: the read or write then says so."""
    left = until - time.monotonic()
    poll = select.poll()
    poll.register(descriptor, event)
    if left <= 0 or not poll.poll(left * 1000):
        raise _TooSlow


class _Slots:
    """The places for children of one role. A place is empty until it is first needed."""

    def __init__(self, role: str, size: int) -> None:
        self.role = role
        self.free: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self.free.put(None)


class DecoderPool:
    """Decoders, `size` for pictures and as many for videos, started when first needed.

    Safe to use from many threads. A call waits up to its `within_seconds` for a free decoder and as
    long again for the answer. Children end with `close()`, at exit, and when the server is killed.
    """

    def __init__(self, size: int = 1) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._confinement: tuple[str, ...] = ()
        self._said = False
        self._closed = False
        self._begin()
        atexit.register(self.close)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._slots = {role: _Slots(role, self._size) for role in ("pictures", "videos")}
        # A child dies with the thread that started it, so that thread must live as long as we do.
        self._nursery = ThreadPoolExecutor(1, thread_name_prefix="decoder-nursery")

    @property
    def confinement(self) -> tuple[str, ...]:
        """The measures that hold in the children; empty before the first one was started."""
        return self._confinement

    def signals(
        self, data: bytes, within_seconds: float = 20, *, exact_value: bool = False
    ) -> FileSignals:
        """All signals of a file. Never raises for a bad file or a broken child: see `state`.

        `exact_value`: decode all of a large JPEG, for the very value that others compute.
        """
        if len(data) > MAX_FILE_BYTES:
            return exact_signals(data, Reason.TOO_LARGE)
        answer = self._ask({"do": "signals", "exact_value": exact_value}, data, within_seconds)
        if answer is Reason.TIME_OUT and kind_of(data)[0] == VIDEO:
            return self._first_look(data, within_seconds / 4)
        return self._heard(data, answer)

    def _first_look(self, data: bytes, within_seconds: float) -> FileSignals:
        """A video that takes too long: not hashed, but its key frames are asked with and kept."""
        job = {"do": "signals", "first_look": True}
        looked = self._heard(data, self._ask(job, data, within_seconds))
        return replace(looked, state=NOT_HASHABLE, reason=Reason.TIME_OUT)

    def _heard(self, data: bytes, answer: tuple[wire.Header, bytes] | Reason) -> FileSignals:
        if isinstance(answer, Reason):
            return exact_signals(data, answer)
        try:
            return _believed(exact_signals(data, Reason.NOT_A_PICTURE), answer[0])
        except (TypeError, ValueError, KeyError):
            return exact_signals(data, Reason.DECODER_CRASHED)

    def derivative(
        self, data: bytes, max_px: int = 320, within_seconds: float = 20, *, blurred: bool = True
    ) -> bytes:
        """A small, grey WebP, blurred unless said otherwise. Raises `NotViewable`."""
        job: wire.Header = {"do": "derivative", "max_px": max_px, "blurred": blurred}
        return self._view(job, data, within_seconds)

    def full(self, data: bytes, within_seconds: float = 20) -> bytes:
        """The picture, or a video's first good frame, as a plain JPEG. Raises `NotViewable`."""
        return self._view({"do": "full"}, data, within_seconds)

    def metadata(self, data: bytes, within_seconds: float = 20) -> bytes:
        """What a picture says of itself, as JSON: a list of pairs. Raises `NotViewable`."""
        return self._view({"do": "metadata"}, data, within_seconds)

    def clip(self, data: bytes, from_ms: int, look: str, within_seconds: float = 25) -> parts.Clip:
        """A part of a video as WebM without sound, `look` being one of `parts.LOOKS`.

        Raises `NotViewable`.
        """
        job: wire.Header = {"do": "clip", "from_ms": from_ms, **parts.LOOKS[look]}
        answer = self._ask(job, data, within_seconds)
        if isinstance(answer, Reason):
            raise NotViewable(answer)
        header, body = answer
        if "refused" in header:
            raise NotViewable(_reason(header["refused"]))
        return parts.believed(header, body, from_ms)

    def _view(self, job: wire.Header, data: bytes, within_seconds: float) -> bytes:
        answer = self._ask(job, data, within_seconds)
        if isinstance(answer, Reason):
            raise NotViewable(answer)
        header, body = answer
        if "refused" in header or not body:
            raise NotViewable(_reason(header.get("refused")))
        return body

    def _ask(
        self, job: wire.Header, data: bytes, within_seconds: float
    ) -> tuple[wire.Header, bytes] | Reason:
        """One job by a free child; the reason when there is no answer."""
        job = {**job, "within_seconds": max(1, round(within_seconds))}
        slots = self._slots_for(data)
        try:
            child = slots.free.get(timeout=within_seconds)
        except queue.Empty:
            return Reason.BUSY
        try:
            child, answer = self._through(
                slots, child, lambda c: c.ask(job, data, time.monotonic() + within_seconds)
            )
            return answer
        finally:
            slots.free.put(child if child is not None and child.alive() else None)

    def _slots_for(self, data: bytes) -> _Slots:
        with self._lock:
            if self._closed:
                raise RuntimeError("this decoder pool is closed")
            if self._pid != os.getpid():  # we are a fork: the children belong to our parent
                self._inherited, self._children = self._children, set()
                self._begin()
        return self._slots["videos" if kind_of(data)[0] == VIDEO else "pictures"]

    def _through(
        self,
        slots: _Slots,
        child: _Child | None,
        talk: Callable[[_Child], tuple[wire.Header, bytes]],
    ) -> tuple[_Child | None, tuple[wire.Header, bytes] | Reason]:
        """Talk to the child in this place or to a fresh one. The child that is left, the answer."""
        if child is not None and (not child.alive() or child.jobs >= JOBS_PER_CHILD):
            self._ended(child)
            child = None
        child = child or self._started(slots.role)
        if child is None:
            return None, Reason.DECODER_MISSING
        try:
            return child, talk(child)
        except _TooSlow:
            self._ended(child)
            return None, Reason.TIME_OUT
        except _ChildGone as gone:
            self._ended(child)
            if gone.retired:
                return self._through(slots, None, talk)
            return None, Reason.DECODER_CRASHED

    def _started(self, role: str) -> _Child | None:
        """A fresh child that has locked itself in; None when none can be started."""
        try:
            child = self._nursery.submit(_Child, role).result()
        except (OSError, RuntimeError) as error:
            self._say(f"no decoder could be started: {error}")
            return None
        self._children.add(child)
        try:
            self._confinement = child.ready()
        except (_ChildGone, _TooSlow):
            self._say("a decoder did not start: files are not hashed until it does")
            self._ended(child)
            return None
        self._say_what_is_missing()
        return child

    def _ended(self, child: _Child) -> None:
        child.end()
        self._children.discard(child)

    def _say_what_is_missing(self) -> None:
        missing = [measure for measure in FULL if measure not in self._confinement]
        if missing and not self._said:
            self._said = True
            self._say(f"the decoder runs without {' and '.join(missing)} on this machine")

    def _say(self, line: str) -> None:
        print(f"heed: {line}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End all children. May be repeated; afterwards the pool refuses work."""
        with self._lock:
            self._closed = True
        if self._pid == os.getpid():
            for child in list(self._children):
                self._ended(child)
            self._nursery.shutdown(wait=False)
        atexit.unregister(self.close)


def _reason(word: object) -> Reason:
    try:
        return Reason(str(word))
    except ValueError:
        return Reason.DECODER_CRASHED


def _hash(text: Any) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != HASH_BYTES:
        raise ValueError("not a hash of 256 bits")
    return value


def _percent(value: Any) -> int:
    return min(100, max(0, int(value)))


def _pixels(value: Any) -> int | None:
    return None if value is None else min(1 << 20, max(0, int(value)))


def _value(told: Any) -> Value:
    pdq, quality = told
    return Value(_hash(pdq), _percent(quality))


def _frame(told: Any) -> Frame:
    at_ms, pdq, quality, inside = told
    return Frame(
        timestamp_ms=min(1 << 31, max(0, int(at_ms))),
        pdq=_hash(pdq),
        quality=_percent(quality),
        inside=None if inside is None else _value(inside),
    )


def _believed(exact: FileSignals, told: wire.Header) -> FileSignals:
    """The child's word, held to its form. Raises `ValueError` and the like for anything else."""
    if "refused" in told:
        return replace(exact, reason=_reason(told["refused"]))
    state, kind = str(told["state"]), str(told["kind"])
    if state not in STATES or kind not in (PICTURE, VIDEO, OTHER):
        raise ValueError("a state or kind that does not exist")
    if state != NOT_HASHABLE and not (told["pdq"] or told["frames"]):
        raise ValueError("hashed, but no hash")
    if told["asked_at_s"] and len(told["query_forms"]) != WAYS * len(told["asked_at_s"]):
        raise ValueError("a second without its forms")
    return replace(
        exact,
        kind=kind,
        mime=str(told["mime"])[:80],
        state=state,
        reason=None if told["reason"] is None else _reason(told["reason"]),
        width_px=_pixels(told["width_px"]),
        height_px=_pixels(told["height_px"]),
        pdq=_hash(told["pdq"]) if told["pdq"] else None,
        pdq_quality=_percent(told["pdq_quality"]),
        other_values=tuple(_value(value) for value in told["other_values"]),
        query_forms=tuple(_hash(form) for form in told["query_forms"]),
        asked_at_s=tuple(min(_LAST_SECOND, max(0, int(at))) for at in told["asked_at_s"]),
        frames=tuple(_frame(frame) for frame in told["frames"]),
    )
