"""Deciding: each form calls one flow, and comes back whole when the answer is no."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.cases.models import Case, Decision
from heed.cases.queries import case_copies, case_files, case_page, exemptions
from heed.flows import second_exemption as flow
from heed.flows import translate_notice
from heed.flows.decide_appeal import decide_appeal
from heed.flows.decide_case import NotRead, decide
from heed.flows.judge_copy import judge_copy, settle_upload
from heed.flows.name_place import NotThere, NotThisCase, name_place
from heed.flows.second_decision import second
from heed.flows.write_to_notifier import write_to_notifier
from heed.rules.decisions import Agreement, AppealOutcome, Ruling, Scope
from heed.web.console import permissions
from heed.web.console.forms import (
    AppealForm,
    DecisionForm,
    MessageForm,
    SecondForm,
    StayForm,
    TranslationForm,
)
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.refusals import REFUSALS, CaseChanged
from heed.web.console.views.case import case_as_page, to_what_was_said

NOT_TAKEN = 422  # understood, and not done: the form says why


@require_POST
@permissions.permission("case.decide")
def decide_case(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Decide the case, or propose "no violation"."""
    form = DecisionForm(case, case_copies.may_stay(case), request.POST)
    if "preview" in request.POST:
        form.is_valid()
        shown = {"decision_form": form, "preview": True, "heard_until": _heard_until(request)}
        return case_as_page(request, case, shown)
    return _attempt(request, case, form, "decision_form", lambda: _decide(request, case, form))


def _heard_until(request: ConsoleRequest) -> datetime | None:
    """Until when the page that was sent had told what came in."""
    try:
        return datetime.fromisoformat(request.POST.get("heard_until", "")).astimezone(UTC)
    except ValueError:
        return None


def _decide(request: ConsoleRequest, case: Case, form: Form) -> str:
    said = form.cleaned_data
    decision = decide(
        case_id=case.id,
        ruling=Ruling(said["ruling"]),
        scope=Scope(said.get("scope") or Scope.ITEMS),
        clause=said["clause"],
        reasons=said["reasons"],
        facts=said["facts"],
        exempt=[UUID(one) for one in said["exempt"]],
        without_evidence=bool(said.get("without_evidence")),
        heard_until=_heard_until(request),
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    if exemptions.waiting([case.id]).filter(decision=decision).exists():
        return (
            "Decided: the removal takes effect now. What it would show again stays as it is until "
            "a second person has looked and agrees."
        )
    if decision.state == decision.State.PROPOSED:
        return "Proposed. It takes effect when a second person has looked and agrees."
    return "Decided. The platform and the notifier are being told."


@require_POST
@permissions.permission("decision.second")
def second_decision(request: ConsoleRequest, case: Case) -> HttpResponse:
    """A second person agrees with a proposal, or does not."""
    form = SecondForm(request.POST, auto_id="second-%s")
    return _attempt(request, case, form, "second_form", lambda: _second(request, case, form))


def _second(request: ConsoleRequest, case: Case, form: Form) -> str:
    proposal = _read(case, form.cleaned_data["proposal"])
    agrees = form.cleaned_data["agrees"] == "yes"
    agreement = second(
        decision_id=proposal.id,
        agrees=agrees,
        reasons=form.cleaned_data["reasons"],
        heard_until=_heard_until(request),
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    if not agrees:
        mine = proposal.decided_by == request.grants.staff.pk
        first = "You took it back" if mine else "You did not agree"
        return f"{first}: the case waits for a decision again."
    unseconded = agreement is Agreement.UNSECONDED
    return "Confirmed alone: published as unseconded." if unseconded else "Agreed: it is final."


@require_POST
@permissions.permission("decision.second")
def second_exemption(request: ConsoleRequest, case: Case, exemption_id: UUID) -> HttpResponse:
    """A second person agrees that places stay though the rest is removed, or does not."""
    found = exemptions.find(case, exemption_id)
    if found is None:
        raise Http404
    form = StayForm(request.POST, auto_id="stay-sent-%s")

    def answer() -> str:
        return _second_exemption(request, found.id, form)

    return _attempt(request, case, form, "stay_form", answer, {"stay_forms": {found.id: form}})


def _second_exemption(request: ConsoleRequest, exemption_id: UUID, form: Form) -> str:
    agrees = form.cleaned_data["agrees"] == "yes"
    me = request.grants.staff.pk
    agreement = flow.second_exemption(
        exemption_id=exemption_id,
        agrees=agrees,
        reasons=form.cleaned_data["reasons"],
        heard_until=_heard_until(request),
        by=me,
        now=timezone.now(),
    )
    if not agrees:
        own = exemptions.was_proposed_by(exemption_id, me)
        did = "You took it back" if own else "You did not agree"
        return f"{did}: these places are removed with the rest."
    if agreement is Agreement.UNSECONDED:
        return "Confirmed alone: these places may be seen again. Published as unseconded."
    return "Agreed: these places may be seen again."


def _read(case: Case, asked: UUID | None) -> Decision:
    """The proposal that the sender has read; none is agreed to by a page that showed another."""
    waiting = case_page.proposal(case)
    read = case_page.decision_of(case, asked) if asked is not None else waiting
    if read is None:
        raise CaseChanged("No proposal waits here any more. What you wrote was not sent.")
    if waiting is not None and waiting.id != read.id:
        raise CaseChanged("This proposal is not the one that you read: read it first, above.")
    return read


@require_POST
@permissions.permission("appeal.decide")
def end_appeal(request: ConsoleRequest, case: Case, appeal_id: UUID) -> HttpResponse:
    """End an appeal."""
    appeal = case_page.appeal_of(case, appeal_id)
    if appeal is None:
        raise Http404
    form = AppealForm(appeal, request.POST, auto_id="appeal-sent-%s")

    def answer() -> str:
        return _appeal(request, appeal.id, form)

    return _attempt(request, case, form, "appeal_form", answer, {"appeal_forms": {appeal.id: form}})


def _appeal(request: ConsoleRequest, appeal_id: UUID, form: Form) -> str:
    decide_appeal(
        appeal_id=appeal_id,
        outcome=AppealOutcome(form.cleaned_data["outcome"]),
        reasons=form.cleaned_data["reasons"],
        heard_until=_heard_until(request),
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    waits = exemptions.waiting_on(appeal_id)
    return f"The appeal is answered.{' A second person must agree now.' if waits else ''}"


@require_POST
@permissions.permission("notifier.write")
def write(request: ConsoleRequest, case: Case, notice: str) -> HttpResponse:
    """Write to who gave a notice; it stands on their private page."""
    to = case_page.notice_of(case, notice)
    if to is None:
        raise Http404
    form = MessageForm(request.POST)

    def send() -> str:
        write_to_notifier(
            notice_id=to.id,
            text=form.cleaned_data["text"],
            letter=form.cleaned_data["letter"],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "Written on the notifier's page."

    return _attempt(request, case, form, "message_form", send, {"message_to": notice})


@require_POST
@permissions.permission("case.decide")
def translate(request: ConsoleRequest, case: Case, notice: str) -> HttpResponse:
    """Write down what a notice says, for those who don't read its language."""
    of = case_page.notice_of(case, notice)
    if of is None:
        raise Http404
    form = TranslationForm(request.POST, auto_id=False)

    def keep() -> str:
        translate_notice.translate(
            notice_id=of.id, **form.cleaned_data, by=request.grants.staff.pk, now=timezone.now()
        )
        return "Kept beside the notice's own words."

    return _attempt(request, case, form, "translation_form", keep, {"translation_of": notice})


def _attempt(
    request: ConsoleRequest,
    case: Case,
    form: Form,
    name: str,
    act: Callable[[], str],
    more: dict[str, object] | None = None,
) -> HttpResponse:
    """Act if the form is whole; a "no" comes back on the page, with everything that was typed."""
    if form.is_valid():
        try:
            messages.success(request, act())
            return to_what_was_said(case)
        except REFUSALS as refused:
            form.add_error(None, str(refused))
            if isinstance(refused, NotRead):  # said once: a flood must not keep anybody from it
                more = {**(more or {}), "heard_until": None}
    case.refresh_from_db()
    return case_as_page(request, case, {name: form, **(more or {})}, status=NOT_TAKEN)


# ------------------------------------------------------------------ near copies and held uploads


@require_POST
@permissions.permission("copy.judge")
def judge(request: ConsoleRequest, case: Case, file_id: UUID) -> HttpResponse:
    """Say whether a near copy shows the same. Every item with that file goes the same way.

    `again`: somebody has said so before, and was wrong.
    """
    waiting, judged = case_files.near_files(case)
    again = "again" in request.POST
    near = judged if again else waiting
    copies = [copy for one in near if one.file.id == file_id for copy in one.copies]
    same = request.POST.get("same")
    if same not in ("yes", "no"):
        raise Http404
    if not case_files.has_seen(case, request.grants.staff.pk, file_id):
        messages.error(request, "Look at both first: nobody compares what they have not seen.")
        return redirect("console:compare", number=case.number, file_id=file_id)
    by, now = request.grants.staff.pk, timezone.now()
    if copies and judge_copy(copy_id=copies[0].id, same=same == "yes", again=again, by=by, now=now):
        messages.success(request, f"Noted: {'the same' if same == 'yes' else 'not the same'}.")
    else:
        messages.info(request, "Somebody has judged this copy before.")
    return redirect("console:case", number=case.number)


@require_POST
@permissions.permission("upload.settle")
def settle(request: ConsoleRequest, case: Case, upload_id: UUID) -> HttpResponse:
    """Let a held upload in, or turn it away."""
    upload = case_page.upload_of(case, upload_id)
    what = request.POST.get("what")
    if upload is None or what not in ("release", "refuse"):
        raise Http404
    done = settle_upload(
        upload_id=upload.id,
        release=what == "release",
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    said = "Released." if what == "release" else "Refused."
    messages.success(request, said if done else "This upload no longer waits.")
    return redirect("console:case", number=case.number)


@require_POST
@permissions.permission("case.decide")
def place(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Say where the post is that nobody had a link of; it is protected at once."""
    url = request.POST.get("url", "").replace("\x00", "")[:2_083]
    by, now = request.grants.staff.pk, timezone.now()
    try:
        became = name_place(case_id=case.id, url=url, by=by, now=now)
    except NotThere:
        messages.error(request, "This is no address of this platform. Copy it from the post.")
    except NotThisCase:
        messages.error(request, "This case has a place already.")
    else:
        last = became[-1]
        say = last.visibility or "not an address of a post: look for the post itself"
        messages.success(request, f"Noted. It is now: {say}.")
    return redirect("console:case", number=case.number)
