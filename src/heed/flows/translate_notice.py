"""Somebody who reads the language of a notice writes down what it says, for the others.

1. Keep the translation beside the words, which stay as they came; the log says that there is one.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice, Translation
from heed.cases.services import notices
from heed.ledger import services as ledger


class NothingTranslated(Exception):
    """There is no text, or no word on which language it is from. The message says which."""


def translate(
    *, notice_id: UUID, from_language: str, text: str, by: UUID, now: datetime
) -> Translation:
    """Add a translation; earlier ones stay. Raises `NothingTranslated`."""
    if not text.strip() or not from_language.strip():
        raise NothingTranslated("Say what it says, and which language it is from.")
    with transaction.atomic():
        made = notices.translate(
            Notice.objects.get(id=notice_id),
            from_language=from_language.strip(),
            text=text.strip(),
            by=by,
            now=now,
        )
        ledger.enter("notice.translated", subject=f"notice:{notice_id}", body={}, at=now)
    return made
