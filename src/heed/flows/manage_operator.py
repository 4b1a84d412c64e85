"""Who runs a platform, as authorities ask it.

1. Keep the profile as a whole, with who changed it and when.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.filings import tips
from heed.rules.tips.document import Operator


def set_operator(
    *, platform_id: UUID, operator: Operator, counsel: str = "", by: UUID | None, now: datetime
) -> None:
    """Set the profile as a whole."""
    with transaction.atomic():
        tips.set_operator(platform_id, operator, counsel=counsel, by=by, now=now)
