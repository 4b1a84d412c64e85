"""Signing in: staff come by invitation, and never with one factor alone."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import requests
from allauth.account import views as account
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from heed.flows.invite_staff import InvitationOver, accept, note_factor
from heed.people import inviting
from heed.people.models import Staff
from heed.web.console import unsent
from heed.web.console.people_forms import AcceptForm

logger = logging.getLogger(__name__)
DEMO_SALT = "heed.console.demo-link"
DEMO_LASTS_SECONDS = 24 * 60 * 60
DEMO_SESSION = "heed_demo"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_PASSWORD_AGAIN = "reauthenticate"
_CALLED = {
    "mfa_reauthenticate": {"description": "Use your authenticator app, or a recovery code"},
    "mfa_reauthenticate:webauthn": {"description": "Use your passkey"},
}
_CHANGED = {  # what the sign-in pages say was changed, by the name of their letter
    "mfa/email/webauthn_added": "passkey added",
    "mfa/email/totp_activated": "app set up",
    "mfa/email/recovery_codes_generated": "new recovery codes",
}
_SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class ClosedSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The organisation's sign-in opens accounts that exist; it makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever was not invited has no account here, whatever the organisation says."""
        return False


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """There is no public sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by `heed staff add`, never here."""
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """In how many ways somebody can show again who they are: the password is none for who has
        a second factor (`by_password` leads back), and a passkey is called so.
        """
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        own = [one for one in ways if one["id"] != _PASSWORD_AGAIN]
        called = [one | _CALLED.get(one["id"], {}) for one in own]
        return called or ways

    def send_notification_mail(
        self, template_prefix: str, user: Any, *args: Any, **kwargs: Any
    ) -> None:
        """No letters yet: nothing of an account may hang on a mail server. The log has it."""
        what = _CHANGED.get(template_prefix)
        if what is not None:
            note_factor(staff_id=user.pk, what=what, now=timezone.now())


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Says why a code is not taken: the one that somebody came in with is used up."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This was not taken. A code works once: wait for the next one that your "
        "app shows, half a minute at most, or use another recovery code.",
    }


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
    unsent.keep(request, staff.pk)
    if _own_factor(staff):
        return _to(_proving(staff), request)
    return unsent.lead(request, reverse("mfa_index"))


def _own_factor(staff: Staff) -> bool:
    return bool(Authenticator.objects.filter(user_id=staff.pk, type__in=_SECOND_FACTORS).exists())


def _proving(staff: Staff) -> str:
    """Where this person shows a second factor of theirs."""
    totp = Authenticator.objects.filter(user_id=staff.pk, type=Authenticator.Type.TOTP)
    return reverse("mfa_reauthenticate" if totp.exists() else "mfa_reauthenticate_webauthn")


def _has_second_factor(request: HttpRequest, staff: Staff) -> bool:
    if settings.HEED_DEMO and request.session.get(DEMO_SESSION):
        return True
    enough = {"mfa", "socialaccount"}  # the organisation's own sign-in asks for its second factor
    return any(one.get("method") in enough for one in get_authentication_records(request, staff))


def must_prove_again(request: HttpRequest) -> bool:
    """Before a file of a minor: has this person shown again, and lately, who they are?"""
    staff = staff_of(request)
    if settings.HEED_DEMO:
        return False
    return staff is None or not _own_factor(staff) or not did_recently_reauthenticate(request)


def prove_again(request: HttpRequest, back_to: str) -> HttpResponse:
    """To the page that asks for the second factor once more, and from there back.

    Who comes by the organisation's sign-in alone sets up a factor of their own first.
    """
    staff = staff_of(request)
    if staff is not None:
        unsent.keep(request, staff.pk)
    if staff is None or not _own_factor(staff):
        return unsent.lead(request, reverse("mfa_index"))
    return unsent.lead(request, f"{_proving(staff)}?{urlencode({'next': back_to})}")


@never_cache
def by_password(request: HttpRequest) -> HttpResponse:
    """Who they are, by their password, for who has no second factor yet; all others show theirs."""
    staff = staff_of(request)
    if staff is None or not _own_factor(staff):
        return account.reauthenticate(request)  # type: ignore[no-any-return]
    back_to = request.POST.get("next") or request.GET.get("next", "")
    return HttpResponseRedirect(f"{_proving(staff)}?{urlencode({'next': back_to})}")


def _to(address: str, request: HttpRequest) -> HttpResponse:
    return unsent.lead(request, f"{address}?{urlencode({'next': unsent.page_of(request)})}")


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


# ------------------------------------------------------------------ invitations


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take an invitation up: a name, a password, and then the second factor."""
    found = inviting.invitation_of(token, now=timezone.now())
    if found is None:
        return render(request, "account/invitation_over.html", status=404)
    form = AcceptForm(request.POST if request.method == "POST" else None,
                      initial={"name": found.name})  # fmt: skip
    by_work = "by_work" in request.POST and bool(settings.HEED_OIDC_NAME) and not found.staff
    if by_work or form.is_valid():
        name = found.name if by_work else form.cleaned_data["name"]
        password = "" if by_work else form.cleaned_data["password"]
        try:
            staff = accept(token=token, name=name, password=password, now=timezone.now())
        except InvitationOver:
            return render(request, "account/invitation_over.html", status=404)
        if by_work:
            return HttpResponseRedirect(reverse("account_login"))
        login(request, staff, backend=_BACKEND)
        record_authentication(request, staff, method="password", reauthenticated=True)
        return HttpResponseRedirect(reverse("mfa_index"))
    facts = {"form": form, "invitation": found, "work": settings.HEED_OIDC_NAME}
    return render(request, "account/invitation.html", facts, status=422 if form.is_bound else 200)


# ------------------------------------------------------------------ the organisation's sign-in


@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the organisation's sign-in; where it does not answer, the page says so."""
    return _by_work(oidc.login, request, provider_id)


@require_safe
def work_done(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from there."""
    return _by_work(oidc.callback, request, provider_id)


def _by_work(
    step: Callable[[HttpRequest, str], HttpResponse], request: HttpRequest, provider_id: str
) -> HttpResponse:
    try:
        return step(request, provider_id)
    except (requests.RequestException, ValueError, KeyError):
        logger.warning("the organisation's sign-in did not answer as it should", exc_info=True)
        return HttpResponseRedirect(reverse("socialaccount_login_error"))
