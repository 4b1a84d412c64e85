"""A reviewer writes on somebody's private page.

1. Keep the message, enter that there is one, and say that there is news; its words stay out of the
   ledger and out of the mail.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation

from heed.cases.models import Notice
from heed.cases.services import notices
from heed.filings import letters
from heed.flows.shared import clocks, languages, news
from heed.ledger import services as ledger


class NothingWritten(Exception):
    """Neither words nor a letter. Write something, or choose a letter."""


def write_to_notifier(
    *, notice_id: UUID, text: str, letter: str = "", by: UUID, now: datetime
) -> None:
    """Write to whoever gave this notice: `text`, or else the letter's own words in their language.

    The letter's replies stand beneath it as buttons. Pressed twice it is one message. Raises
    `NothingWritten`, `NoSuchLetter`.
    """
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        said = text.strip() or _words(letter, notice)
        if not notices.write_message(notice, said, from_staff=by, letter=letter, now=now):
            return
        clocks.note_update(notice, now=now)
        ledger.enter(
            "message.received", subject=f"notice:{notice.id}", body={"from": "staff"}, at=now
        )
        news.there_is(notice.id)


def _words(name: str, notice: Notice) -> str:
    if not name:
        raise NothingWritten("write something, or choose a letter")
    with translation.override(languages.of(notice)):
        return str(letters.letter(name).text)
