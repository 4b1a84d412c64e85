"""Telling a notifier's own device that there is something new: that, and nothing else."""

from datetime import datetime, timedelta
from typing import Protocol


class NoPushKey(Exception):
    """The key that signs for us is not there: `heed up` makes it (var/keys/push.key)."""


class DeviceGone(Exception):
    """The push service knows of no such device any more. Forget it."""


class PushBusy(Exception):
    """The push service could not take it now. Try again, after `.again_in` where it says so."""

    def __init__(self, why: str, *, again_in: timedelta | None = None) -> None:
        super().__init__(why)
        self.again_in = again_in


class PushRefused(Exception):
    """The push service does not take it from us, now or later. A person looks at why."""

    for_good = True


class Push(Protocol):
    """Tells devices, by the push services of their browsers (RFC 8030, 8292)."""

    def public_key(self) -> str:
        """By which a push service knows us again, as browsers take it. Raises `NoPushKey`."""

    def tell(self, address: str, *, now: datetime) -> None:
        """Tell the device behind this address that there is something new; nothing is said of what.

        Repeating shows nothing twice. Raises `DeviceGone`, `PushBusy`, `PushRefused`, `NoPushKey`.
        """
