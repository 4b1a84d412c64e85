"""Signing in: staff come by invitation, and never with one factor alone."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from heed.people.models import Staff

DEMO_SALT = "heed.console.demo-link"
DEMO_LASTS_SECONDS = 24 * 60 * 60
DEMO_SESSION = "heed_demo"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """There is no public sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by `heed staff add`, never here."""
        return False

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No letters yet: nothing of an account may hang on a mail server."""


def staff_of(request: HttpRequest) -> Staff | None:
    """Who is signed in, if anybody."""
    return request.user if isinstance(request.user, Staff) else None


def missing_factor(request: HttpRequest) -> HttpResponse | None:
    """Where to go first, when this session does not have both factors; None when it has."""
    staff = staff_of(request)
    if staff is None:
        return _to(reverse("account_login"), request)
    if _has_second_factor(request, staff):
        return None
    if Authenticator.objects.filter(user_id=staff.pk, type__in=_SECOND_FACTORS).exists():
        return _to(reverse("mfa_reauthenticate"), request)
    return HttpResponseRedirect(reverse("mfa_activate_totp"))


def _has_second_factor(request: HttpRequest, staff: Staff) -> bool:
    if settings.HEED_DEMO and request.session.get(DEMO_SESSION):
        return True
    return any(one.get("method") == "mfa" for one in get_authentication_records(request, staff))


def must_prove_again(request: HttpRequest) -> bool:
    """Before a file of a minor: has this person shown again, and lately, who they are?"""
    return not settings.HEED_DEMO and not did_recently_reauthenticate(request)


def prove_again(back_to: str) -> HttpResponse:
    """To the page that asks for the second factor once more, and from there back."""
    return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back_to})}")


def _to(address: str, request: HttpRequest) -> HttpResponse:
    """A form that was sent without a session can't be resumed: its sender starts at the queue."""
    back = request.get_full_path() if request.method == "GET" else reverse("console:queue")
    return HttpResponseRedirect(f"{address}?{urlencode({'next': back})}")


# ------------------------------------------------------------------ the demonstration


def demo_link(staff_id: UUID) -> str:
    """A path that signs this person in with one click, for a day, while the demo runs."""
    token = signing.dumps(str(staff_id), salt=DEMO_SALT)
    return reverse("console:demo", kwargs={"token": token})


@never_cache
@require_safe
def demo_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """One click in a demonstration; anywhere else there is no such page."""
    if not settings.HEED_DEMO:
        raise Http404
    try:
        staff_id = signing.loads(token, salt=DEMO_SALT, max_age=DEMO_LASTS_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    staff = Staff.objects.filter(id=staff_id, is_active=True).first()
    if staff is None:
        raise Http404
    login(request, staff, backend=_BACKEND)
    request.session[DEMO_SESSION] = True
    return HttpResponseRedirect(reverse("console:queue"))
