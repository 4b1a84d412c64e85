"""The bytes of a file of a case, from wherever they are kept. One function, used by all."""

from hashlib import sha256

from heed.flows import wiring
from heed.media.models import File, ItemFile, Platform
from heed.ports import NotFetched

MOST_BYTES = 200 * 1024 * 1024
MOST_PLACES = 5  # of one file that are tried


class NotKept(Exception):
    """Nobody gives these bytes. Check the platform's evidence address and token."""


def bytes_of(platform: Platform, file: File) -> bytes:
    """The file, checked against its SHA-256. Raises `NotKept`."""
    places = ItemFile.objects.filter(file=file, item__platform=platform).select_related("item")
    for place in places.order_by("item__registered_at")[:MOST_PLACES]:
        for url, bearer in _addresses(platform, place):
            body = _fetch(platform, url, bearer)
            # Other bytes than those that we know are another file, whatever the address says.
            if body is not None and sha256(body).digest() == bytes(file.sha256):
                return body
    raise NotKept("The platform does not give these bytes: check its evidence address and token.")


def _addresses(platform: Platform, place: ItemFile) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    if platform.evidence_url:
        url = platform.evidence_url.replace("{ref}", place.item.ref)
        found.append((url.replace("{n}", str(place.position)), platform.evidence_token))
    if place.url:
        found.append((place.url, None))
    return found


def _fetch(platform: Platform, url: str, bearer: str | None) -> bytes | None:
    try:
        fetched = wiring.fetcher().fetch(
            url,
            max_bytes=MOST_BYTES,
            within_seconds=30,
            private_addresses_allowed=tuple(platform.private_addresses),
            bearer=bearer,
        )
    except NotFetched:
        return None
    return fetched.body if fetched.status == 200 and fetched.complete else None
