"""Where somebody is signed in, for their own page: noted, and not anew with every page."""

from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.usersessions.middleware import UserSessionsMiddleware
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

NOTED_EVERY = timedelta(minutes=1)  # the page that shows it shows minutes


class OncePerMinute(UserSessionsMiddleware):  # type: ignore[misc]
    """Writes where and when a session was seen; at once when address or browser are others."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A write, and the wait for the disk, at most once a minute and session."""
        seen: HttpResponse = (
            self.get_response(request) if _just_noted(request) else super().__call__(request)
        )
        return seen


def _just_noted(request: HttpRequest) -> bool:
    if not request.session.session_key or not request.user.is_authenticated:
        return False
    longest = UserSession._meta.get_field("user_agent").max_length
    return bool(
        UserSession.objects.filter(
            user=request.user,
            session_key=request.session.session_key,
            ip=get_adapter().get_client_ip(request),
            user_agent=request.META.get("HTTP_USER_AGENT", "")[:longest],
            last_seen_at__gt=timezone.now() - NOTED_EVERY,
        ).exists()
    )
