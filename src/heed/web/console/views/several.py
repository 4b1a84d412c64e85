"""One case becomes two, or several are decided in one go."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from heed.cases.models import Case
from heed.cases.queries import case_copies, case_page, together
from heed.flows import decide_together, split_case
from heed.rules.decisions import Ruling, Scope
from heed.web.console import permissions
from heed.web.console.forms import DecisionForm
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

NOT_TAKEN = 422


class SplitForm(forms.Form):
    """Which copies are another matter, and why."""

    items = forms.MultipleChoiceField(
        label="What is another matter?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one copy that is another matter."},
    )
    why = forms.CharField(
        label="Why it is another matter (stays inside)",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the next person reads it."},
    )

    def __init__(self, case: Case, data: Any = None) -> None:
        super().__init__(data, auto_id="split-%s")
        copies = case_copies.unsplit(case)[: split_case.MOST]
        self.fields["items"].choices = [  # type: ignore[attr-defined]
            (str(one.item_id), f"{one.item.url} ({one.item.desired})") for one in copies
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("case.decide")
def split(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Copies that are another matter get a case of their own."""
    form = SplitForm(case, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            into = split_case.split(
                case_id=case.id,
                items=[UUID(one) for one in form.cleaned_data["items"]],
                why=form.cleaned_data["why"],
                by=request.grants.staff.pk,
                now=timezone.now(),
            )
        except split_case.NotSplit as why:
            form.add_error(None, str(why))
        else:
            messages.success(
                request, f"Split off from {case.number}. Nothing became visible by it."
            )
            return redirect("console:case", number=into.number)
    return show(
        request,
        "split.html",
        {"case": case, "form": form},
        status=NOT_TAKEN if form.errors else 200,
    )


class TogetherForm(DecisionForm):
    """A decision, and which cases it is also for. Copies are excepted case by case, not here."""

    def __init__(self, case: Case, data: Any = None) -> None:
        super().__init__(case, [], data)
        self.fields.pop("exempt")
        self.fields.pop("without_evidence", None)
        self.sharing = together.sharing(case)
        self.fields["others"] = forms.MultipleChoiceField(
            label="Which cases are decided with it?",
            choices=[(str(one.case.id), _named(one)) for one in self.sharing],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one, or decide this case for itself."},
        )
        self.order_fields(["others"])


_WHY = {
    "file": "the same file",
    "confirmed": "a near picture that a person confirmed",
    "match": "a match with the same signal",
}


def _named(one: together.Sharing) -> str:
    return f"{one.case.number}: {_WHY[one.why]}"


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("case.decide")
def decide(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Several cases in one go: first every effect is shown, then each is decided for itself."""
    form = TogetherForm(case, request.POST if request.method == "POST" else None)
    read = _heard_until(request.POST.getlist("heard"))
    facts: dict[str, Any] = {"case": case, "form": form, "heard": _told_by(form, read)}
    if case.state != Case.State.OPEN or not form.is_valid():
        return show(request, "together.html", facts, status=NOT_TAKEN if form.errors else 200)
    said = form.cleaned_data
    chosen: dict[str, Any] = {
        "case_id": case.id,
        "others": [UUID(one) for one in said["others"]],
        "ruling": Ruling(said["ruling"]),
        "scope": Scope(said.get("scope") or Scope.ITEMS),
        "by": request.grants.staff.pk,
    }
    shown = " ".join([*sorted(said["others"]), said["ruling"], chosen["scope"]])
    if request.POST.get("seen") != shown:  # what is decided is what was shown, and nothing else
        facts["shown"] = shown
        facts["effects"] = decide_together.preview(**chosen)
        return show(request, "together.html", facts)
    words = {name: said[name] for name in ("clause", "reasons", "facts")}
    facts["outcomes"] = decide_together.decide_together(
        **chosen, **words, heard_until=read, now=timezone.now()
    )
    return show(request, "together.html", facts)


def _told_by(form: TogetherForm, read: Mapping[UUID, datetime]) -> list[str]:
    """Until when the page has told what came in, case by case. To look again is not to read."""
    cases = [form.case, *(one.case for one in form.sharing)]
    known = {one.id: case_page.last_heard(one) or one.opened_at for one in cases} | dict(read)
    return [f"{one} {at.isoformat()}" for one, at in known.items()]


def _heard_until(sent: Sequence[str]) -> dict[UUID, datetime]:
    """The same, as it came back. What can't be read was not sent by a page of ours."""
    found: dict[UUID, datetime] = {}
    for case, _, at in (one.partition(" ") for one in sent):
        with suppress(ValueError):
            found[UUID(case)] = datetime.fromisoformat(at).astimezone(UTC)
    return found
