"""A platform with an interface of its own brings something, or is asked what there is.

1. Check that a message is the platform's. 2. Register the posts that it tells of.
3. What was reported there becomes a notice, at once and only once; what is said later is added.
4. Sweep: ask for open reports, so that none is lost with a message; and for the newest posts,
   where a platform sends no messages.
5. Before a measure on an account goes there: all open reports about it are taken, since they may be
   resolved by it; and before a suspension its evidence is kept, since that may take it away.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case
from heed.cases.services import peer_reports
from heed.cases.services.peer_reports import TakenBefore
from heed.flows import jobs, wiring
from heed.flows.receive_notice import NoticeIn, receive_notice
from heed.flows.register_items import register_items
from heed.flows.shared import evidence, peers, states
from heed.flows.shared.one_by_one import each
from heed.flows.shared.shapes import ItemIn, Place
from heed.flows.supplement_notice import supplement_notice
from heed.media import platforms
from heed.media.models import Platform
from heed.media.queries import under
from heed.media.services import FileIn
from heed.ports import Message, PeerBusy, PeerPost, PeerRefused, PlatformUnreachable, Reported
from heed.ports import NotFromPeer as NotFromPeer
from heed.rules.accounts import AccountMeasure
from heed.rules.claims import Standing

logger = logging.getLogger(__name__)
DOOR = "peer"


class NoSuchPeer(Exception):
    """There is no platform of this name that is heard by a connector."""


def hear_peer(*, platform_slug: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Take one message in; returns the peer's word for what happened, empty for nothing to us.

    Repeating it changes nothing. Raises `NoSuchPeer`, `NotFromPeer`.
    """
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None or not peers.has_connector(platform):
        raise NoSuchPeer(platform_slug)
    try:
        heard = wiring.connector(platform.connector).hear(
            peers.peer_of(platform), Message(headers=headers, body=body)
        )
    except PeerRefused as why:  # our own settings do not do: nothing can be told true from false
        platforms.note_trouble(platform, str(why))
        raise NotFromPeer(str(why)) from None
    platforms.note_heard(platform, now=now)
    _register(platform, heard.posts, now)
    for reported in heard.reports:
        take(platform, reported, now=now)
    for ref in heard.report_refs:
        once = f"peer-report:{platform.id}:{ref}"
        jobs.later("take_report", once=once, platform_id=str(platform.id), ref=ref)
    return heard.event


def take_report(*, platform_id: UUID, ref: str, now: datetime) -> bool:
    """Ask for one report as it is now, and take it. False when the platform has none of this ref.

    Raises `PeerBusy`, `PeerRefused`: the job tries again.
    """
    platform = Platform.objects.get(id=platform_id)
    reported = wiring.connector(platform.connector).report(peers.peer_of(platform), ref)
    if reported is None:
        return False
    take(platform, reported, now=now)
    return True


def take_open_reports(*, platform: Platform, account_ref: str = "", now: datetime) -> int:
    """Take all open reports, or those about one account. Raises `PeerBusy`, `PeerRefused`."""
    port = wiring.connector(platform.connector)
    reports = port.open_reports(peers.peer_of(platform), account_ref=account_ref)

    def taken(reported: Reported) -> int:
        take(platform, reported, now=now)
        return 1

    return each(reports, taken, what="report", by=lambda reported: reported.ref)


def ask_peers(*, now: datetime) -> int:
    """The sweep: ask each such platform for its open reports; returns how many were seen."""
    ours = Platform.objects.exclude(connector=peers.WEBHOOK).order_by("slug")
    return each(ours, lambda platform: _ask_one(platform, now), what="platform")


def _ask_one(platform: Platform, now: datetime) -> int:
    seen = 0
    try:
        seen = _asked(platform, now)
    except PeerRefused as why:
        platforms.note_trouble(platform, str(why))
        logger.error("a peer refuses", extra={"platform": str(platform.id)})
    except PeerBusy:
        logger.info("a peer is busy", extra={"platform": str(platform.id)})
    else:
        platforms.note_heard(platform, now=now)
    return seen


def _asked(platform: Platform, now: datetime) -> int:
    """Reports first: they are about something. Then what was published, where nothing tells us,
    also when one of the reports could not be taken.
    """
    try:
        taken = take_open_reports(platform=platform, now=now)
    except (PeerBusy, PeerRefused):
        raise
    except Exception:
        _register_newest(platform, now)
        raise
    _register_newest(platform, now)
    return taken


def _register_newest(platform: Platform, now: datetime) -> None:
    _register(platform, wiring.connector(platform.connector).newest(peers.peer_of(platform)), now)


def before_measure(
    *, platform: Platform, account_ref: str, measure: str, asked_at: datetime, now: datetime
) -> None:
    """Raises `PlatformUnreachable` where it has to wait; for evidence ten minutes at most."""
    try:
        take_open_reports(platform=platform, account_ref=account_ref, now=now)
    except PeerBusy as busy:
        raise PlatformUnreachable(str(busy)) from None
    except PeerRefused as why:
        platforms.note_trouble(platform, str(why))
        raise PlatformUnreachable("peer_refused") from None
    if measure == AccountMeasure.SUSPEND and now - asked_at < states.EVIDENCE_WITHIN:
        of_theirs = Case.objects.select_related("platform").filter(
            platform=platform, copies__item__account__ref=account_ref
        )
        if any(evidence.is_being_kept(case) for case in of_theirs.distinct()):
            raise PlatformUnreachable("waits_for_evidence")


# ------------------------------------------------------------------ one report, one notice


def take(platform: Platform, reported: Reported, *, now: datetime) -> None:
    """Make a notice of a report, or add to that notice what the report says since."""
    known = peer_reports.of(platform, reported.ref)
    if known is None and not reported.open:
        return  # settled there before we heard of it
    if known is None:
        _register(platform, reported.posts, now)
        try:
            _hear(platform, reported, now)
        except TakenBefore:
            known = peer_reports.of(platform, reported.ref)
    if known is None:
        return
    new = [post for post in reported.posts if post.ref not in known.posts]
    says_more = peer_reports.says_new_words(known, reported)
    if new or says_more:
        _register(platform, new, now)
        said = {"urls": [post.url for post in new], **dict(reported.said)}
        if says_more:
            said["words"] = reported.words
        supplement_notice(notice_id=known.notice_id, said=said, now=now)
        peer_reports.grow(known, reported)


def _hear(platform: Platform, reported: Reported, now: datetime) -> None:
    places = [Place(url=post.url) for post in reported.posts] or [Place(url=reported.profile_url)]
    receive_notice(
        platform_id=platform.id,
        notice=NoticeIn(
            places=tuple(places),
            category=reported.category,
            standing=Standing.OTHER,
            age_then=reported.age_then,
            words=reported.words,
        ),
        door=DOOR,
        verbatim=reported.said,
        source=f"{platform.slug}:{reported.reporter_ref}" if reported.reporter_ref else "",
        reported=reported,
        now=now,
    )


# ------------------------------------------------------------------ posts


def _register(platform: Platform, posts: Sequence[PeerPost], now: datetime) -> None:
    rows = [_row(platform, post) for post in posts]
    if rows:
        register_items(platform_id=platform.id, rows=rows, now=now)


def _row(platform: Platform, post: PeerPost) -> ItemIn:
    """Addresses on other sites are left out: nothing there can be hidden here."""
    own = [one for one in post.files if _own(platform, one.url)]
    files = tuple(
        FileIn(
            url=one.url,
            preview_url=one.preview_url if _own(platform, one.preview_url) else "",
        )
        for one in own
    )
    return ItemIn(
        ref=post.ref,
        url=post.url,
        kind=post.kind,
        account_ref=post.account_ref,
        reshare_of=post.reshare_of,
        published_at=post.published_at,
        text=post.text,
        files=files or None,
    )


def _own(platform: Platform, url: str) -> bool:
    return any(under(prefix, url) for prefix in platform.url_prefixes)
