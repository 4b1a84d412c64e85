"""Many are owed the same: one of them that fails keeps nobody else waiting, and is seen."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection

logger = logging.getLogger(__name__)
One = TypeVar("One")


def _id(one: object) -> object:
    """Never what it says: only what it is called here."""
    if isinstance(one, UUID | int):
        return one
    return getattr(one, "id", None) or getattr(one, "__name__", type(one).__name__)


def each(
    ones: Iterable[One],
    do: Callable[[One], int | None],
    *,
    what: str,
    by: Callable[[One], object] = _id,
    unless: type[Exception] | tuple[()] = (),
) -> int:
    """Do it for each; returns the sum. Each must be a transaction of its own.

    `what` they are and `by` which id: the log names one that fails so. Once all others had their
    turn, the first failure is raised: whoever asked is not done. A lost database ends it at once,
    and so does what is named by `unless`.
    """
    total, first = 0, None
    for one in ones:
        try:
            total += do(one) or 0
        except unless:
            raise
        except Exception as failed:
            if not connection.is_usable():  # no fault of this one
                raise
            about = {what: str(by(one))}
            logger.exception("one failed, and comes again; the others go on", extra=about)
            first = first or failed
    if first is not None:
        raise first
    return total
