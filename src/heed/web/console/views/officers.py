"""Officers and their orders: who asks, how sure we are, what we answer, what two of us give."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.filings import feedback_paper, instruments, orders
from heed.filings.models import Order
from heed.filings.ordering import OrderChanged
from heed.flows import answer_order, disclose, take_instrument, verify_officer
from heed.people import queries as people
from heed.rules.orders import DISCLOSES, INSTRUMENTS, Asks, Kind
from heed.web.console import permissions, sign_in
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

REFUSED = (
    answer_order.MayNotAnswer,
    verify_officer.MayNotVerify,
    OrderChanged,
    take_instrument.NotReadable,
)
NOT_TAKEN = 422


class CallForm(forms.Form):
    """What is noted of a call-back."""

    number_found = forms.CharField(
        label="Which number did you call, and where did you find it?",
        max_length=300,
        help_text="The agency's own site or a state directory; never what the officer gave.",
        error_messages={"required": "Say where the number was found."},
    )
    spoke_to = forms.CharField(
        label="Who confirmed the officer and this request?",
        max_length=200,
        error_messages={"required": "Say who confirmed it."},
    )
    supervisor = forms.CharField(
        label="Their supervisor",
        max_length=200,
        error_messages={"required": "Ask for the supervisor's name, and note it."},
    )


class WordsForm(forms.Form):
    """What we answer, and how."""

    words = forms.CharField(
        label="What the officer reads",
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say why: the officer reads these words."},
    )


class GiveForm(forms.Form):
    """What would be given out."""

    case = forms.ChoiceField(label="Of which case?")
    contents = forms.BooleanField(label="With the files, and what people said", required=False)
    basis = forms.CharField(
        label="Why this much, and no more?",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why this law asks for this much."},
    )
    recipient = forms.CharField(
        label="The officer's age public key, as read out in the call",
        max_length=100,
        help_text="It begins with age1. Only its other half opens the package.",
        error_messages={"required": "Without a key nothing can be given."},
    )

    def __init__(self, order: Order, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        cases = [(str(one.id), one.number) for one in orders.cases_of(order)]
        self.fields["case"].choices = cases  # type: ignore[attr-defined]
        if not INSTRUMENTS[Kind(order.kind)].contents:
            del self.fields["contents"]


class PaperForm(forms.Form):
    """For whom a paper is opened."""

    recipient = forms.CharField(
        label="Your own age public key",
        max_length=100,
        help_text="It begins with age1. Open the paper where a hostile file can do no harm.",
        error_messages={"required": "Without a key of yours it stays sealed."},
    )


@require_safe
@permissions.permission("order.see")
def page(request: ConsoleRequest, ref: str) -> HttpResponse:
    """One order."""
    return _page(request, _order(request, ref, "order.see"))


def _order(request: ConsoleRequest, ref: str, right: str) -> Order:
    found = orders.find(ref)
    if found is None or not request.grants.may(right, found.platform_id):
        raise Http404
    return found


def _page(request: ConsoleRequest, order: Order, status: int = 200, **more: object) -> HttpResponse:
    steps, given = list(orders.steps(order)), list(orders.disclosures(order))
    who = {one.by for one in steps if one.by} | {one.proposed_by for one in given}
    who |= {one.asked_by for one in instruments.readings(order)[:20]}
    who |= {one.seconded_by for one in given if one.seconded_by}
    instrument = INSTRUMENTS[Kind(order.kind)]
    mail, phone = orders.contact(order)
    cases = orders.cases_of(order)
    facts = {
        "order": order,
        "instrument": instrument,
        "mail": mail,
        "phone": phone,
        "steps": steps,
        "call": orders.call_to_second(order),
        "given": [(one, _number(cases, one.case_id)) for one in given],
        "deadlines": list(orders.deadlines(order)),
        "cases": cases,
        "names": people.staff_named({*who, *([order.answered_by] if order.answered_by else [])}),
        "waits": order.state in orders.WAITING,
        "papers": list(instruments.of_order(order)),
        "readings": list(instruments.readings(order)[:20]),
        "paper_form": PaperForm(prefix="paper"),
        "annex": order.kind == Kind.TCO and order.state == Order.State.DONE,
        "discloses": instrument.asks in DISCLOSES,
        "carries_out": instrument.asks in (Asks.REMOVE, Asks.PRESERVE),
        "may_answer": request.grants.may("order.answer", order.platform_id),
        "call_form": CallForm(prefix="call"),
        "words_form": WordsForm(prefix="words"),
        "give_form": GiveForm(order, prefix="give"),
        **more,
    }
    return show(request, "order.html", facts, status=status)


def _number(cases: list[Case], case_id: UUID) -> str:
    return next((one.number for one in cases if one.id == case_id), "")


def _done(
    request: ConsoleRequest, order: Order, form: forms.Form, name: str, act: Callable[[], str]
) -> HttpResponse:
    """Act if the form is whole; a "no" comes back on the page, with everything that was typed."""
    if form.is_valid():
        try:
            messages.success(request, act())
            return redirect("console:order", ref=order.number)
        except REFUSED as why:
            form.add_error(None, str(why))
    order.refresh_from_db()
    return _page(request, order, NOT_TAKEN, **{name: form})


@require_POST
@permissions.permission("order.answer")
def call(request: ConsoleRequest, ref: str) -> HttpResponse:
    """One of us has called back."""
    order = _order(request, ref, "order.answer")
    form = CallForm(request.POST, prefix="call")

    def note() -> str:
        said = verify_officer.Call(**form.cleaned_data)
        verify_officer.note_call(
            order_id=order.id, call=said, by=request.grants.staff.pk, now=timezone.now()
        )
        return "Noted. A second person has to judge it."

    return _done(request, order, form, "call_form", note)


@require_POST
@permissions.permission("order.answer")
def judge(request: ConsoleRequest, ref: str) -> HttpResponse:
    """A second person judges the call."""
    order = _order(request, ref, "order.answer")
    agrees = request.POST.get("agrees")
    if agrees not in ("yes", "no"):
        raise Http404

    def say() -> str:
        verify_officer.judge_call(
            order_id=order.id,
            agrees=agrees == "yes",
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "Agreed: the officer is who they say." if agrees == "yes" else "Not agreed."

    return _done(request, order, forms.Form({}), "judge_form", say)


@require_POST
@permissions.permission("order.answer")
def account(request: ConsoleRequest, ref: str) -> HttpResponse:
    """Open or renew an agency account. Its secret is read out in the call, and shown this once."""
    order = _order(request, ref, "order.answer")
    try:
        secret = verify_officer.open_account(
            order_id=order.id, by=request.grants.staff.pk, now=timezone.now()
        )
    except REFUSED as why:
        messages.error(request, str(why))
        return redirect("console:order", ref=order.number)
    order.refresh_from_db()
    return _page(request, order, account_secret=secret)


_ANSWERS = {
    "carry_out": (answer_order.carry_out, "Carried out. It is published without persons."),
    "refuse": (answer_order.refuse, "Refused. It is published without persons."),
    "given": (answer_order.given, "Answered. It is published without persons."),
}


@require_POST
@permissions.permission("order.answer")
def answer(request: ConsoleRequest, ref: str) -> HttpResponse:
    """Carry it out, refuse it, ask what is meant, or contest it."""
    order = _order(request, ref, "order.answer")
    form, what = WordsForm(request.POST, prefix="words"), request.POST.get("what", "")

    def act() -> str:
        by, now, words = request.grants.staff.pk, timezone.now(), form.cleaned_data["words"]
        if what in _ANSWERS:
            flow, said = _ANSWERS[what]
            flow(order_id=order.id, answer=words, by=by, now=now)
            return said
        if what == "clarify":
            answer_order.ask_to_clarify(order_id=order.id, question=words, by=by, now=now)
            return "Asked. The hour of a terrorist-content order waits for it; no other clock does."
        answer_order.contest(order_id=order.id, words=words, by=by, now=now)
        return "Noted, and published with the order."

    if what not in {*_ANSWERS, "clarify", "contest"}:
        raise Http404
    return _done(request, order, form, "words_form", act)


@require_POST
@permissions.permission("order.answer")
def give(request: ConsoleRequest, ref: str) -> HttpResponse:
    """Propose to give something out."""
    order = _order(request, ref, "order.answer")
    form = GiveForm(order, request.POST, prefix="give")

    def propose() -> str:
        said = form.cleaned_data
        disclose.propose(
            order_id=order.id,
            case_id=UUID(said["case"]),
            contents=bool(said.get("contents")),
            basis=said["basis"],
            recipient=said["recipient"],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "Proposed. A second person has to agree."

    return _done(request, order, form, "give_form", propose)


@require_POST
@permissions.permission("order.answer")
def second(request: ConsoleRequest, ref: str, given_id: UUID) -> HttpResponse:
    """A second person agrees to what is given out, or does not."""
    order = _order(request, ref, "order.answer")
    agrees = request.POST.get("agrees")
    found = orders.disclosures(order).filter(id=given_id).first()
    if found is None or agrees not in ("yes", "no"):
        raise Http404
    if agrees == "yes" and sign_in.must_prove_again(request):
        return sign_in.prove_again(request, reverse("console:order", kwargs={"ref": ref}))

    def say() -> str:
        disclose.second(
            disclosure_id=found.id,
            agrees=agrees == "yes",
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "Agreed. The worker builds it now." if agrees == "yes" else "Not given."

    return _done(request, order, forms.Form({}), "second_form", say)


@require_safe
@permissions.permission("order.see")
def feedback(request: ConsoleRequest, ref: str) -> HttpResponse:
    """The confirmation of a terrorist-content order on its form (Annex II)."""
    order = _order(request, ref, "order.see")
    try:
        body = feedback_paper.paper(order, now=timezone.now())
    except feedback_paper.NotYet as why:
        messages.error(request, str(why))
        return redirect("console:order", ref=order.number)
    answer = HttpResponse(body, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{order.number}-annex-ii.pdf"'
    return answer


@require_POST
@permissions.permission("order.answer")
def ask_paper(request: ConsoleRequest, ref: str, sealed_id: UUID) -> HttpResponse:
    """One of ours wants to read a paper that was handed in."""
    order = _order(request, ref, "order.answer")
    form = PaperForm(request.POST, prefix="paper")

    def ask() -> str:
        take_instrument.ask(
            order_id=order.id,
            sealed_id=sealed_id,
            recipient=form.cleaned_data["recipient"],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        return "It is being opened for your key. Load this page again in a moment."

    return _done(request, order, form, "paper_form", ask)


@require_POST
@permissions.permission("order.answer")
def fetch_paper(request: ConsoleRequest, ref: str, reading_id: UUID) -> HttpResponse:
    """The paper, encrypted for who asked for it."""
    order = _order(request, ref, "order.answer")
    found = instruments.reading(reading_id)
    if found is None or found.order_id != order.id:
        raise Http404
    try:
        body = take_instrument.fetch(reading_id=found.id, by=request.grants.staff.pk)
    except take_instrument.NotReadable as why:
        messages.error(request, str(why))
        return redirect("console:order", ref=order.number)
    answer = HttpResponse(body, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{order.number}.pdf.age"'
    return answer
