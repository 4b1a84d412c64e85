"""Ways in beside the private link: the four words, the confirming mail, an uploader's link."""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from heed.cases.models import Notice
from heed.flows.confirm_contact import confirm_contact
from heed.flows.open_appeal import appeal_as_account, appeal_as_uploader
from heed.flows.renew_link import TooManyGuesses, recover
from heed.web.notifier import access, more, statements
from heed.web.notifier.doors import minutes, private, source
from heed.web.notifier.views_page import speaking

_PRIVATE_LINK = re.compile(
    r"/n/(?P<number>H-[0-9A-Z]{4}-[0-9A-Z]{4})\?k=(?P<secret>[\w-]+)", re.IGNORECASE
)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Back to a page with its number and four words."""
    if request.method != "POST":
        return render(request, "notifier/find.html", {"typed": {}})
    now = timezone.now()
    typed = more.read(request.POST.dict(), ("number", "words"))
    if whole := _PRIVATE_LINK.search(typed["number"]):
        return redirect(f"{access.path_of(whole['number'].upper())}?k={whole['secret']}")
    number = as_number(typed["number"])
    try:
        found = recover(number=number, words=typed["words"][:200], source=source(request), now=now)
    except TooManyGuesses as guessed:
        shown = {"typed": typed, "wait": minutes(guessed.wait)}
        return render(request, "notifier/find.html", shown, status=429)
    if found is None:
        return render(request, "notifier/find.html", {"typed": typed, "wrong": True}, status=422)
    path = access.path_of(number)
    answer = speaking(request, Notice.objects.get(id=found[0]), redirect(f"{path}?done=found"))
    return access.let_in(answer, path, found[1])


def as_number(typed: str) -> str:
    """A number as people write it: small letters, no hyphens, the letter O for the figure, figures
    of their own language, without the H.
    """
    plain = "".join(_in_latin(letter) for letter in typed.upper() if letter.isalnum())
    body = plain[1:] if len(plain) == 9 and plain.startswith("H") else plain
    body = body.replace("O", "0").replace("I", "1").replace("L", "1")
    return f"H-{body[:4]}-{body[4:]}" if len(body) == 8 else typed[:16]


def _in_latin(letter: str) -> str:
    figure = unicodedata.decimal(letter, None)
    return letter if figure is None else str(figure)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Opening the link changes nothing, since mail scanners open links too; the button does."""
    if request.method != "POST":
        return render(request, "notifier/confirm.html", {})
    done = confirm_contact(number=number, code=code, now=timezone.now())
    shown = {"answered": True, "done": done}
    return render(request, "notifier/confirm.html", shown, status=200 if done else 422)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """What an uploader is told, and their way to ask for another look."""
    path = f"/s/{statement_id}"
    secret = request.GET.get("k", "")
    if secret:
        if statements.with_secret(statement_id, secret) is None:
            raise Http404("no page here")
        return access.let_in(HttpResponseRedirect(path), path, secret)
    return _statement(request, statement_id, path)


def _statement(request: HttpRequest, statement_id: UUID, path: str) -> HttpResponse:
    secret = access.secret_of(request, path)
    found = statements.with_secret(statement_id, secret)
    if found is None:
        raise Http404("no page here")
    asked, said = None, _why(request, waits=statements.shown(statement_id, found).appeal_open)
    if said.fits:
        asked = appeal_as_uploader(
            statement_id=statement_id, secret=secret, text=said.text, now=timezone.now()
        )
    shown = {"statement": statements.shown(statement_id, found), "asked": asked}
    return _with_words(request, "notifier/statement.html", shown, said, path, secret)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, measure_id: UUID) -> HttpResponse:
    """What was done to somebody's account, and their way to contest it."""
    path, secret = f"/a/{measure_id}", request.GET.get("k", "")
    if secret:
        if statements.measure_with_secret(measure_id, secret) is None:
            raise Http404("no page here")
        return access.let_in(HttpResponseRedirect(path), path, secret)
    secret = access.secret_of(request, path)
    found = statements.measure_with_secret(measure_id, secret)
    if found is None:
        raise Http404("no page here")
    asked, said = None, _why(request, waits=statements.measure_shown(found).appeal_open)
    if said.fits:
        now = timezone.now()
        asked = appeal_as_account(measure_id=measure_id, secret=secret, text=said.text, now=now)
    shown = {"measure": statements.measure_shown(found), "asked": asked}
    return _with_words(request, "notifier/account.html", shown, said, path, secret)


class _Why(NamedTuple):
    """What was said with a question for another look, or beside one that `waits` for its answer;
    `wrong` is what to say of it.
    """

    text: str
    wrong: str
    fits: bool
    waits: bool


def _why(request: HttpRequest, *, waits: bool) -> _Why:
    if request.method != "POST":
        return _Why("", "", fits=False, waits=waits)
    text = more.read(request.POST.dict(), ("why",))["why"]
    nothing = gettext("Write your message first.") if waits and not text else ""
    wrong = nothing or more.too_long(text)
    return _Why(text, wrong, fits=not wrong, waits=waits)


def _with_words(
    request: HttpRequest, page: str, shown: Mapping[str, object], said: _Why, path: str, secret: str
) -> HttpResponse:
    """Words that are too long stay where they were typed."""
    typed = {"typed": said.text, "wrong": said.wrong} if said.wrong else {}
    facts = {**shown, **typed, "added": said.fits and said.waits}
    answer = render(request, page, facts, status=422 if said.wrong else 200)
    return access.let_in(answer, path, secret)
