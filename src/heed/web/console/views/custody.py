"""Chain of custody: what is sealed of a case, who has read it, until when it stays, and why."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.cases.queries import case_page
from heed.filings import custody, holding, queries
from heed.filings.models import Dispute, Unsealing
from heed.flows import note_dispute, retain_evidence, unseal, verify_officer
from heed.people import queries as people
from heed.web.console import lists, permissions, proofs, sign_in
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

ENTRIES = ("evidence.", "file.viewed", "order.", "cybertip.")
REFUSED = (
    retain_evidence.MayNotHold,
    unseal.MayNotUnseal,
    holding.NotWaiting,
    note_dispute.NotNoted,
    verify_officer.MayNotVerify,
)
NOT_TAKEN = 422


class HoldForm(forms.Form):
    """A legal hold needs its reason."""

    reason = forms.CharField(
        label="Why is it held?",
        max_length=300,
        help_text="A court, a letter, a reference. No names of the people in the case.",
        error_messages={"required": "Say why it is held: whoever lifts it has to judge that."},
    )


class AskForm(forms.Form):
    """What is asked of the sealed copies, and for what."""

    what = forms.ChoiceField(
        label="What do you ask for?",
        choices=[
            (Unsealing.What.OPEN, "To open the sealed copies"),
            (Unsealing.What.DESTROY, "To destroy them before their time, on a lawful request"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    purpose = forms.CharField(
        label="For what purpose?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The ledger keeps these words. A second person agrees to them, or does not.",
        error_messages={"required": "State the purpose: the ledger keeps it."},
    )
    recipient = forms.CharField(
        label="Who will read it? (an age public key, to open only)",
        max_length=100,
        required=False,
        help_text="It begins with age1. age-keygen makes one; keep its other half to yourself.",
    )

    def clean_recipient(self) -> str:
        """Needed to open: nothing leaves the vault in the clear."""
        key = str(self.cleaned_data["recipient"]).strip()
        if self.cleaned_data.get("what") == Unsealing.What.OPEN and not unseal.is_recipient(key):
            raise forms.ValidationError("This is no age public key: it begins with age1.")
        return key


class DisputeForm(forms.Form):
    """A dispute before an out-of-court body."""

    side = forms.ChoiceField(label="Who went there?", choices=Dispute.Side.choices)
    body = forms.CharField(
        label="Which body?", max_length=200, error_messages={"required": "Name the body."}
    )
    dispute_ref = forms.CharField(
        label="Its number for the dispute",
        max_length=120,
        error_messages={"required": "Give its number."},
    )


@require_safe
@permissions.permission("evidence.see")
def overview(request: ConsoleRequest) -> HttpResponse:
    """What could not be kept anywhere, and how the vault stands."""
    mine = list(request.grants.platforms("evidence.see"))
    filters = lists.Filters(
        request,
        find="A case's number, or a part of why it was not kept.",
        state=("State", [("", "Any"), *((one.value, one.label) for one in custody.TROUBLE)]),
    )
    words, states = filters.said("words"), [filters.said("state")] if filters.said("state") else []
    lost = lists.page_of(request, custody.trouble(mine, words=words, states=states))
    cases = Case.objects.in_bulk({one.case_id for one in lost})
    facts = {
        "filters": filters,
        "page": lost,
        "counts": custody.counts(mine),
        "disputes": custody.dispute_counts(mine),
        "lost": [(one, cases[one.case_id]) for one in lost if one.case_id in cases],
    }
    return show(request, "custody_all.html", facts)


@require_safe
@permissions.permission("evidence.see", "case.see")
def page(request: ConsoleRequest, case: Case) -> HttpResponse:
    """One case's chain of custody."""
    return _page(request, case, HoldForm(), AskForm())


def _page(
    request: ConsoleRequest,
    case: Case,
    hold: forms.Form,
    ask: forms.Form,
    status: int = 200,
    dispute: forms.Form | None = None,
) -> HttpResponse:
    sealed = list(queries.sealed_of(case.id))
    entries = proofs.checked(case_page.entries_of(case_page.subjects_of(case), limit=400))
    holds, asked = list(custody.holds(case.id)), list(custody.unsealings(case.id))
    who = {one.placed_by for one in holds} | {one.asked_by for one in asked}
    who |= {one.answered_by for one in asked if one.answered_by}
    facts = {
        "case": case,
        "sealed": [(one, custody.gone_for_good_after(one)) for one in sealed],
        "retention": custody.retention_of(case),
        "holds": holds,
        "unsealings": asked,
        "names": people.staff_named(who),
        "entries": [one for one in entries if one.event.startswith(ENTRIES)],
        "hold_form": hold,
        "ask_form": ask,
        "disputes": list(custody.disputes(case.id)),
        "dispute_form": dispute or DisputeForm(prefix="dispute"),
        "outcomes": Dispute.Outcome.choices,
        "may_ask": request.grants.may("evidence.ask", case.platform_id),
    }
    return show(request, "custody.html", facts, status=status)


@require_POST
@permissions.permission("evidence.ask")
def place_hold(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Nothing of this case is destroyed until somebody lifts it."""
    form = HoldForm(request.POST)
    if form.is_valid():
        try:
            retain_evidence.hold(
                case_id=case.id,
                reason=form.cleaned_data["reason"],
                by=request.grants.staff.pk,
                now=timezone.now(),
            )
            messages.success(request, "Held. It stays until somebody lifts this.")
            return redirect("console:custody", number=case.number)
        except REFUSED as why:
            form.add_error("reason", str(why))
    return _page(request, case, form, AskForm(), status=NOT_TAKEN)


@require_POST
@permissions.permission("evidence.ask")
def lift_hold(request: ConsoleRequest, case: Case, hold_id: UUID) -> HttpResponse:
    """Let go of what was held."""
    if not custody.holds(case.id).filter(id=hold_id).exists():
        raise Http404
    try:
        retain_evidence.lift(hold_id=hold_id, by=request.grants.staff.pk, now=timezone.now())
        messages.success(request, "Lifted.")
    except REFUSED as why:
        messages.error(request, str(why))
    return redirect("console:custody", number=case.number)


@require_POST
@permissions.permission("evidence.ask")
def ask(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Ask that sealed copies be opened, or destroyed."""
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            unseal.ask(
                case_id=case.id, **form.cleaned_data, by=request.grants.staff.pk, now=timezone.now()
            )
            messages.success(request, "Asked. A second person has to agree.")
            return redirect("console:custody", number=case.number)
        except REFUSED as why:
            form.add_error("purpose", str(why))
    return _page(request, case, HoldForm(), form, status=NOT_TAKEN)


@require_POST
@permissions.permission("evidence.ask")
def answer(request: ConsoleRequest, case: Case, asked_id: UUID) -> HttpResponse:
    """The second person's word."""
    said = request.POST.get("agrees")
    asked = custody.unsealings(case.id).filter(id=asked_id).first()
    if asked is None or said not in ("yes", "no"):
        raise Http404
    if said == "yes" and sign_in.must_prove_again(request):
        back = reverse("console:custody", kwargs={"number": case.number})
        return sign_in.prove_again(request, back)
    try:
        unseal.answer(
            unsealing_id=asked.id,
            agrees=said == "yes",
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        messages.success(request, "Agreed." if said == "yes" else "Refused.")
    except REFUSED as why:
        messages.error(request, str(why))
    return redirect("console:custody", number=case.number)


@require_POST
@permissions.permission("evidence.ask")
def dispute(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Note that a decision is disputed before an out-of-court body."""
    form = DisputeForm(request.POST, prefix="dispute")
    if form.is_valid():
        try:
            note_dispute.open_dispute(
                case_id=case.id, **form.cleaned_data, by=request.grants.staff.pk, now=timezone.now()
            )
            messages.success(request, "Noted. Its evidence stays while the dispute is open.")
            return redirect("console:custody", number=case.number)
        except REFUSED as why:
            form.add_error(None, str(why))
    return _page(request, case, HoldForm(), AskForm(), NOT_TAKEN, form)


@require_POST
@permissions.permission("evidence.ask")
def end_dispute(request: ConsoleRequest, case: Case, dispute_id: UUID) -> HttpResponse:
    """Note how it ended."""
    found = custody.disputes(case.id).filter(id=dispute_id).first()
    outcome = request.POST.get("outcome", "")
    if found is None or outcome not in Dispute.Outcome.values:
        raise Http404
    try:
        note_dispute.end_dispute(
            dispute_id=found.id,
            outcome=outcome,
            followed=request.POST.get("followed") == "yes",
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        messages.success(request, "Noted.")
    except REFUSED as why:
        messages.error(request, str(why))
    return redirect("console:custody", number=case.number)
