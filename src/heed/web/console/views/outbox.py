"""The outbox: what platforms were not told yet, and what was given up on, in sight."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
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
from heed.outbox.models import Letter, StateTelling
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

PATIENCE = timedelta(seconds=30)  # what is younger is simply on its way
KINDS = {
    "states": "What items should be",
    "letters": "Letters",
    "work": "Work of the worker",
    "statements": "Statements for the Transparency Database",
}
STATES = {"dead": "Given up on, or refused", "waiting": "Waiting longer than usual"}
FIND = "A part of the platform's own id of an item, of a kind of letter or work, or of the trouble."


@require_safe
@permissions.permission("outbox.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """What every platform was not told yet, kind by kind; a page of it where one kind is asked for.

    1. What is looked for  2. The beginning of each list that fits, or the one list page by page
    """
    mine = request.grants.platforms("outbox.see")
    filters = _filters(request, seen := _platforms(mine))
    platforms, words = filters.among(seen), filters.said("words")
    wanted, ids = _wanted(filters, platforms), [one.id for one in platforms]
    shown = [_platform(request, one, wanted, words) for one in platforms]
    others = _without_platform(request, wanted, words, ids)
    rest = any(part is not None and part.total for part in others.values())
    facts = {
        "filters": filters,
        "platforms": shown,
        "unchecked": unchecked.open_rows(mine).count(),
        "published": publishing.counts(ids),
        "empty": bool(shown) and not rest and not any(one["listed"] for one in shown),
        **others,
    }
    return show(request, "outbox.html", facts)


def _platforms(mine: Collection[UUID]) -> list[Platform]:
    return list(Platform.objects.filter(id__in=mine).order_by("name"))


def _filters(request: ConsoleRequest, platforms: Sequence[Platform]) -> lists.Filters:
    return lists.Filters(
        request,
        find=FIND,
        platforms=platforms,
        kind=("Kind", [("", "Everything"), *KINDS.items()]),
        state=("State", [("", "Any"), *STATES.items()]),
    )


Wanted = Collection[tuple[str, str, str]]  # kind, state, slug; none for what has no platform


def _wanted(filters: lists.Filters, platforms: Sequence[Platform]) -> Wanted:
    """Which lists are shown."""
    every = [
        (kind, state, one.slug)
        for one in platforms
        for kind in ("states", "letters")
        for state in STATES
    ]
    every += [("work", "dead", ""), ("statements", "dead", "")]
    asked = (filters.said("kind"), filters.said("state"))
    return [
        one
        for one in every
        if all(said in ("", own) for said, own in zip(asked, one, strict=False))
    ]


def _part(
    request: ConsoleRequest, wanted: Wanted, which: tuple[str, str, str], found: Any
) -> lists.Part | None:
    if which not in wanted:
        return None
    named = zip(("kind", "state", "platform"), which, strict=True)
    narrowed = {name: value for name, value in named if value}
    return lists.part_of(request, found, alone=len(wanted) == 1, narrowed=narrowed)


def _platform(
    request: ConsoleRequest, platform: Platform, wanted: Wanted, words: str
) -> dict[str, Any]:
    now, slug = timezone.now(), platform.slug
    late: dict[str, Any] = {"enqueued_before": now - PATIENCE, "platform_id": platform.id}
    waiting = outbox.unacknowledged(**late).filter(dead_at=None)
    found = {
        "dead": ("states", "dead", _states(outbox.dead_states(platform.id), words)),
        "letters": ("letters", "dead", _letters(outbox.dead_letters(platform.id), words)),
        "waiting": ("states", "waiting", _states(waiting, words)),
        "slow": ("letters", "waiting", _letters(outbox.waiting_letters(**late), words)),
    }
    parts = {
        name: _part(request, wanted, (kind, state, slug), rows)
        for name, (kind, state, rows) in found.items()
    }
    return {
        "platform": platform,
        "counts": outbox.counts(now=now, platform_id=platform.id),
        "retries": request.grants.may("outbox.retry", platform.id),
        "listed": any(part is not None for part in parts.values()),
        "nothing": not any(part and part.total for part in parts.values()),
        **parts,
    }


def _without_platform(
    request: ConsoleRequest, wanted: Wanted, words: str, platforms: Collection[UUID]
) -> dict[str, lists.Part | None]:
    jobs, refused = ("work", "dead", ""), ("statements", "dead", "")
    failed = revive_jobs.failed(platforms, words) if jobs in wanted else ()
    return {
        "jobs": _part(request, wanted, jobs, failed),
        "refused": _part(request, wanted, refused, publishing.refused(platforms, words)),
    }


def _states(rows: QuerySet[StateTelling], words: str) -> QuerySet[StateTelling]:
    return rows.filter(Q(item_ref__icontains=words) | Q(last_error__icontains=words))


def _letters(rows: QuerySet[Letter], words: str) -> QuerySet[Letter]:
    return rows.filter(Q(kind__icontains=words) | Q(last_error__icontains=words))


def _back(request: ConsoleRequest) -> HttpResponse:
    """To what was looked for before."""
    return HttpResponseRedirect(f"{reverse('console:outbox')}?{lists.asked_of(request)}")


def _asked_for(request: ConsoleRequest) -> tuple[list[UUID], str]:
    """The platforms and words of the list that stood above the button."""
    seen, mine = _platforms(request.grants.platforms("outbox.see")), "outbox.retry"
    filters = _filters(request, seen)
    among = [one.id for one in filters.among(seen) if request.grants.may(mine, one.id)]
    return among, filters.said("words")


@require_POST
@permissions.permission("outbox.retry")
def publish_again(request: ConsoleRequest) -> HttpResponse:
    """Have what the Transparency Database refused tried again: all that was looked for."""
    mine, words = _asked_for(request)
    by, now = request.grants.staff.pk, timezone.now()
    count = publish_statements.try_again(platform_ids=mine, words=words, by=by, now=now)
    messages.success(request, f"{count} to be sent again.")
    return _back(request)


@require_POST
@permissions.permission("outbox.retry")
def retry(request: ConsoleRequest) -> HttpResponse:
    """Try again what was given up on: what is ticked, or all that was looked for."""
    mine, words = _asked_for(request)
    if "jobs" in request.POST:
        _revive_jobs(request, revive_jobs.failed(mine, words).ids)
        return _back(request)
    if "of" not in request.POST:
        messages.info(request, "Nothing was chosen.")
        return _back(request)
    platform = Platform.objects.filter(slug=request.POST["of"], id__in=mine).first()
    if platform is None:
        raise Http404
    if "letters" in request.POST:
        letters = _letters(outbox.dead_letters(platform.id), words)
        _revive_letters(request, list(letters.values_list("id", flat=True)))
        return _back(request)
    found = _states(outbox.dead_states(platform.id), words)
    if "all" not in request.POST:
        found = found.filter(item_id__in=lists.ticked(request, "item"))
    _revive(request, list(found.values_list("item_id", flat=True)))
    return _back(request)


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


def _revive_jobs(request: ConsoleRequest, jobs: Sequence[int]) -> None:
    by, now = request.grants.staff.pk, timezone.now()
    count = revive_jobs.revive_jobs(ids=jobs, by=by, now=now)
    messages.success(request, f"{count} to be done again, from the start.")
