"""Are real people heard while a script floods the form? One line.

    PYTHONPATH=src python -m bench.flood [--minutes 10] [--real 200] [--flood 2000]

Real people write each from a place of their own, about another picture; the flood comes from twenty
places: the same form over and over, lawful pictures called a child's, and noise about no body.
"Late" counts from the moment at which a notice should have been sent, to the page with its number.
The flood has sixty requests under way at a time; what it can't send so within its minutes it never
sends, which is said.
"""

import argparse
import contextlib
import hashlib
import http.client
import os
import queue
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from bench.live import PORT, Figure, directory, told
from heed.instance.boot import environment
from heed.instance.place import here
from heed.instance.processes import Running, running

LATEST_SECONDS = 2.0
SITE = "https://flooded.example/"
SOURCES = 20  # addresses that the flood comes from
REAL_CLIENTS, FLOOD_CLIENTS = 24, 60  # requests under way at most; neither keeps the other's
OWN_PORT = PORT + 4  # beside another bench
_TEXT = "Take this down at once, it is a child, you have been warned many times about it"


@dataclass(slots=True)
class Sending:
    """One notice to be sent at a time, in seconds from the start."""

    at: float
    real: bool
    source: str
    form: dict[str, str]
    took: float = -1.0
    status: int = 0
    number: str = ""


@dataclass
class Run:
    """All of one run."""

    sendings: list[Sending] = field(default_factory=list)

    def of(self, *, real: bool) -> list[Sending]:
        return [one for one in self.sendings if one.real is real]


def main() -> int:
    asked = arguments()
    run = Run(sorted(plan(asked), key=lambda one: one.at))
    env = {"HEED_PROXIES": "1"}  # so that each sender can say where it comes from
    with directory(), running(here(), port=OWN_PORT, say=lambda *_: None, env=env) as heed:
        prepare(heed, run)
        send_all(heed.url, run.sendings)
        return report(run, after(heed, run))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--real", type=int, default=200, help="a minute")
    parser.add_argument("--flood", type=int, default=2_000, help="a minute")
    return parser.parse_args()


def plan(asked: argparse.Namespace) -> Iterator[Sending]:
    """Both come evenly, with a little chance in when exactly."""
    chance = random.Random(7)
    seconds = asked.minutes * 60
    for n in range(round(asked.real * asked.minutes)):
        source = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        form = _form(f"{SITE}real/{n}", n, what="picture", who="me-child")
        yield Sending(chance.uniform(0, seconds), True, source, form)
    for n in range(round(asked.flood * asked.minutes)):
        source = f"192.0.2.{n % SOURCES}"
        yield Sending(chance.uniform(0, seconds), False, source, _flooding(n))


def _flooding(n: int) -> dict[str, str]:
    if n % 3 == 0:
        return _form(f"{SITE}lawful/0", n, what="picture", who="someone", young="yes")
    if n % 3 == 1:
        link = f"{SITE}lawful/{n % 3_000}"
        return _form(link, n, what="picture", who="someone", young="yes", why=f"{_TEXT} {n}")
    return _form(f"{SITE}lawful/{n % 500}", n, what="other", who="someone", why=f"{_TEXT} {n}")


def _form(link: str, n: int, **said: str) -> dict[str, str]:
    return {
        "links": link,
        "true": "yes",
        "danger": "no",
        "posted": "link",
        "token": f"t{n}",
        **said,
    }


# ------------------------------------------------------------------ before, meanwhile, after


def prepare(heed: Running, run: Run) -> None:
    """A platform whose pictures Heed knows, told by their signals."""
    os.environ.update(environment(heed.place, database_url=heed.database.app, public_url=heed.url))
    os.environ["DJANGO_SETTINGS_MODULE"] = "heed.settings"
    import django

    django.setup()
    from heed.flows.manage_platforms import add_platform
    from heed.flows.register_items import register_items
    from heed.media.services import FileIn, ItemIn

    now = datetime.now(UTC)
    added = add_platform(slug="flooded", name="Flooded", url_prefixes=[SITE], now=now)
    urls = sorted({one.form["links"] for one in run.sendings})
    rows = [
        ItemIn(ref=url, url=url, files=(FileIn(sha256=hashlib.sha256(url.encode()).digest()),))
        for url in urls
    ]
    for start in range(0, len(rows), 1_000):
        register_items(platform_id=added.platform_id, rows=rows[start : start + 1_000], now=now)


def send_all(url: str, sendings: Sequence[Sending]) -> None:
    """Each at its time, whatever becomes of the others; the flood ends when the others have."""
    real: queue.SimpleQueue[Sending | None] = queue.SimpleQueue()
    flood: queue.SimpleQueue[Sending | None] = queue.SimpleQueue()
    began, ends = time.monotonic() + 1, (None,) * max(REAL_CLIENTS, FLOOD_CLIENTS)
    senders = [
        threading.Thread(target=_sender, args=(url, waiting, began))
        for waiting, many in ((real, REAL_CLIENTS), (flood, FLOOD_CLIENTS))
        for _ in range(many)
    ]
    for thread in senders:
        thread.start()
    for one in sendings:
        time.sleep(max(0.0, began + one.at - time.monotonic()))
        (real if one.real else flood).put(one)
    _empty(flood)
    for end in ends:
        real.put(end)
        flood.put(end)
    for thread in senders:
        thread.join()


def _empty(waiting: "queue.SimpleQueue[Sending | None]") -> None:
    """What a flood could not send in its time it does not send: it fell behind."""
    with contextlib.suppress(queue.Empty):
        while True:
            waiting.get_nowait()


def _sender(url: str, waiting: "queue.SimpleQueue[Sending | None]", began: float) -> None:
    place = urlsplit(url)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    while (one := waiting.get()) is not None:
        # A line that the server has closed meanwhile is opened once more, as a browser does.
        if not _sent(line, one):
            _sent(line, one)
        one.took = time.monotonic() - began - one.at


def _sent(line: http.client.HTTPConnection, one: Sending) -> bool:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": one.source,
    }  # fmt: skip
    try:
        line.request("POST", "/notice", urlencode(one.form), headers)
        answer = line.getresponse()
        page = answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return False
    one.status = answer.status
    found = page.partition(b'class="number">')[2][:11]
    one.number = found.decode() if answer.status == 200 else ""
    return True


def after(heed: Running, run: Run) -> dict[str, int]:
    """What the records hold of it."""
    from heed.cases.models import Case, Notice
    from heed.media.models import Item

    real = [one.number for one in run.of(real=True) if one.number]
    kept = set(Notice.objects.filter(number__in=real).values_list("number", flat=True))
    places = [one.form["links"] for one in run.of(real=True)]
    hidden = Item.objects.filter(url__in=places, desired="hidden").count()
    lawful = Item.objects.filter(url__startswith=f"{SITE}lawful/")
    return {
        "kept": len(kept),
        "hidden": hidden,
        "lawful_hidden": lawful.filter(desired="hidden").count(),
        "lawful": lawful.count(),
        "crowd": Case.objects.filter(crowd=True).count(),
    }


def report(run: Run, after: dict[str, int]) -> int:
    real, flood = run.of(real=True), run.of(real=False)
    took = sorted(one.took for one in real)
    lost = len(real) - after["kept"]
    answers = Counter(one.status for one in flood)
    settled = max((one.took for one in real if one.at > 10), default=0.0)
    shares = statistics.quantiles(took, n=100)
    figures = [
        Figure(f"of {len(real):,} real notices lost", lost, "", 0),
        Figure("not hidden at once", len(real) - after["hidden"], "", 0),
        Figure("answered otherwise than 200", sum(one.status != 200 for one in real), "", 0),
        Figure("median", shares[49], "s"),
        Figure("p99", shares[98], "s"),
        Figure("latest", took[-1], "s", LATEST_SECONDS),
        Figure("after the first ten seconds", settled, "s", LATEST_SECONDS),
        Figure(f"flood of {len(flood):,}: taken", answers[200], ""),
        Figure("answered otherwise", len(flood) - answers[200] - answers[0], ""),
        Figure("not sent, or not answered", answers[0], ""),
        Figure(f"of {after['lawful']:,} lawful pictures hidden until a look",
               after["lawful_hidden"], ""),
    ]  # fmt: skip
    return told("flood", figures)


if __name__ == "__main__":
    sys.exit(main())
