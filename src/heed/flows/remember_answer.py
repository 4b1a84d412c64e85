"""A platform that heard no answer asks again, and what it asked for is done once.

1. Claim the key of the request; an answer that was given before is given again.
2. Do what was asked. 3. Keep the answer, encrypted, for a day.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from heed.media import remembering
from heed.media.remembering import KeyUsedBefore, Said, StillAnswering

__all__ = ["KeyUsedBefore", "Said", "StillAnswering", "remember_answer"]


def remember_answer(
    *, platform_id: UUID, key: str, question: bytes, act: Callable[[], Said], now: datetime
) -> tuple[Said, bool]:
    """The answer, and whether it had been given before. `question` is a hash of the request.

    Raises `StillAnswering` and `KeyUsedBefore`. What `act` raises is not remembered.
    """
    before = remembering.claim(platform_id, key, question, now=now)
    if before is not None:
        return before, True
    try:
        said = act()
    except BaseException:
        remembering.release(platform_id, key)
        raise
    remembering.keep(platform_id, key, said)
    return said, False
