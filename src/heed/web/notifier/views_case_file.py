"""The case file: asked for, made by the worker, fetched as PDF and as JSON."""

from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from heed.filings.models import CaseFile
from heed.filings.queries import case_file_of
from heed.flows.make_case_file import KEPT_FOR, ask_for_case_file
from heed.ledger import queries as ledger
from heed.web.notifier import access
from heed.web.notifier.doors import private

SLOW = timedelta(minutes=1)  # it takes a second; then something is wrong, and it is tried again


@private
@require_http_methods(["GET", "HEAD", "POST"])
def case_file(request: HttpRequest, number: str) -> HttpResponse:
    """What it is, the button that asks for it, and then the two files."""
    notice, now = access.required(request, number), timezone.now()
    if request.method == "POST":
        ask_for_case_file(notice_id=notice.id, language=get_language() or "en", now=now)
        return redirect(request.path)
    file = _kept(case_file_of(notice.id), now)
    shown = {
        "number": notice.number,
        "file": file if file and file.made_at else None,
        "making": file is not None and file.made_at is None,
        "slow": file is not None and now - file.asked_at > SLOW,
        "until": file.asked_at + KEPT_FOR if file else None,
        "key": next(iter(ledger.vkeys()), "KEY"),
    }
    return render(request, "notifier/case_file.html", shown)


@private
@require_safe
def fetch(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The newest one that was made, as it was signed."""
    notice = access.required(request, number)
    file = _kept(case_file_of(notice.id), timezone.now())
    if file is None or file.made_at is None or file.pdf is None:
        raise Http404("no case file")
    if kind == "pdf":
        answer = HttpResponse(bytes(file.pdf), content_type="application/pdf")
    else:
        answer = HttpResponse(file.document, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="case-file-{notice.number}.{kind}"'
    return answer


def _kept(file: CaseFile | None, now: datetime) -> CaseFile | None:
    """One that is a day old is as good as gone, also before the sweep has come by."""
    return None if file is None or now - file.asked_at > KEPT_FOR else file
