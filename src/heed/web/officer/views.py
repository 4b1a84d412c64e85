"""The officers' door: what can be asked, the request, and its own page."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.filings import orders, passkeys
from heed.filings.models import Officer
from heed.filings.ordering import OfficerIn
from heed.flows import (
    open_by_passkey,
    receive_order,
    verify_officer,
)
from heed.flows.count_try import count_try
from heed.people.guesses import Bound
from heed.rules.orders import INSTRUMENTS, Kind
from heed.web.notifier.doors import minutes, private, source
from heed.web.officer.forms import OfficerForm, OrderForm, SignInForm
from heed.web.officer.views_order import NOT_TAKEN, brought_to

ACCOUNT, ACCOUNT_UNTIL = "heed_officer", "heed_officer_until"
CHALLENGE = "heed_officer_challenge"
SIGNED_IN_FOR = timedelta(minutes=30)
CODES = Bound(door="officer.code", most=10, within=timedelta(minutes=15))
# From wherever they come: six digits must not be guessed from a thousand connections. The
# account's passkeys open it meanwhile, and a request can be made without one.
OF_ACCOUNT = Bound(door="officer.account", most=30, within=timedelta(hours=1))
ASKED = Bound(door="officer.asked", most=20, within=timedelta(hours=1))
MANY_TRIES = 429
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
    return brought_to(taken.number, taken.link_secret)


def _named(account: Officer | None) -> OfficerIn:
    assert account is not None
    mail, phone = orders.contact_of(account)
    return OfficerIn(name=account.name, agency=account.agency, mail=mail, phone=phone)


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
