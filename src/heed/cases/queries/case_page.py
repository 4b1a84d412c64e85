"""Everything that one case's page shows: facts, and no words about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Max, Prefetch, Q, QuerySet
from django.db.models.functions import Greatest

from heed.cases.models import (
    Appeal,
    Case,
    CaseLink,
    Deadline,
    Decision,
    Join,
    Message,
    Notice,
    Split,
    Supplement,
    Target,
    Translation,
)
from heed.cases.queries import beginnings
from heed.media.models import BankSignal, Match, Upload
from heed.people import queries as people
from heed.people.models import Contact


def find(number: str) -> Case | None:
    """The case of this number, with what it is about."""
    found = Case.objects.select_related("platform", "file", "item")
    return found.filter(number=number).first()


def by_id(case_id: UUID) -> Case | None:
    """The same by its id."""
    return Case.objects.select_related("platform", "file", "item").filter(id=case_id).first()


def notice_by_id(notice_id: UUID) -> Notice | None:
    """A notice, whether it has a case or not."""
    return Notice.objects.filter(id=notice_id).first()


# ------------------------------------------------------------------ notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice of a case, as it was sent, with what came after it."""

    notice: Notice
    targets: Sequence[Target]
    supplements: Sequence[Supplement]
    messages: Sequence[Message]
    translations: Sequence[Translation]
    contact: str  # none | unconfirmed | confirmed
    may_write: bool


def notices_of(case: Case) -> QuerySet[Notice]:
    """The notices that are joined to the case, oldest first."""
    joined = Join.objects.filter(case=case, undone_at=None).values("notice_id")
    return Notice.objects.filter(id__in=joined).order_by("received_at", "number")


def notices(case: Case) -> list[Told]:
    """All of them, with what came after each."""
    return told(notices_of(case))


def told(found: QuerySet[Notice]) -> list[Told]:
    """These notices with what came after each; the number of queries does not grow with them.

    What was written is there as far as it is shown: `words_shown`, `verbatim_shown`, `said_shown`,
    `text_shown`. The whole is asked for of each, by its own name.
    """
    rows = list(
        found.select_related("peer_report")
        .defer("words", "verbatim")
        .annotate(words_shown=_WORDS, verbatim_shown=_VERBATIM)
        .prefetch_related(
            Prefetch("targets", Target.objects.select_related("item").order_by("position")),
            Prefetch("supplements", _supplements()),
            Prefetch("messages", _messages()),
            Prefetch("translations", Translation.objects.order_by("-made_at")),
        )
    )
    contacts = people.contacts_of([notice.id for notice in rows])
    return [_told(notice, contacts.get(notice.id)) for notice in rows]


_WORDS = beginnings.of_text("cases_notice.words")
_VERBATIM = beginnings.of_object("cases_notice.verbatim")


def _supplements() -> QuerySet[Supplement]:
    shown = beginnings.of_object("cases_supplement.said")
    return Supplement.objects.defer("said").annotate(said_shown=shown).order_by("at")


def _messages() -> QuerySet[Message]:
    shown = beginnings.of_text("cases_message.text")
    return Message.objects.defer("text").annotate(text_shown=shown).order_by("at")


def _told(notice: Notice, contact: Contact | None) -> Told:
    state = "none" if contact is None else "unconfirmed"
    if contact is not None and contact.confirmed_at is not None:
        state = "confirmed"
    return Told(
        notice=notice,
        targets=list(notice.targets.all()),
        supplements=list(notice.supplements.all()),
        messages=list(notice.messages.all()),
        translations=list(notice.translations.all()),
        contact=state,
        may_write=contact is None or contact.may_write,
    )


def notice_of(case: Case, number: str) -> Notice | None:
    """A notice of this case by its number; None when it belongs to another."""
    joined = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    return joined.filter(number=number).first()


def language(case: Case) -> str:
    """That of the first notice, if people are told in it here; else the house's own."""
    told = Notice.objects.filter(joins__case=case, joins__undone_at=None).order_by("received_at")
    said = told.values_list("language", flat=True).first() or ""
    known = dict(settings.LANGUAGES)
    return next(
        (one for one in (said, said.partition("-")[0]) if one in known), settings.LANGUAGE_CODE
    )


def last_heard(case: Case) -> datetime | None:
    """When we were last told something in this case: a notice, more facts, a message, an appeal."""
    joins = Join.objects.filter(case=case, undone_at=None)
    ours = Q(notice__in=joins.values("notice"))
    times = (
        joins.aggregate(at=Max("joined_at")),
        Supplement.objects.filter(ours).aggregate(at=Max("at")),
        Message.objects.filter(ours, from_staff=None).aggregate(at=Max("at")),
        case.appeals.aggregate(at=Greatest(Max("opened_at"), Max("added_at"))),
    )
    return max((one["at"] for one in times if one["at"] is not None), default=None)


def first_notice_at(case: Case) -> datetime | None:
    """Since when we have known."""
    told = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    return told.order_by("received_at").values_list("received_at", flat=True).first()


# ------------------------------------------------------------------ deadlines, history, links


def deadlines(case: Case) -> QuerySet[Deadline]:
    """What is owed, the nearest first."""
    return Deadline.objects.filter(case=case).order_by(F("met_at").asc(nulls_first=True), "due_at")


def decisions(case: Case) -> list[Decision]:
    """Every decision in every round, the newest first."""
    return list(case.decisions.prefetch_related("exempt_items").order_by("-decided_at"))


def decision_of(case: Case, decision_id: UUID) -> Decision | None:
    """A decision of this case."""
    return case.decisions.filter(id=decision_id).first()


def proposal(case: Case) -> Decision | None:
    """The decision that waits for a second person."""
    return case.decisions.filter(state=Decision.State.PROPOSED).first()


def appeals(case: Case) -> list[Appeal]:
    """Every appeal, the newest first."""
    found = case.appeals.select_related("case", "decision", "notice", "measure")
    return list(found.order_by("-opened_at"))


def appeal_of(case: Case, appeal_id: UUID) -> Appeal | None:
    """An appeal of this case."""
    return case.appeals.filter(id=appeal_id).first()


def links(case: Case) -> list[tuple[CaseLink, Case]]:
    """Cases that look alike, with the other one of each pair."""
    found = CaseLink.objects.filter(Q(case=case) | Q(other=case)).select_related("case", "other")
    return [(one, one.other if one.case_id == case.id else one.case) for one in found]


def splits(case: Case) -> list[Split]:
    """What was split off this case, and what this one was split from."""
    found = Split.objects.filter(Q(case=case) | Q(into=case)).select_related("case", "into")
    return list(found.order_by("made_at"))


def uploads(case: Case) -> list[Upload]:
    """What knocked at the door because of this case, what is still held first."""
    found = Upload.objects.filter(case_id=case.id).select_related("file")
    return list(found.order_by(F("ended_at").desc(nulls_first=True), "-asked_at")[:100])


def upload_of(case: Case, upload_id: UUID) -> Upload | None:
    """An upload that was held for this case."""
    return Upload.objects.filter(id=upload_id, case_id=case.id).first()


def matches(case: Case) -> list[Match]:
    """Banked signals that the case's file meets, the closest first."""
    if case.file_id is None:
        return []
    found = Match.objects.filter(file_id=case.file_id, platform_id=case.platform_id)
    found = found.select_related("bank_signal__bank")
    return list(found.order_by("distance_bits")[:50])


def banked(case: Case) -> Counter[tuple[str, str, bool]]:
    """Signals that this case put into banks: (bank, type, withdrawn) and how many.

    The bank's name is empty for the case's own, provisional one.
    """
    made = BankSignal.objects.filter(case_id=case.id).values_list(
        "bank__case_id", "bank__name", "type", "withdrawn_at"
    )
    return Counter(
        (name if own is None else "", kind, withdrawn is not None)
        for own, name, kind, withdrawn in made
    )


# ------------------------------------------------------------------ ledger


def entries_of(subjects: Sequence[str], limit: int = 60) -> list[UUID]:
    """The newest ledger entries about these subjects, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id FROM ledger_entrybody WHERE subject = ANY(%s)"
            " ORDER BY at DESC, entry_id LIMIT %s",
            [list(subjects), limit],
        )
        return [row[0] for row in cursor.fetchall()]


def subjects_of(case: Case) -> list[str]:
    """What the ledger calls this case and the notices in it."""
    told = Join.objects.filter(case=case, undone_at=None).values_list("notice_id", flat=True)
    made = case.decisions.values_list("id", flat=True)
    asked = case.appeals.values_list("id", flat=True)
    return [
        f"case:{case.id}",
        *(f"notice:{one}" for one in told),
        *(f"decision:{one}" for one in made),
        *(f"appeal:{one}" for one in asked),
    ]
