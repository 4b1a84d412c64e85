"""How many items a second are registered, in batches, over HTTP? Prints one line.

    PYTHONPATH=src python -m bench.register [--items 20000] [--batch 1000] [--clients 2]

Starts an instance of its own (PostgreSQL and web, both with their usual settings) in a temporary
directory, tells it of posts and reshares with a file each, tells the same again, and ends it.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from bench.machine import machine
from heed.instance import boot, processes
from heed.instance.place import Place

SITE = "https://square.example/"


def main() -> None:
    asked = arguments()
    with instance() as (url, key):
        batches = [batch(start, asked.batch) for start in range(0, asked.items, asked.batch)]
        new, again = (told(url, key, batches, asked.clients) for _ in range(2))
    rate, repeated = (asked.items / seconds for seconds, _ in (new, again))
    slow = statistics.quantiles(new[1], n=20)[-1] if len(new[1]) > 1 else new[1][0]
    print(
        f"register: {rate:,.0f} items/s new, {repeated:,.0f} items/s told again"
        f" ({asked.items:,} items, batches of {asked.batch:,}, {asked.clients} clients;"
        f" batch median {statistics.median(new[1]) * 1000:.0f} ms, p95 {slow * 1000:.0f} ms;"
        f" {machine()})"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=2)
    return parser.parse_args()


def batch(start: int, size: int) -> bytes:
    return "\n".join(json.dumps(item(number)) for number in range(start, start + size)).encode()


def item(number: int) -> dict[str, object]:
    """Two posts, then a reshare of an earlier one, and so on; by a thousand accounts."""
    reshares = number % 3 == 2
    return {
        "ref": f"n{number}",
        "url": f"{SITE}p/n{number}",
        "account_ref": f"u{number % 997}",
        "kind": "reshare" if reshares else "post",
        "reshare_of": f"n{number // 2 // 3 * 3}" if reshares else None,
        "published_at": "2026-01-05T10:00:00Z",
        "views": number % 100,
        "text": "A few words under a picture",
        "files": [
            {
                "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
                "url": f"{SITE}f/n{number}/0",
                "preview_url": f"{SITE}t/n{number}/0",
            }
        ],
    }


def told(url: str, key: str, batches: list[bytes], clients: int) -> tuple[float, list[float]]:
    """Seconds for all batches, and for each."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    with httpx2.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:

        def tell(lines: bytes) -> float:
            began = time.monotonic()
            said = client.post("/api/v1/items", content=lines).raise_for_status().json()
            assert said["refused"] == 0, said
            return time.monotonic() - began

        began = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            each = list(pool.map(tell, batches))
        return time.monotonic() - began, each


# ---------------------------------------------------------------- an instance of its own


@contextlib.contextmanager
def instance() -> Iterator[tuple[str, str]]:
    """Its address, and a key of its platform."""
    directory = Path(tempfile.mkdtemp(prefix="heed-bench-"))
    directory.chmod(0o755)  # the database's user must be able to pass
    try:
        with boot.prepared(Place(directory / "var")) as urls:
            subprocess.run(
                [sys.executable, "-m", "heed", "migrate"],
                env={**os.environ, "HEED_OWNER_DATABASE_URL": urls.owner},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            with web() as url:
                yield url, key()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def web() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "heed", "web", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command)
    try:
        url = processes.address("127.0.0.1", port)
        until = time.monotonic() + 60
        while not processes.answers(f"{url}/status"):
            assert process.poll() is None and time.monotonic() < until, (
                "the web server did not start"
            )
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def key() -> str:
    import django

    django.setup()
    from django.utils import timezone

    from heed.flows.manage_platforms import add_key, add_platform

    add_platform(slug="square", name="Square", url_prefixes=[SITE], now=timezone.now())
    return add_key(platform_slug="square", name="bench", scopes=["items"], now=timezone.now())


if __name__ == "__main__":
    main()
