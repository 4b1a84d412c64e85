"""The queue: what waits, in the order of harm."""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.cases.queries import queue
from heed.filings import tip_queries
from heed.flows import keep_view as kept
from heed.flows.take_case import take_case
from heed.media.models import Platform
from heed.people import exposure, rota, views_kept
from heed.people import queries as people
from heed.web.console import permissions, unsent
from heed.web.console.forms import QueueForm
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.refusals import CaseChanged
from heed.web.console.show import show


@require_safe
@permissions.permission("console.enter")
def home(request: ConsoleRequest) -> HttpResponse:
    """The first page: the queue, or what else this person is here for."""
    if request.grants.may("queue.see"):
        return _queue(request)
    return HttpResponseRedirect(reverse("console:duty"))


def _queue(request: ConsoleRequest) -> HttpResponse:
    now, mine = timezone.now(), request.grants.platforms("queue.see")
    platforms = list(Platform.objects.filter(id__in=mine).order_by("name"))
    form = QueueForm(platforms, request.GET)
    wanted = form.wanted()
    told = request.grants.platforms("tip.see")
    named = tip_queries.cases_of_ref(told, wanted.words.strip())
    cases = queue.cases_of(mine, replace(wanted, also=named), now=now)
    page = queue.page_of(cases, request.GET.get("page"))
    rows = queue.rows([one.id for one in page])
    takers = {row.case.taken_by for row in rows if row.case.taken_by is not None}
    facts = {
        "form": form,
        "wanted": wanted,
        "page": page,
        "rows": rows,
        "names": people.staff_named(takers),
        "counts": queue.counts(mine, now=now),
        "dangers": rota.unanswered(mine),
        "on_duty": rota.on_duty_at(mine, now=now),
        "many_platforms": len(platforms) > 1,
        "platform_names": {one.id: one.name for one in platforms},
        "views": views_kept.of(request.grants.staff.pk),
    }
    return show(request, "queue.html", facts)


@require_POST
@permissions.permission("queue.see")
def keep_view(request: ConsoleRequest) -> HttpResponse:
    """Keep what the queue shows under a name; or forget a view."""
    by, now = request.grants.staff.pk, timezone.now()
    if "forget" in request.POST:
        try:
            kept.forget_view(view_id=UUID(request.POST["forget"]), by=by, now=now)
        except ValueError:
            raise Http404 from None
        return redirect("console:queue")
    name = request.POST.get("name", "").strip()[:40]
    query = request.POST.get("query", "")[:2_200]
    if not name:
        messages.error(request, "Give the view a name.")
    else:
        try:
            kept.keep_view(name=name, query=query, by=by, now=now)
        except kept.TooManyViews as refused:
            messages.error(request, str(refused))
    return HttpResponseRedirect(f"{reverse('console:queue')}?{query}")


@require_safe
@permissions.permission("queue.see")
def counts(request: ConsoleRequest) -> HttpResponse:
    """The figures above the queue, for a page that keeps itself fresh."""
    mine = request.grants.platforms("queue.see")
    counted = queue.counts(mine, now=timezone.now())
    return show(request, "_counts.html", {"counts": counted, "dangers": rota.unanswered(mine)})


@require_safe
@permissions.permission("console.enter")
def here(request: ConsoleRequest) -> HttpResponse:
    """Somebody is there, and writes: so says the page, and the session goes on."""
    return HttpResponse(status=204)


@require_POST
@permissions.permission("console.enter")
def forget_unsent(request: ConsoleRequest) -> HttpResponse:
    """What was not sent is not wanted any more."""
    unsent.forget(request)
    return HttpResponseRedirect(unsent.page_of(request))


@require_POST
@permissions.permission("case.take")
def take_next(request: ConsoleRequest) -> HttpResponse:
    """Take the gravest case that nobody works on and that one may bring forward, and open it."""
    now, me, grants = timezone.now(), request.grants.staff.pk, request.grants
    mine = grants.platforms("case.take")
    waiting = queue.for_person(queue.cases_of(mine, now=now), me)
    every = waiting.exclude(taken_until__gt=now).exclude(id__in=exposure.handed_on_by(me))
    free = queue.openable(every, grants.platforms("file.open_minor"))
    for case_id, number in free.values_list("id", "number")[:20]:
        try:
            take_case(case_id=case_id, by=me, now=now)
        except CaseChanged:
            continue  # somebody was quicker with this one
        return redirect("console:case", number=number)
    others = every.count()
    waits = f"{others} wait{'s' if others == 1 else ''} for a child-safety reviewer, who alone"
    nothing = "No case waits for you that somebody else does not have."
    messages.info(request, f"{waits} may open it. Nothing else waits." if others else nothing)
    return redirect("console:queue")


@require_POST
@permissions.permission("case.take")
def take(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Say that one works on this case now."""
    try:
        take_case(case_id=case.id, by=request.grants.staff.pk, now=timezone.now())
    except CaseChanged:
        case.refresh_from_db()
        by = people.staff_named({case.taken_by} if case.taken_by else set())
        first = by.get(case.taken_by, "Somebody else") if case.taken_by else "Somebody else"
        messages.error(request, f"{first} was first, and works on this case now.")
    return redirect("console:case", number=case.number)
