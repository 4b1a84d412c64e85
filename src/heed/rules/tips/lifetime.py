"""How long an open CyberTip lives at NCMEC before it is deleted without a word."""

from datetime import datetime, timedelta

AFTER_OPENING = timedelta(hours=24)  # NCMEC reporting documentation, section 3
AFTER_LAST_CHANGE = timedelta(hours=1)  # whichever of the two is later
ALARM_BEFORE = timedelta(hours=2)  # ours: time for a person to act


def expires_at(opened_at: datetime, changed_at: datetime) -> datetime:
    """When it is deleted if nothing happens."""
    return max(opened_at + AFTER_OPENING, changed_at + AFTER_LAST_CHANGE)
