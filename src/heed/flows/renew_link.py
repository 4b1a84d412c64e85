"""A private page's link is lost, or somebody else has seen it.

1. Make a new one; the old one leads nowhere from now on. No device is told any more: whoever had
   the old one may have added one of their own.
2. The same sending of the form again; nobody knows whether its answer was seen: new words too.
3. Without the link: the number and the four words lead back. Wrong guesses are counted, for all
   processes together, by where they come from; a number that is guessed at is not shut for others.
"""

import hmac
import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import notices
from heed.flows.shared import devices
from heed.people import guesses

_WORD = re.compile("[a-z]+")  # what else somebody wrote, such as commas or figures, is none of them


class TooManyGuesses(Exception):
    """This source has guessed wrong too often. Say when it may try again: `.wait` from now."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"try again in {wait}")
        self.wait = wait


def renew_link(*, notice_id: UUID, now: datetime) -> str:
    """A fresh secret for this notice's private page."""
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        devices.forget_all(notice, why="renewed", now=now)
        return notices.renew_link(notice)


def renew_secrets(*, notice_id: UUID) -> tuple[str, str]:
    """A fresh link secret and four fresh words, for this notice's sender."""
    return notices.renew_secrets(Notice.objects.get(id=notice_id))


def recover(*, number: str, words: str, source: str = "", now: datetime) -> tuple[UUID, str] | None:
    """The notice and a fresh secret, for its number and four words, whatever stands between them.

    Raises `TooManyGuesses` for this source alone, whatever others have guessed.
    """
    wait = guesses.wait(source, number, now=now)
    if wait is not None:
        raise TooManyGuesses(wait)
    code = "-".join(_WORD.findall(words.lower()))
    notice = Notice.objects.filter(number=number.strip().upper()).first()
    if notice is None or not hmac.compare_digest(notices.digest(code), bytes(notice.recovery_hash)):
        guesses.wrong(source, number, now=now)
        return None
    return notice.id, notices.renew_link(notice)
