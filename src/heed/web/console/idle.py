"""A session ends by itself: when nobody has done anything for a while, and after a long shift."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from heed.people.models import Staff
from heed.web.console import unsent

LONGEST_SECONDS = 12 * 60 * 60  # of one sign-in, however busy: NIST SP 800-63B, 4.2.3
NOTED_EVERY_SECONDS = 60
_SEEN, _SINCE = "heed_seen", "heed_since"
# What a page that is left open asks by itself. It keeps nobody signed in.
_BY_ITSELF = frozenset({"counts", "seconds"})


class IdleEnd:
    """Middleware, behind the check of forms: all of the console, its sign-in pages too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do before the address is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        """End a session that was left, or note that somebody is there."""
        ours = request.path.startswith("/console/") and not settings.HEED_DEMO
        if not ours or not isinstance(request.user, Staff):
            return None
        now, session = time.time(), request.session
        since, seen = session.setdefault(_SINCE, int(now)), session.get(_SEEN, now)
        if now - seen > settings.HEED_IDLE_SECONDS or now - since > LONGEST_SECONDS:
            return _end(request)
        found = request.resolver_match
        by_itself = found is not None and found.url_name in _BY_ITSELF
        if not by_itself and (_SEEN not in session or now - seen > NOTED_EVERY_SECONDS):
            session[_SEEN] = int(now)
        unsent.sent_again(request)
        return None


def _end(request: HttpRequest) -> HttpResponse:
    """Signed out; what was being sent waits for the same person."""
    was, back = request.user.pk, unsent.page_of(request)
    logout(request)
    unsent.keep(request, was)
    messages.info(
        request, "Your session has ended. Sign in to go on: what you were sending is kept."
    )
    return unsent.lead(request, f"{reverse('account_login')}?{urlencode({'next': back})}")
