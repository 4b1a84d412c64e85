"""The ledger's entries get their places, and a signed checkpoint.

1. Sequence what was committed since the last time; sign a checkpoint when the log has grown.
"""

from datetime import datetime

from heed.ledger import services as ledger


def seal_ledger(*, now: datetime) -> int:
    """Returns how many entries got a place. Raises `LogIsBehind` after a restored backup."""
    return ledger.sequence(now=now)
