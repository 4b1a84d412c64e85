"""Step one: the form itself. Sending it already protects."""

from dataclasses import replace
from datetime import datetime, timedelta

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from heed.cases.queries import own_notices
from heed.cases.queries.own_notices import Busy
from heed.cases.queries.private import private_page
from heed.flows.receive_notice import SaidBefore
from heed.web import languages
from heed.web.notifier import access, choices, form, links
from heed.web.notifier.doors import minutes, private, source
from heed.web.notifier.form import Checked, Typed
from heed.web.notifier.spoken import Told, named_here, told
from heed.web.notifier.taking import Sent, take_in
from heed.web.notifier.views_codes import VIDEO_HERE
from heed.web.notifier.views_help import near

OTHER_AN_HOUR = 20  # notices from one source that are about no body; those about bodies always pass
_HOUR = timedelta(hours=1)


# No cookie is asked for here, so that a browser without cookies is heard too: this form acts with
# nobody's authority, a stranger's page could gain nothing by sending it, and is refused anyway.
@csrf_exempt
@csp_update(VIDEO_HERE)
@private
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Calm words and the form; what is sent is taken in, or shown again with what is missing."""
    if request.method != "POST":
        return _form(request, Checked(typed=form.fresh(request.GET.get("url", ""))))
    now = timezone.now()
    typed = _of_nobody_else(request, form.read(request.POST.dict()))
    if "only_speak" in request.POST:  # another language; nothing typed is lost, nothing is sent
        return _form(request, Checked(typed=typed))
    checked = form.check(typed)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _form(request, checked, status=403, again=True)
    if checked.errors:
        return _form(request, checked, status=422)
    wait = _wait(checked, source(request), now)
    if wait is not None:
        answer = _form(request, checked, status=429, wait=minutes(wait))
        answer["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return answer
    language = languages.known(get_language() or "en")
    try:
        sent = take_in(checked, source=source(request), language=language, now=now)
    except SaidBefore:
        return _form(request, _told_before(checked), status=422)
    except Busy:
        return _form(request, checked, status=503, busy=True)
    return _sent(request, sent, now) if sent else redirect("/find")


def _of_nobody_else(request: HttpRequest, typed: Typed) -> Typed:
    """What another site filled in is a sending of its own: whoever knew all of a sending could send
    it again, and would be given its page.
    """
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return typed if ours else replace(typed, token=form.fresh().token)


def _told_before(checked: Checked) -> Checked:
    """Whoever is somebody else gets through with a word of their own: there is no puzzle."""
    say = gettext(
        "Exactly this was sent from your connection several times in the last hour, and we are at "
        "it already. Was one of these yours? Then open your page with its number and four words. "
        "Are you somebody else? Write a word of your own below, and send it again."
    )
    return replace(checked, errors={"why": say})


def _wait(checked: Checked, source: str, now: datetime) -> timedelta | None:
    """A whole school may share one address: who is in danger, or was given a time, never waits."""
    if checked.what in choices.BODY or "yes" in (checked.typed.danger, checked.typed.timed):
        return None
    first = own_notices.first_recent_from(source, most=OTHER_AN_HOUR, within=_HOUR, now=now)
    return None if first is None else first + _HOUR - now


def _form(
    request: HttpRequest,
    checked: Checked,
    *,
    status: int = 200,
    wait: int = 0,
    again: bool = False,
    busy: bool = False,
) -> HttpResponse:
    shown = {
        "typed": checked.typed,
        "errors": checked.errors,
        "wait": wait,
        "again": again,
        "busy": busy,
        "sites": links.sites(),
        "choices": choices,
        **near(request),
    }
    return render(request, "notifier/start.html", shown, status=status)


def _sent(request: HttpRequest, sent: tuple[Sent, ...], now: datetime) -> HttpResponse:
    shown = {
        "notices": [_shown(one, now) for one in sent],
        "first": sent[0],
        **near(request),
    }
    answer = render(request, "notifier/sent.html", shown)
    for one in sent:
        access.let_in(answer, access.path_of(one.number), one.link_secret)
    return answer


def _shown(sent: Sent, now: datetime) -> dict[str, object]:
    notice = own_notices.notice_with_secret(sent.number, sent.link_secret)
    page = private_page(notice, now, just_sent=True) if notice else None
    lines: list[Told] = [told(target, page) for target in page.targets] if page else []
    link = f"{settings.PUBLIC_URL}{access.path_of(sent.number)}?k={sent.link_secret}"
    holds = page is not None and page.uploads_watched and choices.holds_uploads(page.category)
    return {
        "sent": sent,
        "page": page,
        "lines": lines,
        "link": link,
        "holds": holds,
        "hashes": page is not None and page.hashes > 0,
        "guard": page is not None and choices.may_guard(page),
        "lost": page is not None and not named_here(page) and not page.threatened_only,
    }
