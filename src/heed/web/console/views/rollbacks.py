"""Rollbacks: what was done automatically is undone, by two people."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Rollback
from heed.cases.queries.causes import rollbacks
from heed.flows import roll_back as flow
from heed.people import queries as people
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

NOT_TAKEN = 422
REFUSALS = (flow.MayNotRollBack, flow.NothingToRollBack, flow.AlreadyProposed)


class ProposalForm(forms.Form):
    """What went wrong."""

    what = forms.ChoiceField(label="What went wrong", choices=Rollback.What.choices)
    value = forms.CharField(
        label="Its name: of a bank (or platform/bank); of a key, the part before its secret; of a "
        "source; the version",
        max_length=120,
    )
    why = forms.CharField(
        label="Why (stays inside)", widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000
    )


@require_safe
@permissions.permission("rollback.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """All rollbacks, and the form for a new one."""
    return _shown(request, ProposalForm())


def _shown(request: ConsoleRequest, form: ProposalForm, **more: object) -> HttpResponse:
    filters = lists.Filters(
        request,
        find="A part of the name of what was rolled back, or of why.",
        state=("State", [("", "Any"), *Rollback.State.choices]),
        what=("What", [("", "Anything"), *Rollback.What.choices]),
    )
    found = rollbacks(request.grants.platforms("rollback.see"))
    words = filters.said("words")
    found = found.filter(Q(says__icontains=words) | Q(why__icontains=words))
    chosen = {name: filters.said(name) for name in ("state", "what") if filters.said(name)}
    listed = lists.page_of(request, found.filter(**chosen), lists.CARDS)
    rows = list(listed)
    names = people.staff_named(
        {one for row in rows for one in (row.proposed_by, row.confirmed_by) if one}
    )
    status = NOT_TAKEN if form.errors else 200
    facts = {
        "filters": filters,
        "page": listed,
        "rows": rows,
        "names": names,
        "form": form,
        "list_at": reverse("console:rollbacks"),
        **more,
    }
    return show(request, "rollbacks.html", facts, status=status)


@require_POST
@permissions.permission("rollback.propose")
def propose(request: ConsoleRequest) -> HttpResponse:
    """Count what it would undo; then propose it."""
    form = ProposalForm(request.POST)
    if not form.is_valid():
        return _shown(request, form)
    said, now = form.cleaned_data, timezone.now()
    try:
        named = flow.name_it(what=said["what"], value=said["value"].strip())
        flow.must_be_theirs(request.grants.staff.pk, named)  # nobody counts what is not theirs
        if "propose" not in request.POST:
            return _shown(request, form, found=flow.would_undo(named=named, now=now), named=named)
        flow.propose(named=named, why=said["why"], by=request.grants.staff.pk, now=now)
    except REFUSALS as why:
        form.add_error(None, str(why))
        return _shown(request, form)
    messages.success(request, "Proposed. It takes effect when another person confirms it.")
    return redirect("console:rollbacks")


@require_POST
@permissions.permission("rollback.propose")
def answer(request: ConsoleRequest, rollback_id: UUID) -> HttpResponse:
    """Confirm or refuse another person's proposal."""
    mine = request.grants.platforms("rollback.propose")
    if not rollbacks(mine).filter(id=rollback_id).exists():
        raise Http404
    agrees = request.POST.get("agrees") == "yes"
    try:
        flow.confirm(
            rollback_id=rollback_id,
            agrees=agrees,
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
    except REFUSALS as why:
        messages.error(request, str(why))
    else:
        done = "Confirmed: it is being undone now." if agrees else "Refused: nothing was touched."
        messages.success(request, done)
    return redirect("console:rollbacks")
