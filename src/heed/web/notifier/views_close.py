"""Two who know each other and both told us: each says so, and only then either of them sees it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from heed.cases.models import Consent
from heed.cases.queries import consents
from heed.flows.give_consent import give_consent, withdraw_consent
from heed.web.notifier import access
from heed.web.notifier.doors import private
from heed.web.notifier.views_ways_in import as_number


@private
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Name the other's number, or take it back. Nobody is told whether a number is anybody's."""
    notice = access.required(request, number)
    typed, error = "", ""
    if request.method == "POST":
        typed = request.POST.get("other", "").replace("\x00", "").strip()
        other = as_number(typed)
        error = _wrong(other, notice.number)
        if not error:
            take_back = "take_back" in request.POST
            change = withdraw_consent if take_back else give_consent
            to, now = Consent.To.EACH_OTHER, timezone.now()
            change(notice_id=notice.id, to=to, other_number=other, now=now)
            return redirect(request.path)
    named = consents.given(notice).filter(to=Consent.To.EACH_OTHER)
    others = consents.others(notice)
    known = {one.number for one in others}
    shown = {
        "number": notice.number,
        "typed": typed,
        "errors": {"other": error} if error else {},
        "others": others,
        "waiting": [one.other_number for one in named if one.other_number not in known],
    }
    return render(request, "notifier/close.html", shown, status=422 if error else 200)


def _wrong(other: str, own: str) -> str:
    if not other.startswith("H-") or len(other) != len(own):
        return gettext("A number looks like H-1A2B-3C4D. Look at it again.")
    if other == own:
        return gettext("This is your own number. Write the number of the other person.")
    return ""
