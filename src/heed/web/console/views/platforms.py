"""Platforms and their keys: what each can do, who may call us, and keys made and withdrawn."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import connect_platform, manage_platforms
from heed.media.keys import Scope
from heed.media.models import ApiKey, Platform
from heed.web.console import lists, permissions, sign_in
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

LIST_AT = reverse_lazy("console:platforms")
SAYS = {
    Scope.ITEMS: "tell us of items",
    Scope.UPLOADS: "ask before publishing",
    Scope.NOTICES: "pass notices on",
    Scope.STATES: "say what was applied",
    Scope.CASES: "read how a case stands",
    Scope.BANKS: "look hashes up, and keep banks of its own (HMA's clients)",
}


class KeyForm(forms.Form):
    """A new key: what for, how much it may do, how long it lasts."""

    name = forms.CharField(label="What it is for", max_length=80)
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope.value, SAYS.get(scope, scope.value)) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "A key that may do nothing is of no use: choose."},
    )
    days = forms.IntegerField(
        label="Days until it ends (empty: until it is withdrawn)",
        required=False,
        min_value=1,
        max_value=3_650,
    )


@require_safe
@permissions.permission("keys.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Every platform of this person, and its keys; never a secret."""
    return _page(request)


def _page(
    request: ConsoleRequest, form: KeyForm | None = None, *, of: str = "", key: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    mine, now = request.grants.platforms("keys.see"), timezone.now()
    seen = list(Platform.objects.filter(id__in=mine).order_by("name"))
    filters = lists.Filters(request, platforms=seen)
    rows: list[dict[str, Any]] = []
    for one in filters.among(seen):
        rows.append(
            {
                "platform": one,
                "can": connect_platform.abilities_in_words(one),
                "keys": lists.part_of(
                    request, _keys(one, now), alone=len(filters.among(seen)) == 1,
                    narrowed={"platform": one.slug},
                ),
                "manage": request.grants.may("keys.manage", one.id),
                "form": form if form is not None and of == one.slug else
                KeyForm(auto_id=f"{one.slug}-%s"),
            }
        )  # fmt: skip
    facts = {"filters": filters, "rows": rows, "key": key, "at": now}
    return show(request, "platforms.html", facts | {"list_at": LIST_AT}, status=status)


def _keys(platform: Platform, now: datetime) -> QuerySet[ApiKey]:
    """Those that get in first, then the newest."""
    over = Q(revoked_at__isnull=False) | Q(expires_at__lte=now)
    ended = Case(When(over, then=Value(1)), default=Value(0))
    return ApiKey.objects.filter(platform=platform).alias(ended=ended).order_by("ended", "-made_at")


@require_POST
@permissions.permission("keys.manage")
def add(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Make a key. It is on the page that comes back, once."""
    platform = permissions.platform_at(request, slug, "keys.manage")
    form = KeyForm(request.POST, auto_id=f"{slug}-%s")
    if not form.is_valid():
        return _page(request, form, of=slug, status=422)
    if sign_in.must_prove_again(request):
        return sign_in.prove_again(request, reverse("console:platforms"))
    now, days = timezone.now(), form.cleaned_data["days"]
    made = manage_platforms.add_key(
        platform_slug=platform.slug,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        expires_at=now + timedelta(days=days) if days else None,
        by=request.grants.staff.pk,
        now=now,
    )
    return _page(request, key=made)


@require_POST
@permissions.permission("keys.manage")
def withdraw(request: ConsoleRequest, slug: str, key_id: UUID) -> HttpResponse:
    """Take a key back, at once."""
    platform = permissions.platform_at(request, slug, "keys.manage")
    done = manage_platforms.withdraw_key(
        platform_id=platform.id, key_id=key_id, by=request.grants.staff.pk, now=timezone.now()
    )
    messages.success(request, "Withdrawn: nothing with it gets in." if done else "It had ended.")
    return redirect("console:platforms")
