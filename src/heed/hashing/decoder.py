"""The child process that decodes strangers' files. `sandbox` starts it, no server imports it.

It imports, warms up, locks itself in, and answers one job after the other until its input ends.
"""

import io
import json
import os
import select
import sys
from collections.abc import Callable

from heed.hashing import confine, wire
from heed.hashing.refusals import NotHashable, Reason
from heed.hashing.signals import FileSignals, Frame, Value, seen, signals_of

PICTURES, VIDEOS = "pictures", "videos"
VIDEO_IDLE_SECONDS = 60.0  # a decoder of videos holds more memory, and few sites need it always
_WARM_UP_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF")


def _warm_up(role: str) -> None:
    """Load every library and plugin now: later no file can be opened."""
    import numpy as np
    from PIL import Image

    from heed.hashing import metadata, normalise, views

    normalise.learn_heif()
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for form in _WARM_UP_FORMATS:
        if form in Image.registered_extensions().values():
            out = io.BytesIO()
            Image.fromarray(pixels).save(out, form)
            signals_of(out.getvalue())
            views.derivative(out.getvalue(), 32)
            views.full(out.getvalue())
            metadata.exif(out.getvalue())
    if role == VIDEOS:
        from heed.hashing import clips, video

        video.learn_codecs()
        clips.learn_to_encode()


def _one_core() -> None:
    """AVIF and numpy would start threads for every core; the pool decides how many work."""
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def told(signals: FileSignals) -> wire.Header:
    """What the decoder learnt, without the exact hashes: those the server computes itself."""
    return {
        "kind": signals.kind,
        "mime": signals.mime,
        "state": signals.state,
        "reason": signals.reason,
        "width_px": signals.width_px,
        "height_px": signals.height_px,
        "pdq": signals.pdq.hex() if signals.pdq else None,
        "pdq_quality": signals.pdq_quality,
        "other_values": [_value(one) for one in signals.other_values],
        "query_forms": [form.hex() for form in signals.query_forms],
        "asked_at_s": signals.asked_at_s,
        "frames": [_frame(frame) for frame in signals.frames],
    }


def _value(value: Value) -> list[object]:
    return [value.pdq.hex(), value.quality]


def _frame(frame: Frame) -> list[object]:
    inside = _value(frame.inside) if frame.inside else None
    return [frame.timestamp_ms, frame.pdq.hex(), frame.quality, inside]


def _signals(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    unread = FileSignals.unread(data)
    exact, first = bool(job.get("exact_value")), bool(job.get("first_look"))
    return told(seen(unread, data, exact_value=exact, first_look=first)), b""


def _derivative(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    from heed.hashing import views

    return {}, views.derivative(data, int(job["max_px"]), blurred=bool(job["blurred"]))


def _full(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    from heed.hashing import views

    return {}, views.full(data)


def _metadata(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    from heed.hashing import metadata

    return {}, json.dumps(metadata.exif(data)).encode()


def _clip(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    from heed.hashing import clips

    look = clips.Look(int(job["max_px"]), bool(job["grey"]), bool(job["blurred"]))
    made = clips.clip(data, int(job["from_ms"]), look)
    told = {"until_ms": made.until_ms, "last": made.last, "about_ms": made.about_ms}
    return told, made.body


_JOBS: dict[str, Callable[[wire.Header, bytes], tuple[wire.Header, bytes]]] = {
    "signals": _signals,
    "derivative": _derivative,
    "full": _full,
    "metadata": _metadata,
    "clip": _clip,
}


def _answer(job: wire.Header, data: bytes) -> tuple[wire.Header, bytes]:
    """Do one job; a refusal is an answer too."""
    confine.limit_job(int(job["within_seconds"]))
    try:
        return _JOBS[job["do"]](job, data)
    except NotHashable as refused:
        return {"refused": refused.reason}, b""
    except MemoryError:
        return {"refused": Reason.OUT_OF_MEMORY}, b""
    finally:
        confine.end_job()


def _read_exactly(size: int) -> bytes:
    """Bytes from the server. Raises `EOFError` when it is gone."""
    parts = bytearray(size)
    view, at = memoryview(parts), 0
    while at < size:
        got = os.readv(0, [view[at:]])
        if not got:
            raise EOFError
        at += got
    return bytes(parts)


def _write(descriptor: int, header: wire.Header, body: bytes = b"") -> None:
    for part in wire.message(header, body):
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]


def _private_output() -> int:
    """Keep the answers' pipe for ourselves: a library that prints must not garble them."""
    answers, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _waiting(role: str) -> bool:
    """Wait for work; False when nobody asked for long."""
    idle = VIDEO_IDLE_SECONDS if role == VIDEOS else None
    return bool(select.select([0], [], [], idle)[0])


def main(role: str) -> None:
    """Serve until the input ends. `role` is "pictures" or "videos"."""
    confine.die_with_parent()
    answers = _private_output()
    _one_core()
    _warm_up(role)
    held = confine.confine()
    _write(answers, {"ready": held})
    os.dup2(1, 2)  # from here on a stranger's file could write to the server's error output
    try:
        while _waiting(role):
            job, data = wire.received(_read_exactly)
            _write(answers, *_answer(job, data))
            del data
    except (EOFError, BrokenPipeError):
        sys.exit(0)
