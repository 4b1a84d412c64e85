"""Reading what was answered and stated."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from heed.cases.models import Decision, Exemption, Join, Notice, Restriction
from heed.cases.queries import exemptions, policies, private
from heed.filings import vault
from heed.filings.models import Answer, CaseFile, SealedObject, StatementOfReasons, Tip
from heed.media.models import Upload
from heed.rules.decisions import Ruling
from heed.rules.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Told:
    """An authority was told."""

    authority: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """An answer as its notifier reads it."""

    ruling: str  # rules.decisions.Ruling
    text: str  # as it was written for this notifier, and for nobody else
    clause_title: str
    policy_version: str
    decided_at: datetime
    sent_at: datetime
    reversed: bool  # it was decided otherwise since, and not only proposed
    stands: bool  # neither that, nor does anybody propose to
    placed: bool  # about something that is posted, and not about a threat or an unknown place


def restrictions_without_statement(case_id: UUID) -> QuerySet[Restriction]:
    """Live restrictions of a case of which the uploader has not been told.

    What is restricted anew, after it was restored, is told anew.
    """
    told = _told().filter(_this_one(), basis=OuterRef("level"))
    live = Restriction.objects.filter(case_id=case_id, lifted_at=None).exclude(Exists(told))
    return live.select_related("item__account").order_by("item_id")


def restored_without_statement(case_id: UUID) -> QuerySet[Restriction]:
    """Lifted restrictions of which the uploader was told, and whose item is shown again."""
    lifted = Restriction.objects.filter(
        Exists(_told()), case_id=case_id, lifted_at__isnull=False, item__desired=Visibility.VISIBLE
    )
    newest = lifted.order_by("item_id", "-lifted_at", "-since_at").distinct("item_id")
    shown = _told().filter(_this_one(), basis=Visibility.VISIBLE)
    waiting = Restriction.objects.filter(id__in=newest.values("id")).exclude(Exists(shown))
    return waiting.select_related("item__account").order_by("item_id")


def _told() -> QuerySet[StatementOfReasons]:
    return StatementOfReasons.objects.filter(
        item_id=OuterRef("item_id"), case_id=OuterRef("case_id")
    )


def _this_one() -> Q:
    """Of this restriction; those of before statements named one are taken for it."""
    return Q(restriction_id=OuterRef("id")) | Q(restriction_id=None)


def answers_to(notice_id: UUID) -> tuple[AnswerLine, ...]:
    """All that one notifier was told, the newest first. What others were told is not among it."""
    given = list(Answer.objects.filter(notice_id=notice_id).order_by("-sent_at"))
    made = Decision.objects.select_related("case")
    decided = made.in_bulk([answer.decision_id for answer in given])
    apart = [one.exemption_id for one in given if one.exemption_id is not None]
    stays = Exemption.objects.in_bulk(apart)
    return tuple(
        _line(one, decided[one.decision_id], stays[one.exemption_id] if one.exemption_id else None)
        for one in given
    )


def item_of_statement(statement_id: UUID) -> UUID | None:
    """The item that an uploader's statement of reasons is about."""
    found = StatementOfReasons.objects.filter(id=statement_id)
    return found.values_list("item_id", flat=True).first()


def told_authorities(notice: Notice) -> tuple[Told, ...]:
    """When an authority was told of what this notice is about, if its reader may know that.

    That it was, and when; no number, and nothing of what was said (18 U.S.C. 2258A(g)).
    """
    if not private.may_see_authorities(notice):
        return ()
    cases = Join.objects.filter(notice=notice, undone_at=None).values("case_id")
    done = Tip.objects.filter(case_id__in=cases, state=Tip.State.FINISHED, practice=False)
    rows = done.exclude(finished_at=None).order_by("finished_at")
    return tuple(Told(one.authority, one.finished_at) for one in rows if one.finished_at)


def _line(answer: Answer, decision: Decision, stays: Exemption | None) -> AnswerLine:
    ruling = Ruling.KEEP if answer.outcome == "stands" else Ruling.REMOVE
    clause = decision.clause if ruling == decision.ruling else "none"
    over = _is_over(answer, decision, ruling, stays)
    return AnswerLine(
        ruling=ruling.value,
        text=answer.text,
        clause_title=policies.clause(clause, decision.policy_version).title,
        policy_version=decision.policy_version,
        decided_at=_agreed_at(decision, stays),
        sent_at=answer.sent_at,
        reversed=over,
        stands=decision.state == Decision.State.FINAL and not over,
        placed=decision.case.threat_of is None,
    )


def _agreed_at(decision: Decision, stays: Exemption | None) -> datetime:
    if stays is not None:
        return stays.seconded_at or stays.proposed_at
    return decision.seconded_at or decision.decided_at


def _is_over(answer: Answer, decision: Decision, ruling: Ruling, stays: Exemption | None) -> bool:
    """Of the places that it was about, the last word that was carried out is the other one."""
    last = exemptions.last_word(decision.case) or decision
    about = exemptions.named_by(answer.notice_id, decision.case)
    if stays is not None:
        about &= set(stays.items.values_list("id", flat=True))
    if not about or last.ruling != Ruling.REMOVE:
        return last.ruling != ruling
    said = exemptions.said(last)
    stay = about & (said.left | said.waiting) if ruling is Ruling.KEEP else about - said.left
    return not stay


# ------------------------------------------------------------------ the vault


def sealed_of(case_id: UUID) -> QuerySet[SealedObject]:
    """Everything that the vault holds, held or should hold for a case."""
    return SealedObject.objects.filter(case_id=case_id).order_by("asked_at", "copy", "id")


def evidence_of(case_id: UUID, file_id: UUID) -> SealedObject | None:
    """The evidence copy of a case's file, in whatever state; None when nobody asked for one.

    Of an upload that waits for this case, or was refused for it, also where the case that had it
    first must keep it.
    """
    mine = Upload.objects.filter(case_id=case_id, file_id=file_id)
    here = Q(case_id=case_id) | Q(upload_id__in=mine.values("id"))
    live = SealedObject.objects.filter(here, file_id=file_id, copy=SealedObject.Copy.EVIDENCE)
    return live.exclude(state=SealedObject.State.DESTROYED).order_by("upload_id").first()


def was_destroyed(case_id: UUID, file_id: UUID, since: datetime | None = None) -> bool:
    """Whether the evidence copy of a case's file was destroyed (since then)."""
    gone = sealed_of(case_id).filter(
        file_id=file_id,
        upload_id=None,
        copy=SealedObject.Copy.EVIDENCE,
        state=SealedObject.State.DESTROYED,
    )
    return (gone if since is None else gone.filter(destroyed_at__gte=since)).exists()


def review_copy_of(case_id: UUID, file_id: UUID) -> SealedObject | None:
    """A review copy that can be shown."""
    live = sealed_of(case_id).filter(file_id=file_id, copy=SealedObject.Copy.REVIEW)
    return live.filter(state=SealedObject.State.KEPT).first()


def sealed_due(*, now: datetime, limit: int, uploads: bool = False) -> list[UUID]:
    """What is still to be kept, or to be tried again; of `uploads` it is asked apart."""
    due = SealedObject.objects.filter(state__in=vault.OPEN_STATES, retry_at__lte=now)
    due = due.exclude(copy=SealedObject.Copy.ORDER)  # it came once, and nobody can fetch it again
    due = due.exclude(upload_id=None) if uploads else due.filter(upload_id=None)
    return list(due.order_by("retry_at").values_list("id", flat=True)[:limit])


def not_kept(case_id: UUID) -> list[SealedObject]:
    """Evidence of a case that could not be kept, or is damaged. What may not be held is no such."""
    lost = (SealedObject.State.MISSED, SealedObject.State.DAMAGED)
    of_case = sealed_of(case_id).exclude(copy=SealedObject.Copy.REVIEW)
    return list(of_case.filter(state__in=lost))


def awaited(case_id: UUID) -> bool:
    """Whether evidence of a case is still to be kept, for the first time or again."""
    of_case = sealed_of(case_id).exclude(copy=SealedObject.Copy.REVIEW)
    return of_case.filter(state__in=vault.OPEN_STATES).exists()


def destroyed_not_erased(*, limit: int) -> list[SealedObject]:
    """Noise that still lies in the vault; any of it, so that what a lock keeps keeps no other."""
    gone = SealedObject.objects.filter(state=SealedObject.State.DESTROYED).exclude(name="")
    return list(gone.order_by("?")[:limit])


def case_file_of(notice_id: UUID) -> CaseFile | None:
    """The newest case file that this notice's holder asked for, made or in the making."""
    return CaseFile.objects.filter(notice_id=notice_id).order_by("-asked_at").first()
