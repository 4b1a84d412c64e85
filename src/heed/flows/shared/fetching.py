"""A file's bytes from its platform: by the evidence address, or where they are still public."""

from dataclasses import dataclass
from hashlib import sha256

from heed.flows import wiring
from heed.flows.shared import peers
from heed.media.models import File, ItemFile, Platform
from heed.ports import NotFetched

MOST_BYTES = 200 * 1024 * 1024
WITHIN_SECONDS = 30
PLACES_TRIED = 5


class NotGiven(Exception):
    """The platform does not give these bytes; the message says what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Bytes that are the file's, by their SHA-256."""

    body: bytes
    source: str  # evidence | public


def file_bytes(platform: Platform, file: File) -> Given:
    """Fetch a file from wherever its platform still has it. Raises `NotGiven`."""
    places = ItemFile.objects.filter(file=file, item__platform=platform).select_related("item")
    why = "the platform has named no address for it"
    for place in places.order_by("item__registered_at")[:PLACES_TRIED]:
        for source, url, bearer in _addresses(platform, place):
            body, why = _fetch(platform, url, bearer)
            # Other bytes than those that we know are another file, whatever the address says.
            if body is not None and sha256(body).digest() == bytes(file.sha256):
                return Given(body=body, source=source)
            why = f"the {source} address {why or 'gave other bytes'}"
    raise NotGiven(why)


def _addresses(platform: Platform, place: ItemFile) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    if platform.evidence_url:
        url = platform.evidence_url.replace("{ref}", place.item.ref)
        url = url.replace("{n}", str(place.position))
        found.append(("evidence", url, platform.evidence_token))
    if place.url and (bearer := peers.bearer_for(platform, place.url)):
        found.append(("evidence", place.url, bearer))
    if place.url:
        found.append(("public", place.url, None))
    return found


def _fetch(platform: Platform, url: str, bearer: str | None) -> tuple[bytes | None, str]:
    try:
        fetched = wiring.fetcher().fetch(
            url,
            max_bytes=MOST_BYTES,
            within_seconds=WITHIN_SECONDS,
            private_addresses_allowed=tuple(platform.private_addresses),
            bearer=bearer,
        )
    except NotFetched:
        return None, "did not answer"
    if fetched.status != 200:
        return None, f"answered {fetched.status}"
    return (fetched.body, "") if fetched.complete else (None, "gave more than fits")
