"""A pager that keeps what it was told, and fails on demand."""

from datetime import datetime
from typing import ClassVar

from heed.ports import PagerRefused, Reach, Ringing


class StandInPager:
    """Remembers whom it rang; refuses whom it is told to."""

    rang: ClassVar[list[tuple[str, Ringing]]] = []
    deaf: ClassVar[set[str]] = set()

    def ring(self, to: Reach, words: Ringing, *, message_id: str, now: datetime) -> None:
        if to.address in self.deaf:
            raise PagerRefused("mail: nobody there")
        self.rang.append((to.address, words))
