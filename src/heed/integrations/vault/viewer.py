"""The viewer: the one process that may open review copies. It gives back pictures, never the file.

It listens on a Unix socket in a directory that only its user can enter. One question, one answer,
each a JSON head behind its length in four bytes, then the bytes that the head counts.
"""

import base64
import json
import logging
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from heed.hashing import refusals
from heed.hashing.parts import LOOKS
from heed.hashing.sandbox import DecoderPool
from heed.integrations.vault.sealing import AgeSeals
from heed.ports import (
    KeyLost,
    NotOpened,
    NotShown,
    Purpose,
    Rendered,
    Sealing,
    ViewerAway,
    Wrapping,
)

logger = logging.getLogger(__name__)
WITHIN_SECONDS = 30.0
MOST_BYTES = 256 * 1024 * 1024
BLURRED_PX = 320
_HEAD_BYTES = 64 * 1024


class ViewerClient:
    """Asks the viewer. One connection for each picture: there are few."""

    def __init__(self, socket_path: Path | None = None) -> None:
        self.path = str(socket_path or settings.HEED_VIEWER_SOCKET)

    def show(self, sealing: Sealing, variant: str, from_ms: int = 0) -> Rendered:
        """The picture, or the part of the video. Raises `ViewerAway`, `NotShown`."""
        wrapping = sealing.wrappings[0]
        head = {
            "variant": variant,
            "from_ms": from_ms,
            "recipient": wrapping.recipient,
            "wrapped": base64.b64encode(wrapping.wrapped).decode(),
        }
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(WITHIN_SECONDS)
                line.connect(self.path)
                _say(line, head, sealing.body)
                answer, body = _hear(line)
        except (OSError, ValueError) as why:
            raise ViewerAway(f"no viewer answers ({why}): heed up, or heed viewer") from why
        if answer.get("why"):
            raise NotShown(str(answer["why"]))
        about = answer.get("about_ms")
        return Rendered(
            body=body,
            mime=str(answer["mime"]),
            until_ms=int(answer["until_ms"]) if "until_ms" in answer else None,
            last=bool(answer.get("last", True)),
            about_ms=None if about is None else int(about),
        )


class _Handler(socketserver.BaseRequestHandler):
    server: "ViewerServer"

    def handle(self) -> None:
        self.request.settimeout(WITHIN_SECONDS)
        try:
            head, body = _hear(self.request)
            answer, picture = self.server.answer(head, body)
            _say(self.request, answer, picture)
        except (OSError, ValueError, KeyError) as why:
            logger.warning("viewer: a question was not understood", extra={"why": str(why)})


class ViewerServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves until it is shut down. Files are decoded in the locked-down child."""

    daemon_threads = True

    def __init__(self, path: Path, keys: Path) -> None:
        self._seals = AgeSeals(keys, [Purpose.REVIEW])
        self._pool: DecoderPool | None = None  # its child takes memory: only when somebody looks
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Handler)
        os.chmod(path, 0o600)

    def answer(self, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Open and render; `why` in the head when it can't be shown."""
        wrapping = Wrapping(
            purpose=Purpose.REVIEW,
            recipient=str(head["recipient"]),
            wrapped=base64.b64decode(str(head["wrapped"])),
        )
        try:
            data = self._seals.open(body, wrapping)
            return self._rendered(data, str(head["variant"]), int(head.get("from_ms", 0)))
        except (KeyLost, NotOpened, refusals.NotViewable) as why:
            return {"why": str(why)}, b""

    def _rendered(self, data: bytes, variant: str, from_ms: int) -> tuple[dict[str, Any], bytes]:
        if variant in LOOKS:
            part = self._decoder().clip(data, from_ms, variant)
            told = {"until_ms": part.until_ms, "last": part.last, "about_ms": part.about_ms}
            return {"mime": "video/webm", **told}, part.body
        if variant == "exif":
            return {"mime": "application/json"}, self._decoder().metadata(data)
        if variant == "full":
            return {"mime": "image/jpeg"}, self._decoder().full(data)
        small = self._decoder().derivative(data, BLURRED_PX, blurred=variant != "clear")
        return {"mime": "image/webp"}, small

    def server_close(self) -> None:
        """Ends the decoder's child, too."""
        super().server_close()
        if self._pool is not None:
            self._pool.close()

    def _decoder(self) -> DecoderPool:
        with self._lock:
            self._pool = self._pool or DecoderPool(size=1)
            return self._pool


def _say(line: socket.socket, head: Mapping[str, Any], body: bytes) -> None:
    told = json.dumps({**head, "bytes": len(body)}).encode()
    line.sendall(struct.pack(">I", len(told)) + told)
    line.sendall(body)


def _hear(line: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Raises `ValueError` for what is no question or answer, `OSError` for a lost line."""
    (size,) = struct.unpack(">I", _exactly(line, 4))
    if size > _HEAD_BYTES:
        raise ValueError("a head of more than 64 KB")
    head = json.loads(_exactly(line, size))
    count = int(head["bytes"])
    if not 0 <= count <= MOST_BYTES:
        raise ValueError("more bytes than are shown")
    return head, _exactly(line, count)


def _exactly(line: socket.socket, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        part = line.recv(min(1 << 20, count - len(got)))
        if not part:
            raise OSError("the line was cut")
        got += part
    return bytes(got)
