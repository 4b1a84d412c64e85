"""The private page: what was done, what comes next, and what its holder can do."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.cases.queries.private import PrivatePage, Promise, private_page
from heed.filings import words
from heed.filings.letters import replies
from heed.filings.queries import answers_to, told_authorities
from heed.flows.renew_link import renew_link
from heed.rules.clocks import Stop
from heed.web import languages
from heed.web.notifier import access, choices, leaving, spoken, story, told
from heed.web.notifier.doors import private
from heed.web.notifier.taking import left
from heed.web.notifier.views_help import near

DONE = {
    "more": _("Thank you. We have added what you told us."),
    "contact": _("Saved."),
    "part": _(
        "Saved. A part of the statement is still missing: below stands which. Until then a person "
        "looks, and no time is lost."
    ),
    "silent": _("Saved. We don't write to you, and keep no address. What is new stands here."),
    "mail": _(
        "Saved. We are sending you an e-mail with a neutral subject. Press the link in it, so that "
        "we know it reaches you. Nothing there after a few minutes? Look in the spam folder, or "
        "give us your address again."
    ),
    "message": _("Your message has arrived. A person reads it, and the case is in front of us."),
    "appeal": _("A different person will look again: someone who has not decided in this case."),
    "appealed": _("A different person is looking already. You get an answer here."),
    "back": _("Thank you. A new clock has started, and we are looking at it again now."),
    "where": _("Thank you. We have your link, and what it names is looked at now."),
    "withdrawn": _(
        "You have taken your message back. What is hidden stays hidden until a person has decided."
    ),
    "withdrawn-decided": _("You have taken your message back. What was decided stays as it is."),
    "codes": _("Thank you. We have the codes, and look for what fits them."),
    "agreed": _("Saved."),
    "erased": _("Your e-mail address is deleted. What is new stands on this page."),
    "renewed": _("This is your new link. The old one leads nowhere from now on."),
    "found": _("Welcome back. You have a new private link now; the old one no longer works."),
    "confirmed": _("Your e-mail address is confirmed."),
    "told": _("This device is told from now on."),
    "untold": _(
        "This device is not told any more. Your browser may still list this site: you can take it "
        "out in its settings."
    ),
    "none-told": _("No device is told any more."),
}


@private
@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    """The page itself. A secret in the address moves into a cookie, out of the history."""
    secret = request.GET.get("k", "")
    if secret:
        return _bring_in(request, number, secret)
    return show(request, access.required(request, number), done=request.GET.get("done", ""))


def _bring_in(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    notice = own_notices.notice_with_secret(number, secret)
    if notice is None:
        raise Http404("no page here")
    path = access.path_of(notice.number)
    answer = speaking(request, notice, HttpResponseRedirect(path))
    return access.let_in(answer, path, secret)


def speaking(request: HttpRequest, notice: Notice, answer: HttpResponse) -> HttpResponse:
    """Go on in the language of the notice, unless this browser was told another one."""
    language = languages.known(notice.language)
    if not language or languages.chosen_by(request) or languages.of(request) == language:
        return answer
    return languages.remember(answer, language)


@told.with_worker
def show(
    request: HttpRequest,
    notice: Notice,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    """The private page, perhaps with something typed that could not be taken yet."""
    with languages.at(notice.country):
        return _shown(request, notice, done, typed or {}, errors or {})


def _shown(
    request: HttpRequest, notice: Notice, done: str, typed: dict[str, str], errors: dict[str, str]
) -> HttpResponse:
    now = timezone.now()
    path = access.path_of(notice.number)
    secret = access.secret_of(request, path)
    facts = private_page(notice, now)
    shown = {
        **_context(notice, facts, now),
        "kept_until": _kept_until(notice, facts),
        "in_backups_until": _in_backups_until(notice, now),
        "done": DONE.get(done, ""),
        "was": done,
        "devices_ended": request.GET.get("devices") == "ended",
        "told": told.told(notice.id),
        "typed": typed,
        "errors": errors,
        **near(request, notice.country),
        "link": f"{settings.PUBLIC_URL}{path}?k={secret}",
    }
    answer = render(request, "notifier/page.html", shown, status=422 if errors else 200)
    return access.let_in(answer, path, secret)


def _kept_until(notice: Notice, page: PrivatePage) -> datetime | None:
    """None once all was forgotten, and nothing was said since."""
    since = page.words or any(one.text for one in page.messages)
    reached_by = page.contact in ("waiting", "confirmed", "returned")
    if page.words_forgotten_at is not None and not (since or reached_by):
        return None
    return words.shown_until(notice).earliest


def _in_backups_until(notice: Notice, now: datetime) -> datetime | None:
    until = words.gone_for_good_after(notice)
    return until if until is not None and until > now else None


def _context(notice: Notice, page: PrivatePage, now: datetime) -> dict[str, Any]:
    answers = answers_to(notice.id)
    lines = [spoken.told(target, page) for target in page.targets]
    last = page.messages[-1] if page.messages else None
    letter = last.letter if last is not None and last.ours and last.text else ""
    return {
        "page": page,
        "answers": answers,
        "steps": story.so_far(page, answers, told_authorities(notice)),
        "may_appeal": any(one.stands for one in answers) and not page.looking_again,
        "asks_age": bool(answers) and choices.holds_uploads(page.category),
        "letter": letter,
        "replies": replies(letter),
        "lines": lines,
        "named_here": spoken.named_here(page),
        "guard": choices.may_guard(page),
        "back_again": spoken.back_again(page),
        "asks_to_sign": spoken.asks_to_sign(page),
        "not_done": any(line.kind == "late" for line in lines),
        "dues": [
            spoken.due(promise, page, now) for promise in page.promises if _speaks(promise, page)
        ],
        "body": choices.holds_uploads(page.category),
        "who": choices.WHO_SAID.get(page.standing, ""),
        "what": choices.WHAT_SAID.get(page.category, ""),
    }


def _speaks(promise: Promise, page: PrivatePage) -> bool:
    """A time by which it is gone says nothing while nothing is posted."""
    return promise.what != Stop.REMOVED_AND_SEARCHED or spoken.named_here(page)


@private
@require_POST
def renew(request: HttpRequest, number: str) -> HttpResponse:
    """A new link; whoever has the old one is shut out."""
    notice = access.required(request, number)
    path = access.path_of(notice.number)
    ended = told.ends_with(notice.id)
    secret = renew_link(notice_id=notice.id, now=timezone.now())
    return access.let_in(redirect(f"{path}?done=renewed{ended}"), path, secret)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, number: str) -> HttpResponse:
    """The quick exit: closes the page in this browser, and is somewhere else."""
    path = access.path_of(number)
    if own_notices.notice_with_secret(number, access.secret_of(request, path)) is not None:
        left(number)
    return access.let_out(leaving.away(), path)
