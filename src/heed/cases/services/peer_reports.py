"""Writing down which of a platform's own reports became which notice."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from heed.cases.models import Notice, PeerReport
from heed.media.models import Platform
from heed.ports import Reported


class TakenBefore(Exception):
    """This report is a notice already, or is just becoming one: nothing was kept again."""


def keep(notice: Notice, reported: Reported, *, now: datetime) -> PeerReport:
    """In the transaction that keeps the notice. Raises `TakenBefore`."""
    try:
        with transaction.atomic():
            return PeerReport.objects.create(
                platform=notice.platform, ref=reported.ref, notice=notice, taken_at=now,
                account_ref=reported.account_ref, words=reported.words,
                posts=[post.ref for post in reported.posts],
            )  # fmt: skip
    except IntegrityError:
        raise TakenBefore(reported.ref) from None


def of(platform: Platform, ref: str) -> PeerReport | None:
    """The report of this ref, if it was taken."""
    found = PeerReport.objects.filter(platform=platform, ref=ref).select_related("notice")
    return found.first()


def says_new_words(report: PeerReport, reported: Reported) -> bool:
    """Whether they changed since. Those that were forgotten are not taken in again."""
    forgotten = report.notice.words_forgotten_at is not None and not report.words
    return reported.words != report.words and not forgotten


def known(platform: Platform, refs: Collection[str]) -> set[str]:
    """Those of these refs that are notices already."""
    taken = PeerReport.objects.filter(platform=platform, ref__in=refs)
    return set(taken.values_list("ref", flat=True))


def grow(report: PeerReport, reported: Reported) -> None:
    """It says more by now than when it was taken."""
    report.posts = [*report.posts, *_new(report, reported)]
    report.words = reported.words
    report.save(update_fields=["posts", "words"])


def _new(report: PeerReport, reported: Reported) -> list[str]:
    return [post.ref for post in reported.posts if post.ref not in report.posts]


def settle(notice_id: UUID, *, now: datetime) -> PeerReport | None:
    """All of it is decided: the report, if its platform is now to be told; None otherwise."""
    ours = PeerReport.objects.filter(notice_id=notice_id, settled_at=None)
    if not ours.update(settled_at=now):
        return None
    return PeerReport.objects.select_related("platform").get(notice_id=notice_id)
