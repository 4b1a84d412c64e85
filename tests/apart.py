"""For what brings a loop of its own: Playwright leaves one running in the thread of a test run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")


def apart(run: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """Call it in a thread of its own, which leaves no connection behind. Sees what is committed."""

    def alone() -> R:
        try:
            return run(*args, **named)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(alone).result()
