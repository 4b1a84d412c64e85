"""The people who work here: invited, given roles, started anew, and let go."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import invite_staff
from heed.media.models import Platform
from heed.people import inviting
from heed.people.models import Membership, Role, Staff
from heed.web.console import lists, permissions, sign_in
from heed.web.console.people_forms import InviteForm
from heed.web.console.permissions import RIGHTS, TABLE, ConsoleRequest
from heed.web.console.show import show

NOT_TAKEN = 422


@require_safe
@permissions.permission("people.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Everybody, what each may do, and who was invited."""
    return _page(request, InviteForm(_platforms(request, "people.manage")))


def _platforms(request: ConsoleRequest, right: str = "people.see") -> list[Platform]:
    mine = request.grants.platforms(right)
    return list(Platform.objects.filter(id__in=mine).order_by("name"))


def _page(
    request: ConsoleRequest,
    form: InviteForm,
    *,
    link: invite_staff.Link | None = None,
    status: int = 200,
) -> HttpResponse:
    platforms = _platforms(request)
    filters = lists.Filters(
        request,
        find="A part of a name or of an e-mail address.",
        platforms=platforms,
        role=("Role", [("", "Any"), *Role.choices]),
    )
    listed = lists.page_of(request, _looked_for(filters, platforms))
    manage = [one.id for one in _platforms(request, "people.manage")]
    facts: dict[str, Any] = {
        "filters": filters,
        "page": listed,
        "list_at": reverse("console:people"),
        "people": _people(list(listed), {one.id: one.name for one in platforms}),
        "invited": inviting.waiting(manage, now=timezone.now()),
        "form": form,
        "link": link and request.build_absolute_uri(link.path),
        "mailed": link is not None and link.mailed,
        "manages": bool(manage),
        "roles": Role.choices,
        "platforms": [one for one in platforms if one.id in manage],
        "table": [
            (right, says, [right in TABLE[role] for role in Role]) for right, says in RIGHTS.items()
        ],
        "titles_of_roles": [role.label for role in Role],
    }
    return show(request, "people.html", facts, status=status)


def _looked_for(filters: lists.Filters, platforms: list[Platform]) -> QuerySet[Staff]:
    """Everybody whose name or address fits, with that role there if one is asked for."""
    words, role = filters.said("words"), filters.said("role")
    among = [one.id for one in filters.among(platforms)]
    every = inviting.colleagues(among, Role(role) if role else None)
    return every.filter(Q(name__icontains=words) | Q(email__icontains=words))


def _people(every: Sequence[Staff], names: dict[UUID, str]) -> list[dict[str, Any]]:
    """These with their roles: asked for together, not one by one."""
    roles: dict[UUID, list[tuple[Membership, Any, str]]] = {}
    held = Membership.objects.filter(ended_at=None, platform_id__in=list(names), staff__in=every)
    for one in held.order_by("role"):
        row = (one, Role(one.role).label, names[one.platform_id])
        roles.setdefault(one.staff_id, []).append(row)
    return [{"staff": one, "roles": roles.get(one.pk, [])} for one in every]


@require_POST
@permissions.permission("people.manage")
def invite(request: ConsoleRequest) -> HttpResponse:
    """Invite somebody. The link is on the page that comes back, once."""
    form = InviteForm(_platforms(request, "people.manage"), request.POST)
    if form.is_valid() and sign_in.must_prove_again(request):
        return sign_in.prove_again(request, reverse("console:people"))
    if form.is_valid():
        said = form.cleaned_data
        try:
            link = invite_staff.invite(
                email=said["email"],
                name=said["name"],
                platform_id=UUID(said["platform"]),
                roles=[Role(one) for one in said["roles"]],
                outside=said["outside"],
                by=request.grants.staff.pk,
                now=timezone.now(),
            )
            fresh = InviteForm(_platforms(request, "people.manage"))
            return _page(request, fresh, link=link)
        except invite_staff.NotInvited as refused:
            form.add_error("email", str(refused))
    return _page(request, form, status=NOT_TAKEN)


def _theirs(request: ConsoleRequest, staff_id: UUID) -> Staff:
    """Somebody of a platform that this administrator manages, alone or with others."""
    mine = list(request.grants.platforms("people.manage"))
    found = inviting.colleagues(mine).filter(id=staff_id).first()
    if found is None:
        raise Http404
    return found


@require_POST
@permissions.permission("people.manage")
def change(request: ConsoleRequest, staff_id: UUID) -> HttpResponse:
    """Give or end a role, start anew, sign out everywhere, close the account or open it again."""
    staff = _theirs(request, staff_id)
    acts = {
        "give": _give, "end": _end, "anew": _anew, "sign-out": _sign_out, "close": _close,
        "open": _open,
    }  # fmt: skip
    act = acts.get(request.POST.get("what", ""))
    if act is None:
        raise Http404
    if sign_in.must_prove_again(request):
        return sign_in.prove_again(request, reverse("console:people"))
    try:
        return act(request, staff)
    except invite_staff.NotYours as refused:
        messages.error(request, str(refused))
    return redirect("console:people")


def _where(request: ConsoleRequest) -> tuple[UUID, Role]:
    try:
        platform_id, role = UUID(request.POST["platform"]), Role(request.POST["role"])
    except (KeyError, ValueError):
        raise Http404 from None
    if not request.grants.may("people.manage", platform_id):
        raise Http404
    return platform_id, role


def _give(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    platform_id, role = _where(request)
    by, now = request.grants.staff.pk, timezone.now()
    invite_staff.give_role(staff_id=staff.pk, platform_id=platform_id, role=role, by=by, now=now)
    messages.success(request, f"{staff.name} is {role.label.lower()} now.")
    return redirect("console:people")


def _end(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    platform_id, role = _where(request)
    by, now = request.grants.staff.pk, timezone.now()
    invite_staff.end_role(staff_id=staff.pk, platform_id=platform_id, role=role, by=by, now=now)
    messages.success(request, f"{staff.name} is no {role.label.lower()} any more.")
    return redirect("console:people")


def _anew(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    by, now = request.grants.staff.pk, timezone.now()
    link = invite_staff.start_anew(staff_id=staff.pk, by=by, now=now)
    form = InviteForm(_platforms(request, "people.manage"))
    return _page(request, form, link=link)


def _sign_out(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    by, now = request.grants.staff.pk, timezone.now()
    ended = invite_staff.sign_out_everywhere(staff_id=staff.pk, by=by, now=now)
    messages.success(request, f"{ended} session{'' if ended == 1 else 's'} ended.")
    return redirect("console:people")


def _close(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    by, now = request.grants.staff.pk, timezone.now()
    invite_staff.close_account(staff_id=staff.pk, by=by, now=now)
    messages.success(request, f"{staff.name}'s account is closed.")
    return redirect("console:people")


def _open(request: ConsoleRequest, staff: Staff) -> HttpResponse:
    by, now = request.grants.staff.pk, timezone.now()
    link = invite_staff.open_again(staff_id=staff.pk, by=by, now=now)
    form = InviteForm(_platforms(request, "people.manage"))
    return _page(request, form, link=link)


@require_POST
@permissions.permission("people.manage")
def withdraw(request: ConsoleRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    mine, now = list(request.grants.platforms("people.manage")), timezone.now()
    if not inviting.waiting(mine, now=now).filter(id=invitation_id).exists():
        raise Http404
    by = request.grants.staff.pk
    done = invite_staff.withdraw(invitation_id=invitation_id, by=by, now=now)
    messages.success(request, "Taken back." if done else "It was taken up in the meantime.")
    return redirect("console:people")
