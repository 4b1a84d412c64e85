"""Townsquare in a process of its own, and a stand-in Heed that it talks to over HTTP."""

import io
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import av
import httpx2
import pytest
from PIL import Image

from heed.instance.place import IMPORTS
from tests.ports import free_port

from .stand_in import KEY, SECRET, Json, StandInHeed, send, wish

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "evidence-token-of-the-tests"
T = TypeVar("T")
_colours = itertools.count(1)


def picture() -> bytes:
    """A picture that no other call has made."""
    n = next(_colours)
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (n % 256, n // 256 % 256, 90)).save(out, "PNG")
    return out.getvalue()


def video() -> bytes:
    """A second of flat colours."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for n in range(10):
            frame = av.VideoFrame.from_image(  # type: ignore[no-untyped-call]
                Image.new("RGB", (320, 240), (n * 20, 80, 80))
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def eventually(ask: Callable[[], T | None], *, within: float = 60) -> T:
    """The first true answer."""
    until = time.monotonic() + within
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


class Town:
    """One running Townsquare."""

    def __init__(self, var: Path, heed: StandInHeed) -> None:
        self.var, self.heed = var, heed
        self.port = free_port()
        self.http = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, verify=False
        )
        self.start()

    def start(self) -> None:
        options = {
            "TOWNSQUARE_VAR": str(self.var),
            "TOWNSQUARE_KEY": KEY,
            "TOWNSQUARE_SECRET": SECRET,
            "TOWNSQUARE_EVIDENCE_TOKEN": TOKEN,
            "PYTHONPATH": IMPORTS,
        }
        command = ["-m", "examples.townsquare", "--port", str(self.port), "--heed", self.heed.url]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--pretend"],
            cwd=ROOT,
            env={**os.environ, **options},
        )
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return self.http.get("/pretend/facts?brief=1").status_code == 200
        except httpx2.TransportError:
            assert self.process.poll() is None, "Townsquare ended by itself"
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.http.close()

    def post(self, account: str, text: str = "", *pictures: bytes) -> httpx2.Response:
        files = [("files", ("a.png", data, "image/png")) for data in pictures]
        form = {"text": text}
        who = {"X-Account": account}
        return self.http.post("/api/posts", data=form, files=files or None, headers=who)

    def published(self, account: str, text: str = "", *pictures: bytes) -> str:
        answer = self.post(account, text, *pictures)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def reshare(self, account: str, ref: str) -> httpx2.Response:
        return self.http.post(f"/api/posts/{ref}/reshare", headers={"X-Account": account})

    def want(self, ref: str, visibility: str, revision: int) -> list[Json]:
        """Tell what an item should be; returns the results."""
        event = {"type": "states.desired", "states": [wish(ref, visibility, revision)]}
        answer = send(self.http, event)
        assert answer.status_code == 200
        return list(answer.json()["results"])

    def status(self, path: str, **options: Any) -> int:
        return self.http.get(path, **options).status_code

    def facts(self) -> Json:
        return dict(self.http.get("/pretend/facts").json())

    def fact(self, ref: str) -> Json:
        return next(item for item in self.facts()["items"] if item["id"] == ref)

    def pretend(self, mode: str, **more: Any) -> None:
        self.http.post("/pretend", json={"mode": mode, **more}).raise_for_status()


@pytest.fixture(scope="module")
def heed() -> Iterator[StandInHeed]:
    stand_in = StandInHeed()
    yield stand_in
    stand_in.stop()


@pytest.fixture(scope="module")
def running_town(heed: StandInHeed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("townsquare"), heed)
    yield town
    town.close()


@pytest.fixture
def town(running_town: Town) -> Iterator[Town]:
    yield running_town
    running_town.pretend("well")
