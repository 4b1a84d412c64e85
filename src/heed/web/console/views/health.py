"""Looking after oneself: one's own figures, breaks, and the team's figures without names."""

import re
from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.flows import hand_on, view_file
from heed.people import exposure
from heed.people import queries as people
from heed.rules import health
from heed.rules.health import Limits
from heed.web.console import permissions
from heed.web.console.chart import columns
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

DAYS = 28
BREAK = timedelta(minutes=10)


class LimitsForm(forms.Form):
    """One's own limits; the house's are the highest."""

    files_a_shift = forms.IntegerField(
        label="Files in a shift, at most", min_value=0, max_value=health.FILES_A_SHIFT
    )
    minutes_a_shift = forms.IntegerField(
        label="Minutes unblurred in a shift, at most",
        min_value=0,
        max_value=health.SECONDS_A_SHIFT // 60,
    )
    minutes_a_week = forms.IntegerField(
        label="Minutes unblurred in a week, at most",
        min_value=0,
        max_value=health.SECONDS_A_WEEK // 60,
    )

    def limits(self) -> Limits:
        """As the rules want them."""
        said = self.cleaned_data
        return Limits(
            files_a_shift=said["files_a_shift"],
            seconds_a_shift=said["minutes_a_shift"] * 60,
            seconds_a_week=said["minutes_a_week"] * 60,
        )


@require_safe
@permissions.permission("console.enter")
def own(request: ConsoleRequest) -> HttpResponse:
    """My own figures. Nobody else opens this page."""
    return _own(request, None)


def _own(request: ConsoleRequest, form: LimitsForm | None, status: int = 200) -> HttpResponse:
    now, me = timezone.now(), request.grants.staff.pk
    looks, limits = exposure.looks_of(me, now=now, days=DAYS), exposure.limits_of(me)
    week = [look for look in looks if now - look.opened_at < health.WEEK]
    days = exposure.days_of(looks, now=now, days=DAYS)
    begin = {
        "files_a_shift": limits.files_a_shift,
        "minutes_a_shift": limits.seconds_a_shift // 60,
        "minutes_a_week": limits.seconds_a_week // 60,
    }
    facts = {
        "shift": health.tally(health.shift_of(looks, now)),
        "week": health.tally(week),
        "limits": limits,
        "days": days,
        "chart": columns([(day.on, day.seconds / 60) for day in days]),
        "offers_break": health.offers_break(looks, now),
        "rest": health.rest_needed(week, limits, "", now),
        "form": form or LimitsForm(initial=begin),
    }
    return show(request, "own.html", facts, status=status)


@require_POST
@permissions.permission("console.enter")
def limits(request: ConsoleRequest) -> HttpResponse:
    """Set my own limits."""
    form = LimitsForm(request.POST)
    if not form.is_valid():
        return _own(request, form, status=422)
    by, now = request.grants.staff.pk, timezone.now()
    hand_on.set_own_limits(limits=form.limits(), by=by, now=now)
    messages.success(request, "Kept. They hold from the next file on.")
    return redirect("console:own")


@require_safe
@permissions.permission("console.enter")
def pause(request: ConsoleRequest) -> HttpResponse:
    """Ten minutes with nothing to look at."""
    return show(request, "break.html", {"until": timezone.now() + BREAK})


@require_safe
@permissions.permission("team.see")
def team(request: ConsoleRequest) -> HttpResponse:
    """A week of the team, without names."""
    mine = request.grants.platforms("team.see")
    everybody = sorted({one for place in mine for one in people.deciders(place)})
    facts = {
        "team": exposure.team(everybody, now=timezone.now()),
        "fewest": exposure.FEWEST,
        "house": Limits(),
    }
    return show(request, "team.html", facts)


@require_POST
@permissions.permission("case.take")
def hand_case_on(request: ConsoleRequest, case: Case) -> HttpResponse:
    """Hand this case on. No reason is asked for, and none is kept."""
    hand_on.hand_on(case_id=case.id, by=request.grants.staff.pk, now=timezone.now())
    messages.success(request, "Handed on. It is not offered to you again.")
    return redirect("console:queue")


@require_POST
@permissions.permission("file.open")
def seconds(request: ConsoleRequest, viewing_id: UUID) -> HttpResponse:
    """How long a file was seen unblurred, as the viewer counted."""
    try:
        counted = float(request.POST.get("seconds", ""))
    except ValueError:
        raise Http404 from None
    by, now = request.grants.staff.pk, timezone.now()
    hand_on.note_seconds(viewing_id=viewing_id, seconds=max(0.0, counted), by=by, now=now)
    spans = _spans(request.POST.get("played", ""))
    if spans:
        view_file.note_played(viewing_id=viewing_id, spans=spans, by=by, now=now)
    return HttpResponse(status=204)


def _spans(said: str) -> list[tuple[int, int]]:
    """As the page says what it played: `0-4200,6000-9000`, in milliseconds."""
    found = re.findall(r"(\d{1,9})-(\d{1,9})", said[:10_000])
    return [(int(begin), int(end)) for begin, end in found]
