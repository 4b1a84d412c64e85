"""Keeps this process's view of the banks fresh, so that a request need not ask the database."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, close_old_connections
from psycopg_pool import PoolTimeout

from heed.hashing.index import Book
from heed.media import matching
from heed.media.feeds import BANKED

logger = logging.getLogger(__name__)
EVERY_SECONDS = 0.4  # what another machine banked is matched here within a second
BELIEVED_SECONDS = 2.0
PATIENCE_SECONDS = 3.0  # a database that has not answered a short question by then is away


class Following:
    """A thread that catches up again and again. `fresh` while that works."""

    def __init__(self, also: Callable[[], None] = lambda: None) -> None:
        """`also` is called each time that the database has answered."""
        self._at = float("-inf")
        self._book: Book | None = None
        self._asking: float | None = None
        self._failed = False
        self._also = also
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._keep_on, name="following-banks", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def book(self) -> Book | None:
        """The banks as this machine has them, if it had everything a moment ago."""
        return self._book if time.monotonic() - self._at < BELIEVED_SECONDS else None

    def away(self) -> bool:
        """Whether the database did not answer when it was last asked: nobody need wait for it."""
        asking = self._asking
        return self._failed or (asking is not None and time.monotonic() - asking > PATIENCE_SECONDS)

    def once(self) -> None:
        """Catch up; what fails is tried again, and asked of the database meanwhile."""
        began = time.monotonic()
        try:
            book = self._caught_up(began)
            if book is not None:
                matching.warm(BANKED)  # no request shall wait for what is loaded once
                self._book, self._at = book, began
            self._also()
        except Exception as failed:
            logger.error("can't follow the banks: %s", type(failed).__name__)
        finally:
            close_old_connections()

    def _caught_up(self, began: float) -> Book | None:
        self._asking = began
        try:
            book = matching.current(BANKED)
            self._failed = False
            return book
        except (OperationalError, InterfaceError, PoolTimeout):
            self._failed = True
            raise
        finally:
            self._asking = None

    def _keep_on(self) -> None:
        while not self._stop.is_set():
            self.once()
            self._stop.wait(EVERY_SECONDS)
