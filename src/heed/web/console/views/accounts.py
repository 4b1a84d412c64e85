"""What follows for accounts, once the content is decided."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.cases.models import Case
from heed.cases.queries import account_measures
from heed.flows import measure_account as flow
from heed.rules.accounts import AccountMeasure, needs_signature
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.refusals import REFUSALS
from heed.web.console.views.case import case_as_page, to_what_was_said

LONGEST = 2_000
NOT_TAKEN = 422


@require_POST
@permissions.permission("account.measure")
def measure(request: ConsoleRequest, case: Case, account_id: UUID) -> HttpResponse:
    """Warn, limit, or propose to suspend an account."""
    try:
        wanted = AccountMeasure(request.POST.get("measure", ""))
    except ValueError:
        raise Http404 from None
    reasons = request.POST.get("reasons", "")[:LONGEST]
    try:
        flow.measure_account(
            case_id=case.id,
            account_id=account_id,
            measure=wanted,
            reasons=reasons,
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        said = "Proposed: a senior reviewer signs it." if needs_signature(wanted) else "Done."
        messages.success(request, said)
        return to_what_was_said(case)
    except REFUSALS as refused:
        why_not = str(refused)
        messages.error(request, why_not)
    kept = {
        "account": account_id, "measure": wanted.value, "reasons": reasons, "why_not": why_not,
    }  # fmt: skip
    return case_as_page(request, case, {"measure_said": kept}, status=NOT_TAKEN)


@require_POST
@permissions.permission("account.sign")
def sign(request: ConsoleRequest, case: Case, measure_id: UUID) -> HttpResponse:
    """Sign a suspension that another person proposed, or refuse to."""
    rows = [row for one in account_measures.involved(case) for row in one.measures]
    if measure_id not in {row.id for row in rows if row.decision.case_id == case.id}:
        raise Http404
    agrees = request.POST.get("agrees") == "yes"
    by, now = request.grants.staff.pk, timezone.now()
    try:
        done = flow.sign(measure_id=measure_id, agrees=agrees, by=by, now=now)
        said = ("Signed: the platform is being told." if agrees else "Refused.") if done else ""
        messages.success(request, said or "Somebody was quicker.")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("console:case", number=case.number)
