"""Puts a tip together from what the case knows and what a person chose. Reads, and guesses nothing.

Nobody is named here who was not chosen: an uploader stays out until a person says who they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5, sha256
from typing import Any
from uuid import UUID

from django.db.models import Sum

from heed.cases.models import Case, Copy, Decision, Notice
from heed.filings import telling
from heed.media import uploaders
from heed.media.models import Account, File, Item, ItemFile, Signal
from heed.media.uploaders import UploaderIn
from heed.people import queries as people
from heed.people import services as addresses
from heed.rules.claims import EXTORTION, Category
from heed.rules.tips.document import (
    Capture,
    Document,
    FileFacts,
    Guardian,
    Kind,
    Operator,
    Suspect,
    Victim,
)

MOST_URLS = 1_000  # addresses in one tip; how many there are is said beside them
MOST_NEAR = 10  # near copies sent as files; of the others the hashes are told
VIRAL_FROM = 100  # copies: from then on a file is told as spreading by itself
ELSEWHERE = "elsewhere"
CONTEXT = "case-context.txt"
CONTEXT_SAYS = (
    "Written by this service from its records of the case, for this report: notices in full, every "
    "place, every hash, what was told before. It is no file of the case."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a person chose and wrote. All of it may be left as it is; then nobody is named."""

    kind: str = Kind.MATERIAL
    suspect: str = ""  # an account's id, `elsewhere`, or empty: nobody
    child: str = ""  # an account's id: the uploader may be the child, or was taken over
    taken_over: bool = False
    closed_at: datetime | None = None  # when the platform closed the suspect's account
    age: int | None = None
    first_name: str = ""
    last_name: str = ""
    school: str = ""
    guardian: str = ""  # a notice's id: its contact is told as the guardian's
    urgent: str = ""
    words: str = ""
    annotations: Sequence[str] = ()
    file_annotations: Sequence[str] = ()
    classification: str = ""
    without_files: bool = False  # the bytes can't be had: their hashes alone are told

    def plain(self) -> dict[str, Any]:
        """As JSON, to be kept."""
        names = self.__slots__
        kept = {name: getattr(self, name) for name in names}
        kept["closed_at"] = self.closed_at.isoformat() if self.closed_at else None
        return kept | {name: list(kept[name]) for name in ("annotations", "file_annotations")}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Chosen":
        """What was kept."""
        known = {name: value for name, value in kept.items() if name in cls.__slots__}
        at = known.get("closed_at")
        return cls(**known | {"closed_at": datetime.fromisoformat(at) if at else None})


@dataclass(slots=True)
class _Facts:
    """What is read once for one tip."""

    case: Case
    notices: list[Notice]
    copies: list[Copy]
    came: dict[UUID, UploaderIn] = field(default_factory=dict)


def document(
    case: Case, chosen: Chosen, operator: Operator, *, earlier: Sequence[str] = ()
) -> Document:
    """The whole tip. `earlier` are the numbers of those it adds to."""
    facts = _read(case)
    at, means = _incident(facts)
    agency, agency_ref = _police(facts.notices)
    told = files(case, chosen, facts.came)
    unsent = [telling.hashes(told)] if chosen.without_files else []
    unsent += [telling.more(near(case)[MOST_NEAR:])]
    return Document(
        kind=Kind(chosen.kind),
        case_ref=case.number,
        platform=case.platform.name,
        at=at,
        at_means=means,
        operator=operator,
        urgent=chosen.urgent,
        annotations=tuple(chosen.annotations),
        urls=_urls(facts),
        spread=_spread(facts),
        agency=agency,
        agency_ref=agency_ref,
        suspects=_suspects(facts, chosen, earlier),
        victims=_victims(facts, chosen, earlier),
        words=telling.words(facts.notices, decision_of(case), chosen.words, unsent),
        files=() if chosen.without_files else told,
        earlier=tuple(earlier),
    )


def decision_of(case: Case) -> Decision | None:
    """The newest decision that stands."""
    return case.decisions.filter(state=Decision.State.FINAL).order_by("-decided_at").first()


def _read(case: Case) -> _Facts:
    joined = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    notices = list(joined.distinct().order_by("received_at"))
    copies = Copy.objects.filter(case=case).exclude(how=Copy.How.NEAR, same=None)
    kept = list(copies.exclude(same=False).select_related("item").order_by("item__published_at"))
    facts = _Facts(case, notices, kept)
    facts.came = uploaders.of_items([copy.item_id for copy in _uploads(facts)])
    return facts


def _uploads(facts: _Facts) -> list[Copy]:
    """Those that brought the file anew. Who only passed it on is no uploader."""
    return [one for one in facts.copies if one.how != Copy.How.RESHARE and not _passes_on(one)]


def _passes_on(copy: Copy) -> bool:
    return bool(copy.item.reshare_of_id or copy.item.reshare_of_ref)


def _incident(facts: _Facts) -> tuple[datetime, str]:
    times = [copy.item.published_at for copy in facts.copies if copy.item.published_at]
    if times:
        return min(times), "The earliest known upload of the file to this service."
    if facts.notices:
        told = facts.notices[0].received_at
        return told, "When we were first told; when it was made or sent is not known."
    return facts.case.opened_at, "When this service opened its case."


def _urls(facts: _Facts) -> tuple[str, ...]:
    found = [one.item.url for one in _uploads(facts)]
    found += [copy.item.url for copy in facts.copies]
    return tuple(dict.fromkeys(found))[:MOST_URLS]


def _spread(facts: _Facts) -> str:
    if not facts.copies:
        return ""
    views = Item.objects.filter(copies__case=facts.case).aggregate(sum=Sum("views"))["sum"] or 0
    return telling.spread([copy.how for copy in facts.copies], views, MOST_URLS)


def _police(notices: Sequence[Notice]) -> tuple[str, str]:
    for notice in notices:
        if notice.police_reference:
            return notice.police_agency or "Police (agency not named)", notice.police_reference
    named = [notice.police_agency for notice in notices if notice.police_agency]
    return (named[0] if named else "", "")


# ------------------------------------------------------------------ people, each named by a person


def _suspects(facts: _Facts, chosen: Chosen, earlier: Sequence[str]) -> tuple[Suspect, ...]:
    if chosen.suspect == ELSEWHERE:
        name = elsewhere(facts.notices)
        return (Suspect(screen_name=name[:256], elsewhere=True, earlier=tuple(earlier)),)
    account = _account(facts.case, chosen.suspect)
    if account is None:
        return ()
    came = _came_of(facts, account)
    return (
        Suspect(
            account_ref=account.ref,
            service=facts.case.platform.name[:100],
            screen_name=next((one.screen_name for one in came if one.screen_name), ""),
            profile_urls=tuple(dict.fromkeys(one.profile_url for one in came if one.profile_url)),
            captures=_captures(came),
            closed_at=chosen.closed_at,
            earlier=tuple(earlier),
        ),
    )


def _victims(facts: _Facts, chosen: Chosen, earlier: Sequence[str]) -> tuple[Victim, ...]:
    ages = [one.stated_age for one in facts.notices if one.stated_age is not None]
    account = _account(facts.case, chosen.child)
    came = _came_of(facts, account) if account else []
    return (
        Victim(
            age=chosen.age if chosen.age is not None else min(ages, default=None),
            first_name=chosen.first_name,
            last_name=chosen.last_name,
            school=chosen.school,
            account_ref=account.ref if account else "",
            service=facts.case.platform.name[:100],
            screen_name=next((one.screen_name for one in came if one.screen_name), ""),
            taken_over=account is not None and chosen.taken_over,
            captures=_captures(came),
            guardian=_guardian(facts.notices, chosen.guardian),
            elsewhere="" if chosen.suspect == ELSEWHERE else elsewhere(facts.notices),
            earlier=tuple(earlier),
            note=telling.ages(facts.notices),
        ),
    )


def _account(case: Case, chosen: str) -> Account | None:
    """Only an account that published a copy can be chosen."""
    if not chosen or chosen == ELSEWHERE:
        return None
    found = Account.objects.filter(items__copies__case=case, id=UUID(chosen))
    return found.first()


def _came_of(facts: _Facts, account: Account) -> list[UploaderIn]:
    mine = [one.item_id for one in _uploads(facts) if one.item.account_id == account.id]
    return [facts.came[one] for one in mine if one in facts.came]


def _captures(came: Sequence[UploaderIn]) -> tuple[Capture, ...]:
    found = [Capture(ip=one.ip, port=one.port, at=one.at) for one in came if one.ip]
    return tuple(dict.fromkeys(found))[:100]


def elsewhere(notices: Sequence[Notice]) -> str:
    """The extorter's account on another service, as a notifier named it."""
    return next((one.other_app for one in notices if one.other_app), "")


def _guardian(notices: Sequence[Notice], chosen: str) -> Guardian | None:
    for notice in notices:
        contact = people.contact_of(notice.id) if str(notice.id) == chosen else None
        if contact is not None:
            return Guardian(email=addresses.address_of(contact), confirmed_at=contact.confirmed_at)
    return None


def is_extortion(case: Case) -> bool:
    """Whether a notice says so: then the report is marked, unless a person takes that off."""
    joined = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    told = {Category(one) for one in joined.values_list("category", flat=True)}
    return bool(told & set(EXTORTION)) or joined.exclude(time_given="").exists()


# ------------------------------------------------------------------ files


def files(
    case: Case, chosen: Chosen, came: Mapping[UUID, UploaderIn] | None = None
) -> tuple[FileFacts, ...]:
    """The case's files and those that a person said are the same, with what is known of each."""
    return tuple(_file(case, one, chosen, came or {}) for one in files_of(case))


def files_of(case: Case) -> list[File]:
    """The case's own file, or its item's; then near copies that a person confirmed."""
    own = [case.file] if case.file is not None else []
    if case.item_id is not None:
        placed = ItemFile.objects.filter(item_id=case.item_id, file__isnull=False)
        own = [one.file for one in placed.select_related("file").order_by("position") if one.file]
    return list(dict.fromkeys([*own, *near(case)[:MOST_NEAR]]))


def near(case: Case) -> list[File]:
    """Files that a person said show the same, the closest first."""
    near = Copy.objects.filter(case=case, how=Copy.How.NEAR, same=True, near_file__isnull=False)
    found = near.select_related("near_file").order_by("distance_bits", "found_at")
    return list(dict.fromkeys(one.near_file for one in found if one.near_file is not None))


def context_facts(written: str) -> FileFacts:
    """What an authority is told of the context: that it is ours, and no file of the case."""
    body = written.encode()
    return FileFacts(
        file_id="",
        sha256=sha256(body).hexdigest(),
        md5=md5(body, usedforsecurity=False).hexdigest(),
        name=CONTEXT,
        supplemental=True,
        ours=True,
        notes=(CONTEXT_SAYS,),
    )


def facts_of(case: Case, file_id: UUID, chosen: Chosen) -> FileFacts | None:
    """What is known of one of its files by now; None when it is no part of the case any more."""
    for one in files_of(case):
        if one.id == file_id:
            return _file(case, one, chosen, {})
    return None


def _file(case: Case, file: File, chosen: Chosen, came: Mapping[UUID, UploaderIn]) -> FileFacts:
    places = ItemFile.objects.filter(file=file, item__platform=case.platform)
    first = places.select_related("item").order_by("item__published_at", "position").first()
    known = came or (uploaders.of_items([first.item_id]) if first else {})
    told = known.get(first.item_id) if first else None
    viewed, exif_viewed = viewed_of(case, file)
    annotations = list(chosen.file_annotations)
    if Copy.objects.filter(case=case).count() >= VIRAL_FROM and "viral" not in annotations:
        annotations.append("viral")
    return FileFacts(
        file_id=str(file.id),
        sha256=bytes(file.sha256).hex(),
        md5=bytes(file.md5).hex() if file.md5 else "",
        pdq=tuple(_pdq(file)),
        uploaded_at=first.item.published_at if first else None,
        location=first.url if first else "",
        public=True if places.filter(item__seen_before=True).exists() else None,
        viewed=viewed,
        exif_viewed=exif_viewed,
        annotations=tuple(annotations),
        classification=chosen.classification,
        capture=Capture(ip=told.ip, port=told.port, at=told.at) if told and told.ip else None,
        notes=tuple(telling.of_file(case, file)),
    )


def _pdq(file: File) -> list[str]:
    """A picture's; a video has one for each frame, which nobody could read."""
    signals = Signal.objects.filter(file=file, type="pdq").values_list("value", flat=True)
    return [bytes(value).hex() for value in signals[:8]]


def viewed_of(case: Case, file: File) -> tuple[bool, bool]:
    """Whether our own people saw all of this file, and its metadata, in this case: by the log."""
    whole = people.whole_by_ours(case.id, file.id)  # of a video, a still is not the whole
    return whole, whole and "exif" in people.looks_of_ours(case.id, file.id)
