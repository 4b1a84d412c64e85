"""Which address a device may be told at, and when it is tried again.

A browser says the address, so it is hostile input until it is one of a push service that is known.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_DEVICES = 5  # of one notice: what one person carries, and no list to flood
LONGEST_ADDRESS = 2_000  # characters; those of today's services have 150 to 600
LONGEST_WAIT = timedelta(hours=6)  # whatever a push service asks for: news must still be news
# One spelling alone is read, so that nobody who reads it after us can see another host in it.
_ADDRESS = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[1-9][0-9]{0,4})?)"
    r"/[A-Za-z0-9!$%&'()*+,./:;=?@_~-]+"
)
_MACHINE = ("localhost", "127.0.0.1")


class NotAPushAddress(ValueError):
    """This is no address of a push service that is known here. The message says what is wrong."""


def checked(address: str, services: Sequence[str]) -> str:
    """The address, if a device may be told there. Raises `NotAPushAddress`.

    `services`: hosts, `*.host` for all beneath one, or a whole origin, as `http://127.0.0.1:8080`
    of a stand-in. Hosts are spoken to by https at its own port.
    """
    if len(address) > LONGEST_ADDRESS:
        raise NotAPushAddress(f"longer than {LONGEST_ADDRESS} characters")
    read = _ADDRESS.fullmatch(address)
    if read is None:
        raise NotAPushAddress("not written as an address of a push service is")
    if read["origin"] in services and _may_be_whole(read["scheme"], read["host"]):
        return address
    if read["scheme"] != "https":
        raise NotAPushAddress("not an https address")
    if read["origin"] != f"https://{read['host']}" or not _known(read["host"], services):
        raise NotAPushAddress("not at a push service that is known here")
    return address


def origin(address: str) -> str:
    """Where it is, as RFC 8292 signs it. Raises `NotAPushAddress`."""
    read = _ADDRESS.fullmatch(address)
    if read is None:
        raise NotAPushAddress("not written as an address of a push service is")
    return read["origin"]


def stand_ins(services: Sequence[str]) -> tuple[str, ...]:
    """`host:port` of those among the services that are of this machine."""
    whole = (one.partition("://") for one in services)
    return tuple(rest for _, mark, rest in whole if mark and rest.partition(":")[0] in _MACHINE)


def wait_asked(said: str, *, now: datetime) -> timedelta | None:
    """How long a `Retry-After` asks us to wait, as seconds or a date; None: it asks for nothing."""
    if re.fullmatch("[0-9]{1,9}", said):
        return min(timedelta(seconds=int(said)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - now, timedelta()), LONGEST_WAIT)


def _may_be_whole(scheme: str, host: str) -> bool:
    return scheme == "https" or host in _MACHINE


def _known(host: str, services: Sequence[str]) -> bool:
    beneath = tuple(one.removeprefix("*") for one in services if one.startswith("*."))
    return host in services or (bool(beneath) and host.endswith(beneath))
