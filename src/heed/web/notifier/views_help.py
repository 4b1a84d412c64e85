"""Help near somebody, and the language that they are spoken to in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from heed.cases.queries import own_notices
from heed.flows.speak_to import speak_to
from heed.web import languages
from heed.web.notifier import access
from heed.web.notifier.doors import private
from heed.web.notifier.helplines import all_help, help_for


def near(request: HttpRequest, country: str = "") -> dict[str, Any]:
    """What every page with help on it is given. `country`: as they said it, if they did."""
    code = country or languages.country_of(request)
    return {"help": help_for(code, get_language() or "", settings.HEED_JURISDICTION)}


@private
@require_safe
def everywhere(request: HttpRequest) -> HttpResponse:
    """All help lines, the nearest first."""
    return render(request, "notifier/help.html", {**near(request), "countries": all_help()})


@private
@require_POST
def language(request: HttpRequest, number: str) -> HttpResponse:
    """From now on this page and all mails are in another language."""
    notice = access.required(request, number)
    wanted = languages.known(request.POST.get("to", ""))
    answer = redirect(access.path_of(number))
    if not wanted:
        return answer
    for one in own_notices.with_siblings(notice):
        speak_to(notice_id=one.id, language=wanted)
    return languages.remember(answer, wanted)
