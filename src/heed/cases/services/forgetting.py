"""Forgetting what a notifier wrote, wherever it lies in the records of cases."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from heed.cases.models import Appeal, Case, Message, Notice, PeerReport, Supplement, Target
from heed.media.models import Item
from heed.rules.claims import ADULT_AT, AgeThen

_EMPTY: dict[str, object] = {
    "verbatim": {}, "words": "", "time_given": "", "police_reference": "", "police_agency": "",
    "other_app": "", "their_account": "", "remembered": {}, "signature": "", "stated_age": None,
    "source_index": None, "words_index": None, "alike_index": None,
}  # fmt: skip


def held(notice_id: UUID) -> tuple[Notice, list[Case]] | None:
    """The notice and all cases that it ever was joined to, held for this transaction.

    None while somebody else is at one of them: whoever writes to a notice must never wait in a
    ring with what forgets it.
    """
    mine = Notice.objects.select_for_update(skip_locked=True).filter(id=notice_id).first()
    joined = Case.objects.filter(joins__notice_id=notice_id)
    wanted = set(joined.values_list("id", flat=True))
    free = Case.objects.select_for_update(skip_locked=True, no_key=True).filter(id__in=wanted)
    cases = list(free.order_by("id"))
    return None if mine is None or len(cases) < len(wanted) else (mine, cases)


def forget_words(
    notice: Notice, cases: Collection[Case], *, contact_ref: str, now: datetime
) -> None:
    """All of it goes; number, category, times, places of items and what was decided stay.

    A stated age leaves what followed from it: that it was said to be about a child. `contact_ref`
    is the blind index of the contact, by which what a case knew of it is found.
    """
    facts = {value for value in (notice.police_reference, contact_ref) if value}
    for case in cases:
        _unknow(case, facts)
    young = notice.stated_age is not None and notice.stated_age < ADULT_AT
    age = {"age_then": AgeThen.UNDER_18} if young else {}
    Notice.objects.filter(id=notice.id).update(**_EMPTY, **age, words_forgotten_at=now)
    Supplement.objects.filter(notice=notice).update(said={})
    Message.objects.filter(notice=notice).update(text="")
    Appeal.objects.filter(notice=notice).update(text="")
    PeerReport.objects.filter(notice=notice).update(words="")
    notice.translations.all().delete()
    for target in notice.targets.select_related("item"):
        _trim(target)


def _unknow(case: Case, facts: Collection[str]) -> None:
    """Who brings the same again, brings something new: it is looked at, and never the worse."""
    kept = [[name, value] for name, value in case.known_facts if value not in facts]
    if len(kept) < len(case.known_facts):
        Case.objects.filter(id=case.id).update(known_facts=kept)


def _trim(target: Target) -> None:
    """The address of an item, or of its file, is the platform's; of any other the site stays."""
    if target.item is not None and target.url:
        url = _own_address(target.item, target.url)
    else:
        url = _site_of(target.url)
    Target.objects.filter(id=target.id).update(url=url)


def _own_address(item: Item, url: str) -> str:
    """As it was typed where that is an address of this item, or of a file of it."""
    files = item.files.values_list("url", "preview_url")
    return url if any(url in pair for pair in files) else item.url


def _site_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # no address at all
        return ""
    return f"{parts.scheme}://{host}/" if parts.scheme in ("http", "https") and host else ""
