"""What the first evening is played with: forms, a real nginx, drawn pictures, a table."""

import base64
import contextlib
import hmac
import io
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2
from PIL import Image

from examples import pictures

WIDE = {"width": 1100, "height": 820}
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_SECRET = re.compile(r'<p class="words">([A-Z2-7]+)</p>')


@dataclass(frozen=True, slots=True)
class Promise:
    """One row. `held` is None for a figure that promises nothing."""

    what: str
    seconds: float | None
    measured: str
    held: bool | None

    def line(self) -> str:
        """As it is printed when it is known."""
        took = "" if self.seconds is None else f"{self.seconds:7.1f} s"
        verdict = {None: "", True: "yes", False: "NO"}[self.held]
        return f"{self.what:<52} {took:>9}  {verdict:<4} {self.measured}".rstrip()


def printed(rows: Sequence[Promise]) -> str:
    """The table for the docs."""
    lines = ["| promise | took | measured | held |", "|---|---|---|---|"]
    for row in rows:
        took = "" if row.seconds is None else f"{row.seconds:.1f} s"
        verdict = {None: "", True: "yes", False: "**no**"}[row.held]
        lines.append(f"| {row.what} | {took} | {row.measured} | {verdict} |")
    return "\n".join(lines)


def drawn(count: int, kept: Path | None) -> Iterator[bytes]:
    """That many different pictures, on all cores. Drawn once where `kept` is named."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(partial(_one, kept), range(count), chunksize=50)


def _one(kept: Path | None, number: int) -> bytes:
    path = None if kept is None else kept / f"{number}.jpg"
    if path is not None and path.exists():
        return path.read_bytes()
    data = pictures.picture(50_000 + number)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return data


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def code_of(secret: str) -> str:
    """The six digits that an app would show now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


class Browser:
    """Pages and forms, with cookies; and pictures of them, where a directory is named."""

    def __init__(self, url: str, screenshots: Path | None) -> None:
        self._url, self._screenshots = url, screenshots
        self._client = httpx2.Client(
            base_url=url, follow_redirects=True, timeout=30, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._client.close()

    def get(self, path: str) -> httpx2.Response:
        """A page, wherever it leads."""
        return self._client.get(path)

    def send(self, path: str, **said: str) -> httpx2.Response:
        """A page's form, filled in."""
        return self._post(path, self.get(path).text, said)

    def second_factor(self, path: str, proof: str) -> httpx2.Response:
        """Scans the key as an app would, gives the figures that it shows, and signs in by them."""
        page = self.get(path).text  # each time it is opened it has another key
        found = _SECRET.search(page)
        assert found is not None, f"{path} shows no key"
        self._post(path, page, {"code": code_of(found[1])})
        return self.send(proof, code=code_of(found[1]))

    def _post(self, path: str, page: str, said: dict[str, str]) -> httpx2.Response:
        token = _TOKEN.search(page)
        assert token is not None, f"{path} has no form"
        hidden = {"csrfmiddlewaretoken": token[1]}
        return self._client.post(path, data=said | hidden)

    def picture(self, name: str, path: str) -> None:
        """What somebody sees there, small enough for the docs."""
        if self._screenshots is None:
            return
        from playwright.sync_api import sync_playwright

        from heed.instance.checks import chromium

        self._screenshots.mkdir(parents=True, exist_ok=True)
        kept = [
            {"name": one.name, "value": one.value or "", "url": self._url}
            for one in self._client.cookies.jar
        ]
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
            context.add_cookies(kept)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{self._url}{path}")
            taken = page.screenshot()
            browser.close()
        _kept(taken, self._screenshots / f"{name}.png")


def _kept(taken: bytes, path: Path) -> None:
    """With as few colours as a page has: a document should load at once."""
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(64).save(path, optimize=True)


@dataclass
class Nginx:
    """A real nginx before a site: its files from the disk, all else from the site."""

    here: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self, gate: str, site: str) -> Iterator[None]:
        """With the lines that `heed platform gate` printed, until the block ends."""
        directory = self.here / "nginx"
        directory.mkdir()
        directory.chmod(0o777)
        http, _, server = gate.partition("# ---- 2.")
        http = re.sub(r"(proxy_cache_path )\S+", rf"\g<1>{directory}/gate", http)
        config = directory / "nginx.conf"
        config.write_text(self._config(directory, http, f"#{server}", site))
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        assert found, "nginx is not here: apt install nginx-light"
        process = subprocess.Popen([found, "-p", str(directory), "-c", str(config), "-e", "stderr"])
        try:
            until = time.monotonic() + 15
            while not self._listens():
                assert process.poll() is None and time.monotonic() < until, "nginx does not listen"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(15)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
            return True
        return False

    def _config(self, directory: Path, http: str, server: str, site: str) -> str:
        user = "user root;" if os.geteuid() == 0 else ""
        temps = "".join(
            f"{one}_temp_path {directory}/{one};"
            for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""daemon off; worker_processes 1; pid {directory}/pid; {user}
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
  access_log off; types {{ image/png png; image/jpeg jpg; }} {temps}
  {http}
  server {{
    listen 127.0.0.1:{self.port};
    location / {{ proxy_pass {site}; proxy_set_header Host $http_host; }}
    {server}
  }}
}}
"""
