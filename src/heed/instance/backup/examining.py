"""What `heed doctor` says of backups."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from heed.instance.backup import recovery, shelves
from heed.instance.backup.commands import kept_within
from heed.instance.backup.shelves import Lying
from heed.instance.findings import Finding
from heed.instance.place import Place
from heed.instance.trouble import Trouble

OLD_AFTER = timedelta(days=2)  # a daily one that failed once is no alarm yet


def examine(place: Place, now: datetime, *, real: bool) -> Iterator[Finding]:
    """In the order in which to put them right. `real`: else nobody would miss it yet."""
    if not recovery.public(place):
        says = "there is no key to seal one for, so there is none"
        yield Finding("backup", says, "heed backup key" if real else "")
        return
    try:
        lying = shelves.named("", place).all()
    except (Trouble, ImportError) as why:
        yield Finding("backup", str(why), "bring HEED_BACKUP_TO back, or name another place")
        return
    yield _newest(lying, now)
    yield from _unchecked(lying)
    old = [one for one in lying if now - one.made_at > kept_within()]
    if old:
        days = kept_within().days
        yield Finding(
            "backup", f"{len(old)} are older than {days} days, and hold what should be gone",
            f"remove {old[-1].name} and what is as old",
        )  # fmt: skip
    if not os.environ.get(shelves.NAMED_BY):
        yield Finding(
            "backup", "none is made by itself, and var/backups is on the same disk",
            "set HEED_BACKUP_TO to another disk or s3://bucket/prefix",
        )  # fmt: skip


def _newest(lying: list[Lying], now: datetime) -> Finding:
    if not lying:
        return Finding("backup", "there is none", "heed backup")
    age = now - lying[0].made_at
    if age <= OLD_AFTER:
        return Finding("backup", f"the newest was made {lying[0].made_at:%Y-%m-%d %H:%M} UTC")
    remedy = "heed backup; then see in the log of heed up why none was made by itself"
    return Finding("backup", f"your backup is {age.days} days old", remedy)


def _unchecked(lying: list[Lying]) -> Iterator[Finding]:
    """The newest one counts: whoever needs a backup takes that."""
    if lying and not (lying[0].note and lying[0].note.checked_at):
        remedy = "where the recovery secret is kept: heed backup check --identity FILE"
        yield Finding("backup", f"{lying[0].name} was never restored to see that it can be", remedy)
