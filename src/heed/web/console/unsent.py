"""What somebody sent while their session was over, or before they had shown who they are again, or
to a page that could not take it.

Nothing of it was done, and nothing of it is lost: it waits in the browser's own session, for this
person alone, until they send it again or forget it. Files have to be chosen again.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

LASTS_SECONDS = 24 * 60 * 60
_KEPT = "heed_unsent"
# A look is asked for afresh, and what the page says by itself is nobody's words.
_NEVER = frozenset({"look", "look_at_both", "seconds", "forget_unsent"})
_SIGN_IN = "/console/sign-in/"  # passwords and codes are typed there, and nowhere else
_A_TEXT = 12  # characters: what is shorter is a choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A form that waits to be sent again."""

    path: str
    at: datetime
    fields: tuple[tuple[str, str], ...]
    files: bool  # it had files, which no page may choose for anybody

    @property
    def texts(self) -> list[str]:
        """What was written, as opposed to chosen."""
        return [value for _, value in self.fields if len(value) >= _A_TEXT]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What was chosen, by the name of its field: nobody sends on what they can't see."""
        short = [(name, value) for name, value in self.fields if 0 < len(value) < _A_TEXT]
        return [(name.rpartition("-")[2].replace("_", " "), value) for name, value in short]


def keep(request: HttpRequest, by: object) -> None:
    """Keep what this request brought, for this person, in the session as it is now."""
    found = request.resolver_match
    never = found is not None and found.url_name in _NEVER
    if request.method != "POST" or never or request.path.startswith(_SIGN_IN):
        return
    said = [(name, one) for name, every in request.POST.lists() for one in every]
    fields = [pair for pair in said if pair[0] != "csrfmiddlewaretoken" and pair[1]]
    if fields:
        request.session[_KEPT] = {
            "by": str(by),
            "path": request.get_full_path(),
            "at": int(time.time()),
            "fields": fields,
            "files": bool(request.FILES),
        }


def of(request: HttpRequest) -> Unsent | None:
    """What waits for who is signed in now."""
    kept = request.session.get(_KEPT)
    if not kept or kept["by"] != str(request.user.pk):
        return None
    if time.time() - kept["at"] > LASTS_SECONDS:
        forget(request)
        return None
    return Unsent(
        path=kept["path"],
        at=datetime.fromtimestamp(kept["at"], UTC),
        fields=tuple((name, value) for name, value in kept["fields"]),
        files=kept["files"],
    )


def forget(request: HttpRequest) -> None:
    """It was sent again, or is not wanted."""
    request.session.pop(_KEPT, None)


def sent_again(request: HttpRequest) -> None:
    """A form that goes where the kept one wanted to go takes its place."""
    kept = request.session.get(_KEPT) if request.method == "POST" else None
    if kept and kept["path"] == request.get_full_path():
        forget(request)


def lead(request: HttpRequest, address: str) -> HttpResponse:
    """To another page: also where only a part of one was asked for."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def page_of(request: HttpRequest) -> str:
    """Where somebody was: the page asked for, or the one on which the form stood."""
    part = request.method != "GET" or request.headers.get("HX-Request")
    if not part:
        return request.get_full_path()
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc == request.get_host() and came.path.startswith("/console/"):
        return came.path
    return reverse("console:queue")
