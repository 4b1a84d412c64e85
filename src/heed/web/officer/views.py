"""The officers' door: what can be asked, the request, and its own page."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.filings import feedback_paper, instruments, orders, passkeys
from heed.filings.models import Officer, Order
from heed.filings.ordering import OfficerIn, OrderChanged
from heed.flows import (
    answer_order,
    disclose,
    open_by_passkey,
    receive_order,
    take_instrument,
    verify_officer,
)
from heed.flows.count_try import count_try
from heed.people.guesses import Bound
from heed.rules.orders import INSTRUMENTS, Kind
from heed.web.notifier.doors import minutes, private, source
from heed.web.officer.forms import OfficerForm, OrderForm, SignInForm

ACCOUNT, ACCOUNT_UNTIL = "heed_officer", "heed_officer_until"
CHALLENGE = "heed_officer_challenge"
SIGNED_IN_FOR = timedelta(minutes=30)
CODES = Bound(door="officer.code", most=10, within=timedelta(minutes=15))
# From wherever they come: six digits must not be guessed from a thousand connections. The
# account's passkeys open it meanwhile, and a request can be made without one.
OF_ACCOUNT = Bound(door="officer.account", most=30, within=timedelta(hours=1))
PAPERS = Bound(door="officer.paper", most=10, within=timedelta(hours=1))
ASKED = Bound(door="officer.asked", most=20, within=timedelta(hours=1))
NOT_TAKEN = 422
MANY_TRIES = 429
NO_PAPER = "Choose a PDF of at most 8 MB."
NOT_SENT = "The code could not be sent now. Try again in some minutes."
NO_SCRIPT = "Your browser did not ask your device: that needs JavaScript. Use the code instead."


@require_safe
@private
def start(request: HttpRequest) -> HttpResponse:
    """What can be asked here; and that nobody needs an officer in order to be heard."""
    kinds = [(kind.value, one) for kind, one in INSTRUMENTS.items()]
    return render(request, "officer/start.html", {"kinds": kinds, "account": _account(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@private
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """One request under one instrument."""
    if kind not in INSTRUMENTS:
        raise Http404
    account = _account(request)
    sent = request.POST if request.method == "POST" else None
    form, who = OrderForm(Kind(kind), sent), None if account else OfficerForm(sent)
    wait = ASKED.again_at(source(request), timezone.now())
    if request.method == "POST" and not wait and form.is_valid() and (not who or who.is_valid()):
        count_try(at=ASKED, name=source(request), now=timezone.now())  # a flood is slowed
        return _receive(request, form, who, account)
    facts = {
        "kind": kind,
        "instrument": INSTRUMENTS[Kind(kind)],
        "form": form,
        "who": who,
        "account": account,
        "wait": minutes(wait - timezone.now()) if wait else 0,
    }
    status = NOT_TAKEN if request.method == "POST" else 200
    return render(request, "officer/ask.html", facts, status=status)


def _receive(
    request: HttpRequest, form: OrderForm, who: OfficerForm | None, account: Officer | None
) -> HttpResponse:
    by = who.officer() if who else _named(account)
    taken = receive_order.receive_order(
        platform_id=form.cleaned_data["platform"].id,
        said=form.order(),
        by=by,
        account=account.id if account else None,
        now=timezone.now(),
    )
    return HttpResponseRedirect(f"/officer/o/{taken.number}?k={taken.link_secret}")


def _named(account: Officer | None) -> OfficerIn:
    assert account is not None
    mail, phone = orders.contact_of(account)
    return OfficerIn(name=account.name, agency=account.agency, mail=mail, phone=phone)


# ------------------------------------------------------------------ the page of one request


@require_safe
@private
def order(request: HttpRequest, number: str) -> HttpResponse:
    """How a request stands, for who holds its link."""
    return _page(request, _opened(request, number))


def _opened(request: HttpRequest, number: str) -> Order:
    given = request.GET.get("k") or request.POST.get("k", "")
    found = orders.opened_with(number, given)
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, found: Order, wrong: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    facts: Mapping[str, Any] = {
        "order": found,
        "instrument": INSTRUMENTS[Kind(found.kind)],
        "steps": [one for one in orders.steps(found) if one.what in _TOLD],
        "given": orders.disclosures(found).filter(state="ready"),
        "deadlines": orders.deadlines(found),
        "papers": list(instruments.of_order(found)),
        "annex": found.kind == Kind.TCO and found.state == Order.State.DONE,
        "question": orders.open_question(found),
        "k": request.GET.get("k") or request.POST.get("k", ""),
        "wrong": wrong,
        "waits": found.state in orders.WAITING,
        **more,
    }
    return render(request, "officer/order.html", facts, status=status)


_TOLD = {"mailbox", "seconded", "account", "clarify", "clarified", "renewed"}


@require_POST
@private
def act(request: HttpRequest, number: str) -> HttpResponse:
    """A code, a clarification, a renewal, or taking it back."""
    found, now = _opened(request, number), timezone.now()
    what = request.POST.get("what", "")
    if what not in _ACTS:
        raise Http404
    try:
        wrong = _ACTS[what](request, found, now)
    except (OrderChanged, answer_order.MayNotAnswer) as why:
        wrong = str(why)
    if wrong:
        found.refresh_from_db()
        return _page(request, found, wrong, NOT_TAKEN, typed=request.POST.get("words", ""))
    return HttpResponseRedirect(f"/officer/o/{number}?k={request.POST.get('k', '')}")


def _code(request: HttpRequest, found: Order, now: datetime) -> str:
    wait = CODES.again_at(found.number, now)
    if wait:
        return f"There were many tries. Try again in {minutes(wait - now)} minutes."
    code = request.POST.get("code", "")
    if verify_officer.confirm_mailbox(order_id=found.id, code=code, now=now):
        return ""
    count_try(at=CODES, name=found.number, now=now)
    return "This is not the code of the newest mail."


def _again(request: HttpRequest, found: Order, now: datetime) -> str:
    return "" if receive_order.challenge_again(order_id=found.id, now=now) else NOT_SENT


def _clarify(request: HttpRequest, found: Order, now: datetime) -> str:
    answer_order.clarified(order_id=found.id, words=request.POST.get("words", ""), now=now)
    return ""


def _renew(request: HttpRequest, found: Order, now: datetime) -> str:
    receive_order.renew(order_id=found.id, now=now)
    return ""


def _withdraw(request: HttpRequest, found: Order, now: datetime) -> str:
    answer_order.withdraw(order_id=found.id, now=now)
    return ""


_ACTS = {
    "code": _code,
    "again": _again,
    "clarify": _clarify,
    "renew": _renew,
    "withdraw": _withdraw,
}


@require_POST
@private
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The instrument itself, as a PDF."""
    found, now, given = _opened(request, number), timezone.now(), request.FILES.get("paper")
    wait = PAPERS.again_at(source(request), now)
    if wait or not isinstance(given, UploadedFile):
        many = (
            f"There were many papers. Try again in {minutes(wait - now)} minutes." if wait else ""
        )
        return _page(request, found, many or NO_PAPER, NOT_TAKEN)
    count_try(at=PAPERS, name=source(request), now=now)
    try:
        take_instrument.take(order_id=found.id, data=given.read(), now=now)
    except take_instrument.NotTaken as why:
        return _page(request, found, str(why), NOT_TAKEN)
    return HttpResponseRedirect(f"/officer/o/{number}?k={request.GET.get('k', '')}")


@require_POST
@private
def fetch(request: HttpRequest, number: str, given_id: UUID) -> HttpResponse:
    """What was given out, encrypted for the officer's own key."""
    found = _opened(request, number)
    given = orders.disclosures(found).filter(id=given_id).first()
    if given is None:
        raise Http404
    try:
        body = disclose.fetch(disclosure_id=given.id, now=timezone.now())
    except disclose.NotReady as why:
        return _page(request, found, str(why), 409)
    answer = HttpResponse(body, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}.tar.age"'
    return answer


@require_safe
@private
def feedback(request: HttpRequest, number: str) -> HttpResponse:
    """The confirmation of a terrorist-content order on its form (Annex II)."""
    found = _opened(request, number)
    try:
        body = feedback_paper.paper(found, now=timezone.now())
    except feedback_paper.NotYet as why:
        return _page(request, found, str(why), 409)
    answer = HttpResponse(body, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}-annex-ii.pdf"'
    return answer


# ------------------------------------------------------------------ agency accounts


@require_http_methods(["GET", "HEAD", "POST"])
@private
def sign_in(request: HttpRequest) -> HttpResponse:
    """An agency account opens with mailbox and second factor."""
    form = SignInForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    wait = CODES.again_at(source(request), now)
    if request.method == "POST" and form.is_valid() and not wait:
        mailbox = form.cleaned_data["mail"].strip().lower()
        wait = OF_ACCOUNT.again_at(mailbox, now)
        account = None if wait else verify_officer.sign_in(**form.cleaned_data, now=now)
        if account is not None:
            return _let_in(request, account, now)
        if not wait:
            count_try(at=CODES, name=source(request), now=now)
            count_try(at=OF_ACCOUNT, name=mailbox, now=now)
            form.add_error(None, "These don't fit together, or the account has run out.")
    facts = {"form": form, "wait": minutes(wait - now) if wait else 0}
    refused = NOT_TAKEN if form.errors else MANY_TRIES if wait else 200
    return render(request, "officer/sign_in.html", facts, status=refused)


def _let_in(request: HttpRequest, account: UUID, now: datetime) -> HttpResponse:
    request.session.cycle_key()
    request.session[ACCOUNT] = str(account)
    request.session[ACCOUNT_UNTIL] = (now + SIGNED_IN_FOR).isoformat()
    return HttpResponseRedirect("/officer/")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def passkey(request: HttpRequest) -> HttpResponse:
    """What a device is asked (GET), and its answer (POST): then the account is open."""
    now = timezone.now()
    if request.method != "POST":
        asked, request.session[CHALLENGE] = open_by_passkey.begin()
        return JsonResponse({"request_options": asked})
    if not request.POST.get("credential"):  # nothing was tried
        return _not_opened(request, NO_SCRIPT)
    wait = CODES.again_at(source(request), now)
    if wait:
        return _not_opened(request, "", wait=minutes(wait - now))
    state, answer = request.session.pop(CHALLENGE, {}), _answer(request)
    account = open_by_passkey.sign_in(state=state, answer=answer, now=now)
    if account is not None:
        return _let_in(request, account, now)
    count_try(at=CODES, name=source(request), now=now)
    return _not_opened(request, "This device opens no account here, or the account has run out.")


def _not_opened(request: HttpRequest, no: str, *, wait: int = 0) -> HttpResponse:
    facts = {"form": SignInForm(), "no": no, "wait": wait}
    status = MANY_TRIES if wait else NOT_TAKEN
    return render(request, "officer/sign_in.html", facts, status=status)


def _answer(request: HttpRequest) -> dict[str, Any]:
    try:
        said = json.loads(request.POST.get("credential", ""))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


@require_http_methods(["GET", "HEAD", "POST"])
@private
def devices(request: HttpRequest) -> HttpResponse:
    """The passkeys of the account that is signed in: add one, take one off."""
    account, now = _account(request), timezone.now()
    if account is None:
        return HttpResponseRedirect("/officer/sign-in")
    wrong = _change_devices(request, account, now) if request.method == "POST" else ""
    if request.method == "POST" and not wrong:
        return HttpResponseRedirect("/officer/account")
    asked, request.session[CHALLENGE] = open_by_passkey.begin_adding(officer_id=account.id, now=now)
    facts = {
        "account": account,
        "passkeys": list(passkeys.of(account.id)),
        "asked": {"creation_options": asked},
        "wrong": wrong,
    }
    return render(request, "officer/account.html", facts, status=NOT_TAKEN if wrong else 200)


def _change_devices(request: HttpRequest, account: Officer, now: datetime) -> str:
    """What went wrong; empty when it is done."""
    if off := request.POST.get("off", ""):
        gone = off in {str(one.id) for one in passkeys.of(account.id)}
        if gone:
            open_by_passkey.drop(officer_id=account.id, passkey_id=UUID(off))
        return "" if gone else "This device is not on the account any more."
    try:
        open_by_passkey.add(
            officer_id=account.id,
            state=request.session.pop(CHALLENGE, {}),
            answer=_answer(request),
            name=request.POST.get("name", ""),
            now=now,
        )
    except open_by_passkey.NotAdded as why:
        return str(why)
    return ""


@require_POST
@private
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave the account."""
    for name in (ACCOUNT, ACCOUNT_UNTIL):
        request.session.pop(name, None)
    return HttpResponseRedirect("/officer/")


def _account(request: HttpRequest) -> Officer | None:
    """Whose account is signed in, while the sign-in and the account both last."""
    until = request.session.get(ACCOUNT_UNTIL)
    now = timezone.now()
    if not until or datetime.fromisoformat(until) < now:
        return None
    return orders.account(UUID(request.session[ACCOUNT]), now=now)


# ------------------------------------------------------------------ for everybody


@require_safe
@cache_control(public=True, max_age=300)
def published(request: HttpRequest) -> HttpResponse:
    """Orders that were answered: without persons, posts or references."""
    found = orders.published(now=timezone.now(), asked=request.GET.get("page", ""))
    return render(request, "officer/published.html", {"orders": found, "page": found.page})
