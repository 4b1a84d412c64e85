"""When to try again. Pure: how often it failed, since when, and a little luck."""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=30)
UNCONFIRMED_WAIT = timedelta(minutes=1)  # told, but the platform's word is to come later
GIVE_UP_AFTER = timedelta(hours=48)
FEWEST_ATTEMPTS = 16  # about three hours of trying, however long Heed itself was off meanwhile
_DOUBLINGS = 11  # 2**11 s is past the longest wait


def wait(attempts: int, *, luck: float) -> timedelta:
    """How long to wait after failure number `attempts`: 1 s doubled each time, up to 30 min.

    `luck` in [0, 1] takes off up to half, so that what failed together does not return together.
    """
    doublings: int = min(max(attempts - 1, 0), _DOUBLINGS)
    doubled = FIRST_WAIT * float(2**doublings)
    return min(doubled, LONGEST_WAIT) * (1 - luck / 2)


def given_up(attempts: int, *, first_failed_at: datetime, now: datetime) -> bool:
    """Whether trying has gone on for 48 hours, and was not merely interrupted by a stopped Heed."""
    return attempts >= FEWEST_ATTEMPTS and now - first_failed_at >= GIVE_UP_AFTER
