"""Who calls: the key of a request, and what it may do."""

from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from heed.media.keys import Caller, Scope, caller_with
from heed.web.platform_api.problems import Problem
from heed.web.platform_api.remedies import Wrong


class ApiKey(HttpBearer):
    """A key with one scope. Without a valid key it is a 401, without the scope a 403."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The caller, for `caller_of`."""
        caller = caller_with(token.strip(), now=timezone.now())
        if caller is not None and self.scope not in caller.scopes:
            detail = f"This key lacks the scope `{self.scope}`."
            remedy = f"ask whoever runs Heed for a key with the scope {self.scope}"
            raise Problem(403, detail, [Wrong("Authorization", remedy)])
        return caller


def caller_of(request: HttpRequest) -> Caller:
    """Whose key came with this request."""
    return cast(Caller, request.auth)  # type: ignore[attr-defined]
