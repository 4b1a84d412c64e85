"""The private page: what was done, what comes next, and its holder's own things to take away."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.cases.queries.private import PrivatePage, Promise, private_page
from heed.flows.renew_link import renew_link
from heed.ledger.receipts import upgraded
from heed.rules.clocks import Stop
from heed.web.notifier import access, choices, spoken
from heed.web.notifier.doors import private
from heed.web.notifier.helplines import HELPLINES
from heed.web.notifier.taking import left

NEUTRAL = "https://www.wikipedia.org/"  # where the quick exit leads

DONE = {
    "more": "Thank you. We have added what you told us.",
    "contact": "Saved.",
    "mail": "Saved. We have sent you an e-mail with a neutral subject. Press the link in it, "
    "so that we know it reaches you.",
    "message": "Your message has arrived. A person reads it, and the case is in front of us again.",
    "appeal": "A different person will look again: someone who has not decided in this case.",
    "appealed": "A different person is looking already. You get an answer here.",
    "back": "Thank you. A new clock has started, and we are looking at it again now.",
    "withdrawn": "You have taken your message back. What is hidden stays hidden until a person "
    "has decided.",
    "renewed": "This is your new link. The old one leads nowhere from now on.",
    "found": "Welcome back. You have a new private link now; the old one no longer works.",
    "confirmed": "Your e-mail address is confirmed.",
}


@private
@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    """The page itself. A secret in the address moves into a cookie, out of the history."""
    secret = request.GET.get("k", "")
    if secret:
        return _bring_in(number, secret)
    return show(request, access.required(request, number), done=request.GET.get("done", ""))


def _bring_in(number: str, secret: str) -> HttpResponse:
    notice = own_notices.notice_with_secret(number, secret)
    if notice is None:
        raise Http404("no page here")
    path = access.path_of(notice.number)
    return access.let_in(HttpResponseRedirect(path), path, secret)


def show(
    request: HttpRequest,
    notice: Notice,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    """The private page, perhaps with something typed that could not be taken yet."""
    now = timezone.now()
    path = access.path_of(notice.number)
    secret = access.secret_of(request, path)
    shown = {
        **_context(private_page(notice, now), now),
        "done": DONE.get(done, ""),
        "typed": typed or {},
        "errors": errors or {},
        "helplines": HELPLINES,
        "link": f"{settings.PUBLIC_URL}{path}?k={secret}",
    }
    answer = render(request, "notifier/page.html", shown, status=422 if errors else 200)
    return access.let_in(answer, path, secret)


def _context(page: PrivatePage, now: datetime) -> dict[str, Any]:
    lines = [spoken.told(target, page) for target in page.targets]
    return {
        "page": page,
        "lines": lines,
        "not_done": any(line.kind == "late" for line in lines),
        "dues": [spoken.due(promise, now) for promise in page.promises if _speaks(promise, page)],
        "body": choices.holds_uploads(page.category),
        "who": choices.WHO_SAID.get(page.standing, ""),
        "what": choices.WHAT_SAID.get(page.category, ""),
    }


def _speaks(promise: Promise, page: PrivatePage) -> bool:
    """A time by which it is gone says nothing while nothing is posted."""
    return promise.what != Stop.REMOVED_AND_SEARCHED or bool(page.targets)


@private
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt as a file: a signed promise, and with its proof as soon as there is one."""
    notice = access.required(request, number)
    if notice.receipt is None:
        raise Http404("no receipt")
    return _download(upgraded(notice.receipt), f"receipt-{notice.number}.json")


@private
@require_safe
def said(request: HttpRequest, number: str) -> HttpResponse:
    """What was sent, word for word: with it the receipt can be opened."""
    notice = access.required(request, number)
    return _download(notice.verbatim, f"sent-{notice.number}.json")


def _download(content: Any, name: str) -> HttpResponse:
    answer = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@private
@require_POST
def renew(request: HttpRequest, number: str) -> HttpResponse:
    """A new link; whoever has the old one is shut out."""
    notice = access.required(request, number)
    path = access.path_of(notice.number)
    secret = renew_link(notice_id=notice.id)
    return access.let_in(redirect(f"{path}?done=renewed"), path, secret)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, number: str) -> HttpResponse:
    """The quick exit: closes the page in this browser, and is somewhere else."""
    path = access.path_of(number)
    if own_notices.notice_with_secret(number, access.secret_of(request, path)) is not None:
        left(number)
    return access.let_out(HttpResponseRedirect(NEUTRAL), path)
