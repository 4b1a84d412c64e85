"""The outbox: what platforms were not told yet, and what was given up on, in sight."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.cases.queries import case_copies
from heed.filings import publishing
from heed.flows import publish_statements, revive_jobs
from heed.flows.deliver_states import revive, revive_letters
from heed.media import unchecked
from heed.media.models import Platform
from heed.outbox import queries as outbox
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

MOST = 200
PATIENCE = timedelta(seconds=30)  # what is younger is simply on its way


@require_safe
@permissions.permission("outbox.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Every platform's dead letters and waiting states."""
    mine = request.grants.platforms("outbox.see")
    platforms = Platform.objects.filter(id__in=mine).order_by("name")
    facts = {
        "platforms": [_platform(one, timezone.now()) for one in platforms],
        "jobs": revive_jobs.failed(mine),
        "unchecked": unchecked.open_rows(mine).count(),
        "published": publishing.counts(mine),
        "refused": publishing.refused(mine)[:MOST],
    }
    return show(request, "outbox.html", facts)


def _platform(platform: Platform, now: datetime) -> dict[str, object]:
    dead = outbox.dead_states(platform.id)
    waiting = outbox.unacknowledged(enqueued_before=now - PATIENCE, platform_id=platform.id)
    return {
        "platform": platform,
        "counts": outbox.counts(now=now, platform_id=platform.id),
        "dead": dead[:MOST],
        "letters": outbox.dead_letters(platform.id)[:MOST],
        "waiting": waiting.filter(dead_at=None)[:MOST],
        "most": MOST,
    }


@require_POST
@permissions.permission("outbox.retry")
def publish_again(request: ConsoleRequest) -> HttpResponse:
    """Have what the Transparency Database refused tried again."""
    mine = request.grants.platforms("outbox.retry")
    count = publish_statements.try_again(platform_ids=mine, now=timezone.now())
    messages.success(request, f"{count} to be sent again.")
    return redirect("console:outbox")


@require_POST
@permissions.permission("outbox.retry")
def retry(request: ConsoleRequest) -> HttpResponse:
    """Try again what was given up on: what is ticked, or all of one platform."""
    mine = request.grants.platforms("outbox.retry")
    if "jobs" in request.POST:
        _revive_jobs(request, [job.id for job in revive_jobs.failed(mine)])
        return redirect("console:outbox")
    if "of" not in request.POST:
        messages.info(request, "Nothing was chosen.")
        return redirect("console:outbox")
    platform = Platform.objects.filter(slug=request.POST["of"], id__in=mine).first()
    if platform is None:
        raise Http404
    if "letters" in request.POST:
        letters = outbox.dead_letters(platform.id).values_list("id", flat=True)
        _revive_letters(request, list(letters))
        return redirect("console:outbox")
    found = outbox.dead_states(platform.id)
    if "all" not in request.POST:
        ticked = [_uuid(one) for one in request.POST.getlist("item")]
        found = found.filter(item_id__in=[one for one in ticked if one is not None])
    _revive(request, list(found.values_list("item_id", flat=True)))
    return redirect("console:outbox")


@require_POST
@permissions.permission("outbox.retry", "case.see")
def retry_case(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Try again what was given up on in one case."""
    _revive(request, list(case_copies.given_up(case).values_list("item_id", flat=True)))
    return redirect("console:case", number=case.number)


def _revive(request: ConsoleRequest, items: list[UUID]) -> None:
    count = revive(item_ids=items, by=request.grants.staff.pk, now=timezone.now())
    messages.success(request, f"{count} to be told again, from the start.")


def _revive_letters(request: ConsoleRequest, letters: list[UUID]) -> None:
    by, now = request.grants.staff.pk, timezone.now()
    count = revive_letters(letter_ids=letters, by=by, now=now)
    messages.success(request, f"{count} to be sent again, from the start.")


def _revive_jobs(request: ConsoleRequest, jobs: list[int]) -> None:
    by, now = request.grants.staff.pk, timezone.now()
    count = revive_jobs.revive_jobs(ids=jobs, by=by, now=now)
    messages.success(request, f"{count} to be done again, from the start.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
