"""Duty: who is there, the calls that wait, and what is done in an emergency."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.queries import case_page
from heed.filings import danger as dangers
from heed.flows import answer_call, call_duty, keep_rota, wiring
from heed.media import unchecked
from heed.media.models import Platform
from heed.people import queries as people
from heed.people import rota
from heed.people.duty_models import Call, Coverage, Emergency
from heed.people.models import Staff
from heed.web.console import lists, permissions
from heed.web.console.duty_forms import HoursForm, ProtocolForm, ShiftForm, TelephoneForm
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show
from heed.web.console.views import danger as danger_views
from heed.web.public.words import DAYS, wall_time

NOT_TAKEN = 422  # understood, and not done: the form says why
SHIFTS_SHOWN = 60


@require_safe
@permissions.permission("duty.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Every platform's rota and hours, and the calls that are open."""
    return show_page(request)


def show_page(
    request: ConsoleRequest, forms: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The page, with forms that were filled in and not taken."""
    mine = request.grants.platforms("duty.see")
    platforms = Platform.objects.filter(id__in=mine).order_by("name")
    calls = lists.page_of(request, rota.open_calls(mine))
    facts = {
        "platforms": [_platform(request, one, forms or {}) for one in platforms],
        "calls": calls,
        "list_at": reverse("console:duty"),
        "unchecked": unchecked.open_rows(mine).count(),
        "names": people.staff_named({one.taken_by for one in calls if one.taken_by is not None}),
        "platform_names": {one.id: one.name for one in platforms},
        "answers_calls": request.grants.may("duty.answer"),
        "own": request.grants.staff,
        "mail_leaves": wiring.mail_leaves(),
        "telephone_form": (forms or {}).get("telephone") or TelephoneForm(
            initial={"push_url": request.grants.staff.push_url}, auto_id="own-%s"
        ),
    }  # fmt: skip
    return show(request, "duty.html", facts, status=status)


def _platform(
    request: ConsoleRequest, platform: Platform, forms: Mapping[str, Any]
) -> dict[str, Any]:
    now, set_up = timezone.now(), rota.emergency(platform.id)
    hours, on_duty = rota.coverage(platform.id), rota.on_duty(platform.id, now=now)
    decide = people.deciders(platform.id)
    manage = request.grants.may("duty.manage", platform.id)
    own: Mapping[str, Any] = forms.get(platform.slug, {})
    coming = rota.coming(platform.id, now=now)
    return {
        "platform": platform,
        "on_duty": on_duty,
        "nobody_decides": not any(shift.staff_id in decide for shift in on_duty),
        "coming": list(coming[:SHIFTS_SHOWN]),
        "coming_total": coming.count(),
        "hours": [(DAYS[one.weekday], wall_time(one.from_minute), wall_time(one.until_minute))
                  for one in hours],
        "set_up": set_up,
        "manage": manage,
        **(_forms(platform, set_up, hours, decide, own) if manage else {}),
    }  # fmt: skip


def _forms(
    platform: Platform,
    set_up: Emergency,
    hours: list[Coverage],
    decide: set[UUID],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """What a manager may fill in; what was filled in and not taken, as it was."""
    return {
        "shift_form": own.get("shift") or ShiftForm(_who(platform, decide), set_up.zone),
        "hours_form": own.get("hours") or HoursForm(hours),
        "protocol_form": own.get("protocol") or ProtocolForm(set_up),
    }


def _who(platform: Platform, decide: set[UUID]) -> list[tuple[str, str]]:
    """Who can be put on duty; of those who may not decide it is said."""
    may = decide | people.speakers(platform.id)
    found = Staff.objects.filter(id__in=may).order_by("name").values_list("id", "name")
    only = ", for requests of officers alone"
    return [(str(one), name + ("" if one in decide else only)) for one, name in found]


@require_POST
@permissions.permission("duty.manage")
def add_shift(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Put somebody on duty."""
    platform = permissions.platform_at(request, slug, "duty.manage")
    who = _who(platform, people.deciders(platform.id))
    form = ShiftForm(who, rota.emergency(platform.id).zone, request.POST)
    if form.is_valid():
        try:
            count = keep_rota.add_shifts(
                platform_id=platform.id,
                staff_id=UUID(form.cleaned_data["staff"]),
                place=int(form.cleaned_data["place"]),
                begins_at=form.instant("begins"),
                ends_at=form.instant("ends"),
                weeks=form.cleaned_data["weeks"],
                by=request.grants.staff.pk,
                now=timezone.now(),
            )
            messages.success(request, f"{count} shift{'' if count == 1 else 's'} on the rota.")
            return redirect("console:duty")
        except keep_rota.NotOnRota as refused:
            form.add_error(None, str(refused))
    return show_page(request, {slug: {"shift": form}}, status=NOT_TAKEN)


@require_POST
@permissions.permission("duty.manage")
def cancel_shift(request: ConsoleRequest, slug: str, shift_id: UUID) -> HttpResponse:
    """Take a shift off the rota."""
    platform = permissions.platform_at(request, slug, "duty.manage")
    done = keep_rota.cancel_shift(
        platform_id=platform.id, shift_id=shift_id, by=request.grants.staff.pk, now=timezone.now()
    )
    messages.success(request, "Taken off the rota." if done else "It was off the rota already.")
    return redirect("console:duty")


@require_POST
@permissions.permission("duty.manage")
def declare(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Declare the hours in which people are there."""
    platform = permissions.platform_at(request, slug, "duty.manage")
    form = HoursForm(rota.coverage(platform.id), request.POST)
    if not form.is_valid():
        return show_page(request, {slug: {"hours": form}}, status=NOT_TAKEN)
    keep_rota.declare_coverage(
        platform_id=platform.id,
        hours=form.hours(),
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    messages.success(request, "Declared. The hours stand on the public policy page.")
    return redirect("console:duty")


@require_POST
@permissions.permission("duty.manage")
def protocol(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Write the protocol, the contacts and the team's channel."""
    platform = permissions.platform_at(request, slug, "duty.manage")
    form = ProtocolForm(rota.emergency(platform.id), request.POST)
    if not form.is_valid():
        return show_page(request, {slug: {"protocol": form}}, status=NOT_TAKEN)
    said = form.cleaned_data
    keep_rota.write_protocol(
        platform_id=platform.id,
        steps=said["steps"],
        contacts=said["contacts"],
        zone=said["zone"],
        team_url=said["team_url"],
        team_secret=said["team_secret"],
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    messages.success(request, "The protocol is kept.")
    return redirect("console:duty")


# ------------------------------------------------------------------ calls


def _call(request: ConsoleRequest, call_id: UUID, right: str) -> Call:
    call = rota.call(call_id)
    if call is None or not request.grants.may(right, call.platform_id):
        raise Http404
    return call


@require_safe
@permissions.permission("duty.see")
def call_page(request: ConsoleRequest, call_id: UUID) -> HttpResponse:
    """One call: the clock, the protocol, the contacts, and who was rung."""
    call = _call(request, call_id, "duty.see")
    rung = rota.rung(call)
    set_up, now = rota.emergency(call.platform_id), timezone.now()
    reads = request.grants.may("case.see", call.platform_id)
    case = case_page.by_id(call.case_id) if reads and call.case_id else None
    asked = {one.staff_id for one in rung.tries} | {one.staff_id for one in rung.done.values()}
    found = list(dangers.of_call(call.id, call.case_id)) if reads else []
    asked |= {who for one in found for who in (one.found_by, one.told_by, one.unfounded_by)}
    sees_order = request.grants.may("order.see", call.platform_id)
    facts = {
        "call": call,
        "danger": call.kind == Call.Kind.DANGER,
        "platform": Platform.objects.get(id=call.platform_id),
        "case": case,
        "notice": case_page.notice_by_id(call.notice_id) if reads and call.notice_id else None,
        "set_up": set_up,
        "steps": [(step, rung.done.get(step)) for step in set_up.steps],
        "tries": rung.tries,
        "next_up": [] if call.ended_at else call_duty.turn_of(call, now=now),
        "names": people.staff_named({one for one in {*asked, call.taken_by} if one is not None}),
        "may_answer": request.grants.may("duty.answer", call.platform_id),
        "order": call.order_number if sees_order else "",
        "danger_found": danger_views.block(found),
        "may_find_danger": reads and request.grants.may("duty.answer", call.platform_id),
        "danger_url": reverse("console:danger_in_call", args=[call.id]),
        "mine": call.taken_by == request.grants.staff.pk,
        "fresh": now + timedelta(minutes=5),
    }
    return show(request, "call.html", facts)


@require_POST
@permissions.permission("duty.answer")
def take(request: ConsoleRequest, call_id: UUID) -> HttpResponse:
    """I see to it: nobody else is rung for a while."""
    call = _call(request, call_id, "duty.answer")
    if answer_call.take_call(call_id=call.id, by=request.grants.staff.pk, now=timezone.now()):
        messages.success(request, "It is yours. Nobody else is rung for now.")
    else:
        messages.info(request, "Somebody was quicker, or it is over.")
    return redirect("console:call", call_id=call.id)


@require_POST
@permissions.permission("duty.answer")
def step(request: ConsoleRequest, call_id: UUID) -> HttpResponse:
    """A step of the protocol is done."""
    call = _call(request, call_id, "duty.answer")
    done = request.POST.get("step", "")
    if done not in rota.emergency(call.platform_id).steps:
        raise Http404
    now = timezone.now()
    answer_call.note_step(call_id=call.id, step=done, by=request.grants.staff.pk, now=now)
    return redirect("console:call", call_id=call.id)


@require_POST
@permissions.permission("duty.answer")
def end(request: ConsoleRequest, call_id: UUID) -> HttpResponse:
    """Nothing is left to do in a call that no case stands behind."""
    call = _call(request, call_id, "duty.answer")
    done = answer_call.end_call(call_id=call.id, by=request.grants.staff.pk, now=timezone.now())
    messages.info(request, "Ended." if done else "A call about a case ends with its decision.")
    return redirect("console:call", call_id=call.id)
