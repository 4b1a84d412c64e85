"""Reading a decided case again without knowing what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import BlindReading
from heed.cases.queries import case_files, case_page, policies, quality
from heed.flows import read_blind
from heed.rules.decisions import Ruling
from heed.rules.policy import Clause
from heed.web.console import lists, permissions
from heed.web.console.forms import RULINGS
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

MOST = 50  # notices on the page: the first say what it is about


class BlindForm(forms.Form):
    """What one would have decided."""

    ruling = forms.ChoiceField(
        label="What would you decide?",
        choices=RULINGS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    clause = forms.ChoiceField(label="Under which rule?")

    def __init__(self, rules: Sequence[Clause], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["clause"].choices = [(one.id, one.title) for one in rules]  # type: ignore[attr-defined]


def _rules(reading: BlindReading) -> Sequence[Clause]:
    version = policies.version_at(reading.decision.case.platform_id, timezone.now())
    return policies.clauses(version)


def _mine(request: ConsoleRequest) -> QuerySet[BlindReading]:
    platforms = request.grants.platforms("case.decide")
    return quality.for_reader(platforms, request.grants.staff.pk)


def _one(request: ConsoleRequest, reading_id: UUID) -> BlindReading:
    found = _mine(request).filter(id=reading_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@permissions.permission("case.decide")
def waiting(request: ConsoleRequest) -> HttpResponse:
    """What was drawn, and waits for this person."""
    return show(request, "blind_list.html", {"page": lists.page_of(request, _mine(request))})


@require_safe
@permissions.permission("case.decide")
def page(request: ConsoleRequest, reading_id: UUID) -> HttpResponse:
    """The notices and the file, and nothing of what was decided."""
    reading = _one(request, reading_id)
    return _page(request, reading, BlindForm(_rules(reading)))


def _page(
    request: ConsoleRequest, reading: BlindReading, form: BlindForm, status: int = 200
) -> HttpResponse:
    case = reading.decision.case
    every = case_page.notices_of(case)
    facts = {
        "reading": reading,
        "case": case,
        "told": [replace(one, messages=()) for one in case_page.told(every[:MOST])],  # no answers
        "unshown": max(0, every.count() - MOST),
        "files": case_files.files(case),
        "may_open": request.grants.may_open_files(case),
        "form": form,
        "here": {},
    }
    return show(request, "blind.html", facts, status=status)


@require_POST
@permissions.permission("case.decide")
def read(request: ConsoleRequest, reading_id: UUID) -> HttpResponse:
    """Write down what one would have decided."""
    reading = _one(request, reading_id)
    form = BlindForm(_rules(reading), request.POST)
    if not form.is_valid():
        return _page(request, reading, form, status=422)
    try:
        read_blind.read(
            reading_id=reading.id,
            ruling=Ruling(form.cleaned_data["ruling"]),
            clause=form.cleaned_data["clause"],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        messages.success(request, "Noted. It changes nothing of the case.")
    except (read_blind.NotForYou, read_blind.ReadAlready) as refused:
        messages.info(request, str(refused))
    return redirect("console:blind_list")
