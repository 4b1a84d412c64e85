"""One process of a crowd at the log: enters, or sequences. Started by `test_ledger_crowd`."""

import random
import sys
import time
from datetime import UTC, datetime

import django
from django.db import transaction

django.setup()

from heed.ledger import services  # noqa: E402


class Undone(Exception):
    """The story that failed."""


def enter(name: str, count: int) -> None:
    """Stories of one to three entries; some stay open for a while, some are rolled back."""
    rng = random.Random(name)
    for story in range(count):
        try:
            with transaction.atomic():
                told = [_enter(name, story, step) for step in range(rng.randint(1, 3))]
                time.sleep(rng.choice([0, 0, 0.03]))
                if rng.random() < 0.2:
                    raise Undone
        except Undone:
            continue
        print(*told, sep="\n", flush=True)


def _enter(name: str, story: int, step: int) -> str:
    body = {"story": story, "step": step}
    at = datetime.now(UTC)
    return str(services.enter("item.restricted", subject=name, body=body, at=at))


def sequence() -> None:
    """Until killed."""
    print("sequencing", flush=True)
    while True:
        services.sequence(now=datetime.now(UTC))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["enter", name, count]:
            enter(name, int(count))
        case ["sequence"]:
            sequence()
