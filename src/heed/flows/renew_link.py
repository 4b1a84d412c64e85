"""A private page's link is lost, or somebody else has seen it.

1. Make a new one; the old one leads nowhere from now on.
2. Without the link: the number and the four words lead back.
"""

import hmac
from datetime import datetime
from uuid import UUID

from heed.cases.models import Notice
from heed.cases.services import notices


def renew_link(*, notice_id: UUID) -> str:
    """A fresh secret for this notice's private page."""
    return notices.renew_link(Notice.objects.get(id=notice_id))


def recover(*, number: str, words: str, now: datetime) -> tuple[UUID, str] | None:
    """The notice and a fresh secret, for its number and four words in any spelling of spaces."""
    code = "-".join(words.lower().replace("-", " ").split())
    notice = Notice.objects.filter(number=number.strip().upper()).first()
    if notice is None or not hmac.compare_digest(notices.digest(code), bytes(notice.recovery_hash)):
        return None
    return notice.id, notices.renew_link(notice)
