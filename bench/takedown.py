"""How soon is it hidden? First items and ten thousand copies, measured at the platform. One line.

    PYTHONPATH=src python -m bench.takedown [--notices 20] [--copies 10000]

The clock starts before the notice is sent. The status is 1 when a budget is missed.
"""

import argparse
import statistics
import sys
import threading
import time
from datetime import datetime

from bench.live import Figure, stage, told
from examples import pictures
from examples.story.backstage import Backstage, wait_until
from examples.story.people import Notifier
from examples.story.town import Posted, Town

FIRST_SECONDS = 1.0  # p95
ALL_SECONDS = 10.0  # for 10,000 copies, hidden and acknowledged
GIVE_UP_SECONDS = 180.0
_FIRST_SEED, _COPIED_SEED = 100, 99
_SETTLED = """
SELECT count(*), extract(epoch FROM max(acknowledged_at)) FROM media_item
WHERE ref = ANY(%s) AND acknowledged = 'hidden'
"""


def main() -> int:
    asked = arguments()
    with stage() as (set_up, heed):
        town, behind = Town(set_up.town_url), Backstage(heed)
        firsts = [
            first(town, set_up.heed_url, post, address=f"127.0.1.{nth}")
            for nth, post in enumerate(posts(town, asked.notices), start=1)
        ]
        hidden, known = copies(town, behind, set_up.heed_url, asked.copies)
        town.close()
    slow = statistics.quantiles(firsts, n=20, method="inclusive")[-1]
    figures = [
        Figure(f"first item hidden, median of {len(firsts)}", statistics.median(firsts), "s"),
        Figure("p95", slow, "s", FIRST_SECONDS),
        Figure(f"{asked.copies:,} copies hidden", hidden, "s", ALL_SECONDS),
        Figure("and acknowledged", known, "s", ALL_SECONDS),
    ]
    return told("takedown", figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--notices", type=int, default=20)
    parser.add_argument("--copies", type=int, default=10_000)
    return parser.parse_args()


def posts(town: Town, count: int) -> list[Posted]:
    """As many different pictures, known to Heed."""
    drawn = [("uri", "look", pictures.picture(_FIRST_SEED + n)) for n in range(count)]
    made = town.post_many(drawn)
    town.wait_registered()
    return made


def first(town: Town, heed_url: str, post: Posted, *, address: str) -> float:
    """Seconds from opening the form until a visitor does not see the post any more.

    Each time it is somebody else who tells: who tells often lets others go first.
    """
    dana = Notifier(heed_url, address=address)
    telling = threading.Thread(target=dana.give_notice, args=(post.url, "me-child"))
    began = time.monotonic()
    telling.start()
    town.wait_gone([post.url], GIVE_UP_SECONDS)
    took = time.monotonic() - began
    telling.join()
    dana.browser.close()
    return took


def copies(town: Town, behind: Backstage, heed_url: str, count: int) -> tuple[float, float]:
    """Seconds until all are hidden at the platform, and until Heed has its word for all."""
    post = town.post("uri", "look", pictures.picture(_COPIED_SEED))
    refs = [post.id, *town.seed_reshares(post.id, count, 6, count)]
    town.wait_registered(GIVE_UP_SECONDS)
    dana, sent_at = Notifier(heed_url), time.time()
    dana.give_notice(post.url, "me-child")
    dana.browser.close()
    if not wait_until(lambda: settled(town, behind, refs), GIVE_UP_SECONDS):
        sys.exit(f"copies are still shown after {GIVE_UP_SECONDS:.0f} s")
    known = float(behind.rows(_SETTLED, refs)[0][1])
    mine = set(refs)
    applied = [row["at"] for row in town.facts()["applied"] if row["item"] in mine]
    return max(map(_epoch, applied)) - sent_at, known - sent_at


def settled(town: Town, behind: Backstage, refs: list[str]) -> bool:
    """Asks the database only once the site has hidden as many: to count costs it 40 ms."""
    tally = town.facts(brief=True)["tally"]
    hidden = sum(items for key, items in tally.items() if key.endswith("/hidden"))
    return hidden >= len(refs) and behind.rows(_SETTLED, refs)[0][0] == len(refs)


def _epoch(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


if __name__ == "__main__":
    sys.exit(main())
