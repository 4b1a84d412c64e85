"""Asking for the neutral mail that confirms an address."""

import logging
from datetime import datetime
from uuid import UUID

from heed.flows.send_mail import send_confirmation

logger = logging.getLogger(__name__)


def confirm_by_mail(notice_id: UUID, code: str, *, now: datetime) -> bool:
    """Have the confirming link sent. A mail server that is down loses nothing that was said."""
    if not code:
        return False
    try:
        return send_confirmation(notice_id=notice_id, code=code, now=now)
    except Exception:
        logger.exception("the confirming mail was not sent", extra={"notice": str(notice_id)})
        return False
