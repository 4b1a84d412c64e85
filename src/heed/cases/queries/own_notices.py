"""Finding somebody's own notice: by the secret of its link, or by the sending it came with."""

import hmac
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import OperationalError, connection

from heed.cases.models import Notice
from heed.cases.services.notices import Place as Place  # for doors, which name no services
from heed.cases.services.notices import digest
from heed.people.services import blind_index
from heed.rules.claims import BODIES

_SAME_SENDING = timedelta(minutes=10)
_WAIT = timedelta(seconds=2)


def notice_with_secret(number: str, secret: str) -> Notice | None:
    """The notice of this number, if this is its link's secret. None never says which failed."""
    notice = Notice.objects.select_related("platform").filter(number=number.upper()).first()
    return notice if fits(secret, None if notice is None else notice.link_hash) else None


def fits(secret: str, link_hash: bytes | memoryview | None) -> bool:
    """Whether this secret is the one whose digest was kept; takes as long when there is none."""
    expected = digest("") if link_hash is None else bytes(link_hash)
    return hmac.compare_digest(digest(secret), expected) and bool(secret)


def sent_with(form_key: str, *, since: datetime) -> list[Notice]:
    """Notices that came of one sending of the form, in their order."""
    found = Notice.objects.filter(received_at__gte=since, sending=form_key)
    return list(found.select_related("platform").order_by("received_at", "number"))


def with_siblings(notice: Notice) -> list[Notice]:
    """This notice, and the others of the same sending: several sites, or very many links."""
    if not notice.sending:
        return [notice]
    around = notice.received_at - _SAME_SENDING, notice.received_at + _SAME_SENDING
    others = Notice.objects.filter(received_at__range=around, sending=notice.sending)
    return [notice, *others.exclude(id=notice.id)]


def gave_hashes(notice: Notice) -> bool:
    """Whether codes of a picture came with it, so that uploads are held."""
    return notice.targets.exclude(signals=None).exists()


class Busy(Exception):
    """The same sending is being taken in at this moment. Let its sender press again."""


@contextmanager
def one_at_a_time(key: str) -> Iterator[None]:
    """Two sendings of the same form wait for each other, in whichever process they arrive.

    Raises `Busy` rather than keep one of a few web threads waiting for long.
    """
    number = int.from_bytes(digest(key)[:8], signed=True)
    _lock(number)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def _lock(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if (cursor.fetchone() or [False])[0]:
            return
        try:
            with wait_at_most(_WAIT):
                cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        except OperationalError as waited:
            raise Busy("the same message is being taken in") from waited


@contextmanager
def wait_at_most(span: timedelta) -> Iterator[None]:
    """Statements in here wait for no lock longer than this: `OperationalError`."""
    milliseconds = int(span / timedelta(milliseconds=1))
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{milliseconds}ms'")
        try:
            yield
        finally:
            cursor.execute("SET lock_timeout = 0")


def source_of(address: str) -> str:
    """A neighbourhood on the network: one IPv4 address, or a household's /64 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 6 and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def first_recent_from(
    source: str, *, most: int, within: timedelta, now: datetime
) -> datetime | None:
    """When the oldest of its last `most` notices about no body came; None while there are fewer."""
    recent = (
        Notice.objects.filter(source_index=blind_index(source), received_at__gt=now - within)
        .exclude(category__in=BODIES)
        .order_by("-received_at")
    )
    times = list(recent.values_list("received_at", flat=True)[:most])
    return times[-1] if len(times) >= most else None
