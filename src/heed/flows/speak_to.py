"""Somebody wants to be spoken to in another language.

1. Keep it with the notice: answers, letters and mails are in it from now on.
"""

from uuid import UUID

from django.db import transaction

from heed.cases.services import notices


def speak_to(*, notice_id: UUID, language: str) -> None:
    """What was written before stays as it is. Repeating changes nothing."""
    with transaction.atomic():
        notices.speak(notice_id, language)
