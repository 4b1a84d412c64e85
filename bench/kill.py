"""Kill -9 of web, worker and database at random moments of the story: is anything lost? One line.

    PYTHONPATH=src python -m bench.kill [--kills 30] [--seed 1] [--each 6]

The story is told round after round until all kills are done, and once more. What was lost is named
on lines of its own, and the status is then 1.
"""

import argparse
import sys
import time

from bench.live import Figure, stage, told
from examples.story.backstage import Backstage
from examples.story.siege import Killer, Siege
from heed.instance import crew

CALM_WITHIN_SECONDS = 180.0


def main() -> int:
    asked = arguments()
    crew.SLOWEST_RESTART_SECONDS = 1.0  # who dies ten times is else kept waiting for half a minute
    began = time.monotonic()
    with stage() as (set_up, heed):
        behind = Backstage(heed)
        siege, killer = Siege(set_up, behind), Killer(behind, asked.seed, asked.kills, asked.each)
        killer.start()
        while killer.is_alive():
            siege.round()
        siege.round()
        behind.wait_calm(CALM_WITHIN_SECONDS)
        losses = siege.losses()
        kept = behind.kept()
        siege.close()
    for loss in losses:
        print(loss)
    return told("kill", figures(asked, killer, siege, kept, losses, time.monotonic() - began))


def figures(
    asked: argparse.Namespace,
    killer: Killer,
    siege: Siege,
    kept: dict[str, int],
    losses: list[str],
    seconds: float,
) -> list[Figure]:
    killed = [Figure(f"{name} killed", count, "times") for name, count in killer.killed.items()]
    seen = [Figure(f"{name} kept", count, "of them") for name, count in kept.items()]
    rest = [Figure("told", siege.rounds, "rounds"), Figure("took", seconds, "s")]
    return [Figure("losses", len(losses), f"with seed {asked.seed}", 0), *killed, *seen, *rest]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=float, default=6.0, help="seconds for each kill")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
