"""How fast is the media gate, and how long does it let through what was just hidden? Two lines.

    PYTHONPATH=src python -m bench.media_gate [--files 50000] [--hidden 5000] [--asked 4000]

Starts an instance of its own in a temporary directory, registers posts with addresses as Mastodon
has them, hides some, and asks as a proxy does, over connections that are kept.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2

from bench.register import SITE, instance, told

FIRST = 113_000_000_000_000_000


def main() -> None:
    asked = arguments()
    with instance() as (url, key):
        numbers = [FIRST + at * 65_536 for at in range(asked.files)]
        parts = [numbers[at : at + 1_000] for at in range(0, asked.files, 1_000)]
        told(url, key, [batch(part) for part in parts], 2)
        command = [sys.executable, "-m", "heed", "platform", "connect", "square", "mastodon",
                   "--set", f"url={SITE.rstrip('/')}", "--set", "gate=on"]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        hide(numbers[: asked.hidden])
        report(url, numbers, asked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--hidden", type=int, default=5_000)
    parser.add_argument("--asked", type=int, default=4_000)
    parser.add_argument("--clients", type=int, default=4)
    return parser.parse_args()


def path(number: int, size: str = "original") -> str:
    text = str(number)
    parts = "/".join(text[at : at + 3] for at in range(0, 18, 3))
    return f"/system/media_attachments/files/{parts}/{size}/a.png"


def batch(numbers: list[int]) -> bytes:
    rows = [
        {"ref": f"n{one}", "url": f"{SITE}@u/{one}", "account_ref": "u",
         "files": [{"sha256": f"{one:064x}", "url": SITE.rstrip("/") + path(one)}]}
        for one in numbers
    ]  # fmt: skip
    return "\n".join(map(json.dumps, rows)).encode()


def hide(numbers: list[int]) -> None:
    from heed.media.models import Item

    Item.objects.filter(ref__in=[f"n{one}" for one in numbers]).update(desired="hidden")


def report(url: str, numbers: list[int], asked: argparse.Namespace) -> None:
    chosen = random.Random(1).choices(numbers, k=asked.asked)
    with httpx2.Client(base_url=url, trust_env=False, timeout=10) as client:

        def ask(number: int) -> tuple[float, int]:
            began = time.monotonic()
            header = {"X-Original-URI": path(number, "small")}
            answer = client.get("/connect/square/gate", headers=header)
            return time.monotonic() - began, answer.status_code

        wrong = sum(ask(one)[1] != 403 for one in numbers[: min(200, asked.hidden)])
        began = time.monotonic()
        with ThreadPoolExecutor(asked.clients) as pool:
            each = sorted(seconds * 1000 for seconds, _ in pool.map(ask, chosen))
        rate = len(each) / (time.monotonic() - began)
        print(
            f"media gate: {rate:,.0f} questions/s, median {statistics.median(each):.1f} ms,"
            f" 99th {each[len(each) * 99 // 100]:.1f} ms ({asked.files:,} files, {asked.hidden:,}"
            f" hidden, {asked.clients} clients), {wrong} let through that were hidden;"
            f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        shown = numbers[asked.hidden : asked.hidden + 50]
        late = [until_refused(ask, one) for one in shown]
        print(f"hidden, then refused: median {statistics.median(late) * 1000:.1f} ms, "
              f"longest {max(late) * 1000:.1f} ms")  # fmt: skip


def until_refused(ask: "object", number: int) -> float:
    """Seconds from the commit of the hide to the first refusal."""
    assert callable(ask)
    hide([number])
    began = time.monotonic()
    while ask(number)[1] != 403:
        pass
    return time.monotonic() - began


if __name__ == "__main__":
    main()
