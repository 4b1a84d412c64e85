"""A backup was made.

1. The ledger says so, with the hash of the file: so that one can be told from another later.
2. What was destroyed so long ago that no backup can bring it back need not be remembered any more.
"""

from datetime import datetime, timedelta

from heed.filings import forgotten
from heed.ledger import services as ledger


def note_backup(
    *, sha256: str, size_bytes: int, checked: bool, kept_within: timedelta, now: datetime
) -> None:
    """`checked`: it was restored once into a scratch database. Repeating it enters it twice."""
    body = {"sha256": sha256, "bytes": size_bytes, "checked": checked}
    ledger.enter("backup.made", subject="instance", body=body, at=now)
    forgotten.forget(before=now - kept_within - timedelta(days=1))
