"""A person finds a life in danger, and writes down who was told: on a case, or on a duty call."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.cases.models import Case
from heed.cases.queries import case_page
from heed.filings import danger as dangers
from heed.filings.models import Danger
from heed.flows import report_danger
from heed.people import rota
from heed.web.console import permissions, unsent
from heed.web.console.permissions import ConsoleRequest

REFUSED = (report_danger.NotSaid, dangers.DangerEnded)
_WORDS = {"rows": 3}


class FoundForm(forms.Form):
    """What was found."""

    why = forms.CharField(
        label="Who is in what danger, and where?",
        help_text="Whoever is rung reads these words. The law gives no figure; we give an hour.",
        max_length=4_000,
        widget=forms.Textarea(attrs=_WORDS),
        error_messages={"required": "Say who is in what danger, and where."},
    )


class ToldForm(forms.Form):
    """Who was told, or why nobody need be."""

    told = forms.CharField(
        label="Which authority did you tell, and how?",
        help_text="The police of the place, or Europol. A hotline and NCMEC do not count here.",
        max_length=200,
        error_messages={"required": "Say which authority was told, and how."},
    )
    told_ref = forms.CharField(label="Its number, if it gave one", max_length=100, required=False)


class UnfoundedForm(forms.Form):
    """Why there is no danger."""

    unfounded = forms.CharField(
        label="Why is there no danger after all?",
        max_length=4_000,
        error_messages={"required": "Say why there is no danger."},
    )


def block(found: Sequence[Danger]) -> dict[str, object]:
    """What the case's and the call's page show of it."""
    rows = [
        (one, ToldForm(prefix=f"told-{one.id}"), UnfoundedForm(prefix=f"no-{one.id}"))
        for one in found
    ]
    return {"found": rows, "form": FoundForm(prefix="danger")}


@require_POST
@permissions.permission("duty.answer", "case.see")
def find(request: ConsoleRequest, case: Case) -> HttpResponse:
    """A life is in danger, says who works on this case."""
    to = _Page(request, "console:case", case.number)
    return _found(request, to, case.platform_id, case.id, None)


@require_POST
@permissions.permission("duty.answer", "case.see")
def find_in_call(request: ConsoleRequest, call_id: UUID) -> HttpResponse:
    """A life is in danger, says who took the call."""
    call = rota.call(call_id)
    if call is None or not request.grants.may("duty.answer", call.platform_id):
        raise Http404
    to = _Page(request, "console:call", call.id)
    return _found(request, to, call.platform_id, call.case_id, call.id)


class _Page:
    """Where somebody came from, and goes back to."""

    def __init__(self, request: ConsoleRequest, name: str, where: object) -> None:
        self.request, self.at = request, f"{reverse(name, args=[where])}#danger"

    def after(self, act: Callable[[], str]) -> HttpResponse:
        """Act; a "no" is said on the page, and what was written stays there."""
        try:
            messages.success(self.request, act())
        except REFUSED as why:
            messages.error(self.request, str(why))
            unsent.keep(self.request, self.request.grants.staff.pk)
        return redirect(self.at)


def _found(
    request: ConsoleRequest, to: _Page, platform_id: UUID, case_id: UUID | None,
    call_id: UUID | None,
) -> HttpResponse:  # fmt: skip
    def act() -> str:
        report_danger.find(
            platform_id=platform_id,
            case_id=case_id,
            call_id=call_id,
            why=request.POST.get("danger-why", "")[:4_000],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "Written down. Tell the police of the place now; then write down that you did."

    return to.after(act)


@require_POST
@permissions.permission("duty.answer", "case.see")
def answer(request: ConsoleRequest, danger_id: UUID) -> HttpResponse:
    """An authority was told, or there is no danger after all."""
    found = dangers.by_id(danger_id)
    if found is None or not request.grants.may("duty.answer", found.platform_id):
        raise Http404
    said, by, now = request.POST, request.grants.staff.pk, timezone.now()

    def act() -> str:
        if said.get("what") == "unfounded":
            why = said.get(f"no-{found.id}-unfounded", "")[:4_000]
            report_danger.dismiss(danger_id=found.id, why=why, by=by, now=now)
            return "Written down."
        told = said.get(f"told-{found.id}-told", "")[:200]
        ref = said.get(f"told-{found.id}-told_ref", "")[:100]
        report_danger.tell(danger_id=found.id, told=told, told_ref=ref, by=by, now=now)
        return "Written down, with the time."

    return _page_of(request, found).after(act)


def _page_of(request: ConsoleRequest, found: Danger) -> _Page:
    case = case_page.by_id(found.case_id) if found.case_id else None
    if case is not None:
        return _Page(request, "console:case", case.number)
    return _Page(request, "console:call", found.call_id)
