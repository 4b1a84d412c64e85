"""The page of one request: whoever holds its link reads how it stands, and goes on with it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.filings import feedback_paper, instruments, orders
from heed.filings.models import Order
from heed.filings.ordering import OrderChanged
from heed.flows import answer_order, disclose, receive_order, take_instrument, verify_officer
from heed.flows.count_try import count_try
from heed.people.guesses import Bound
from heed.rules.orders import INSTRUMENTS, Kind
from heed.web.notifier import access
from heed.web.notifier.doors import minutes, private, source

NOT_TAKEN = 422
CODES = Bound(door="officer.mailbox", most=10, within=timedelta(minutes=15))
PAPERS = Bound(door="officer.paper", most=10, within=timedelta(hours=1))
NO_PAPER = "Choose a PDF of at most 8 MB."
NOT_SENT = "The code could not be sent now. Try again in some minutes."


def path_of(number: str) -> str:
    """The address of a request's page; its cookie goes nowhere else."""
    return f"/officer/o/{number}"


def brought_to(number: str, secret: str) -> HttpResponse:
    """On to the page, with its secret in a cookie: out of the address, the history and any log."""
    return access.let_in(HttpResponseRedirect(path_of(number)), path_of(number), secret)


@require_safe
@private
def order(request: HttpRequest, number: str) -> HttpResponse:
    """How a request stands, for who holds its link. A secret in the address moves into a cookie."""
    secret = request.GET.get("k", "")
    if secret:
        if orders.opened_with(number, secret) is None:
            raise Http404
        return brought_to(number, secret)
    return _page(request, _opened(request, number))


def _opened(request: HttpRequest, number: str) -> Order:
    found = orders.opened_with(number, access.secret_of(request, path_of(number)))
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, found: Order, wrong: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    path = path_of(found.number)
    secret = access.secret_of(request, path)
    facts: Mapping[str, Any] = {
        "order": found,
        "link": f"{settings.PUBLIC_URL}{path}?k={secret}",
        "instrument": INSTRUMENTS[Kind(found.kind)],
        "steps": [one for one in orders.steps(found) if one.what in _TOLD],
        "given": orders.disclosures(found).filter(state="ready"),
        "deadlines": orders.deadlines(found),
        "papers": list(instruments.of_order(found)),
        "annex": found.kind == Kind.TCO and found.state == Order.State.DONE,
        "question": orders.open_question(found),
        "wrong": wrong,
        "waits": found.state in orders.WAITING,
        **more,
    }
    answer = render(request, "officer/order.html", facts, status=status)
    return access.let_in(answer, path, secret)


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
    return HttpResponseRedirect(path_of(number))


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
    return HttpResponseRedirect(path_of(number))


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
