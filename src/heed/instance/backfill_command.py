"""`heed backfill`, as an operator meets it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.place import here
from heed.instance.trouble import Trouble

if TYPE_CHECKING:
    from heed.instance.backfill import Fetch
    from heed.media.models import Platform
    from heed.ports import Listing


class NotFilled(Trouble):
    """What was asked for is not there, or says two things at once. Nothing was registered."""


def backfill(
    platform: Annotated[str, typer.Argument(help="The site's short name.")],
    directory: Annotated[
        Path | None, typer.Option(help="Every file of a directory that the site serves.")
    ] = None,
    s3: Annotated[str, typer.Option(help="Every object of s3://bucket/prefix.")] = "",
    urls: Annotated[
        str, typer.Option(help="A list: an address a line, or items as JSON; - is the input.")
    ] = "",
    listing: Annotated[
        bool, typer.Option("--listing", help="Ask the site's connector what there is.")
    ] = False,
    url_prefix: Annotated[
        str, typer.Option(help="What the addresses of files begin with, for the first two.")
    ] = "",
    per_second: Annotated[
        float, typer.Option(min=0.0, help="Read so many files a second at most; 0: all you can.")
    ] = 0.0,
    jobs: Annotated[
        int, typer.Option(min=1, max=256, help="How many are looked at at a time.")
    ] = os.cpu_count() or 1,
    again: Annotated[bool, typer.Option(help="From the start, not from where it stopped.")] = False,
) -> None:
    """Register and hash what a site has published already, and compare it with the banks.

    Stopped or killed, the same command goes on. Status 2 when some files could not be read.
    """
    chosen = [one for one in (str(directory or ""), s3, urls, listing and "listing") if one]
    if len(chosen) != 1:
        raise NotFilled("Say where it is: one of --directory, --s3, --urls, --listing.")
    from heed.instance.boot import booted

    with booted():
        from heed.instance import backfill as filling

        site = _site(platform)
        source = _source(site, directory, s3, urls, url_prefix)
        notes = filling.notes_of(here(), platform, str(chosen[0]), url_prefix)
        if again or notes.read().ended_at:
            notes.begin()
        hands = filling.Hands(
            filling.reader(source, _fetch_for(site)), jobs=jobs, per_second=per_second
        )
        with filling.watched() as went_on:
            journal = filling.run(site.id, source, hands, notes, went_on=went_on)
    raise typer.Exit(filling.tell(journal, notes))


def _site(slug: str) -> "Platform":
    from heed.media.models import Platform

    site = Platform.objects.filter(slug=slug).first()
    if site is None:
        known = ", ".join(Platform.objects.order_by("slug").values_list("slug", flat=True))
        raise NotFilled(f"There is no platform {slug!r}. There are: {known or 'none'}.")
    return site


def _source(
    site: "Platform", directory: Path | None, s3: str, urls: str, url_prefix: str
) -> "Listing":
    from heed.ports import NotListed

    try:
        if directory is not None or s3:
            _check_prefix(site, url_prefix)
        if directory is not None:
            from heed.integrations.listings.directory import DirectoryListing

            return DirectoryListing(directory, url_prefix)
        if s3:
            from heed.integrations.listings.bucket import BucketListing

            return BucketListing(s3, url_prefix)
        if urls:
            from heed.integrations.listings.addresses import AddressListing

            return AddressListing(_lines(urls))
        return _own_listing(site)
    except NotListed as why:
        raise NotFilled(f"{why}.") from None


def _check_prefix(site: "Platform", url_prefix: str) -> None:
    """An address that is nowhere on the site would never be found by a notice."""
    if not any(url_prefix.startswith(one) for one in site.url_prefixes):
        begins = ", ".join(site.url_prefixes)
        raise NotFilled(
            f"--url-prefix says what the addresses of the files begin with, such as "
            f"{begins.split(',')[0].rstrip('/')}/media/ ; {site.slug} has {begins}."
        )


def _lines(urls: str) -> list[str]:
    if urls == "-":
        return sys.stdin.read().splitlines()
    try:
        return Path(urls).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        raise NotFilled(f"{urls} can't be read: {why}.") from None


def _own_listing(site: "Platform") -> "Listing":
    """What the connector of a site that has one says there is."""
    from heed.flows import wiring
    from heed.flows.shared import peers
    from heed.ports import PeerRefused

    if not peers.has_connector(site):
        raise NotFilled(f"{site.slug} has no connector: use --directory, --s3 or --urls.")
    try:
        return wiring.connector(site.connector).listing(peers.peer_of(site))
    except PeerRefused as why:
        raise NotFilled(f"{why}.") from None


def _fetch_for(site: "Platform") -> "Fetch":
    from heed.flows import wiring
    from heed.flows.shared import peers
    from heed.hashing.sandbox import MAX_FILE_BYTES
    from heed.instance.backfill import FETCH_WITHIN_SECONDS
    from heed.ports import NotFetched

    def fetch(url: str) -> bytes:
        got = wiring.fetcher().fetch(
            url,
            max_bytes=MAX_FILE_BYTES,
            within_seconds=FETCH_WITHIN_SECONDS,
            private_addresses_allowed=tuple(site.private_addresses),
            bearer=peers.bearer_for(site, url),  # it may be hidden already
        )
        if got.status != 200:
            raise NotFetched(f"answered {got.status}")
        if not got.complete:
            raise NotFetched("too large, or cut short")
        if got.content_type.startswith("text/html"):
            raise NotFetched("a page, not a file")
        return got.body

    return fetch
