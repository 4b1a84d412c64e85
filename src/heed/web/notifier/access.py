"""Who may open a private page: whoever brings its secret, which then leaves the address at once."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse

from heed.cases.models import Notice
from heed.cases.queries import own_notices

_SALT = "heed.private-page"
OPEN_FOR = timedelta(hours=1)  # without a visit; a shared telephone should not keep it longer


def path_of(number: str) -> str:
    """The address of a private page; its cookie goes nowhere else."""
    return f"/n/{number}"


def _cookie(path: str) -> str:
    """One name for each page, so that one answer can open several."""
    return "page_" + path.rpartition("/")[2]


def let_in(response: HttpResponse, path: str, secret: str) -> HttpResponse:
    """Remember the secret of the page at `path` in a cookie that only this page is sent."""
    response.set_cookie(
        _cookie(path),
        signing.dumps({"path": path, "k": secret}, salt=_SALT),
        max_age=OPEN_FOR,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def let_out(response: HttpResponse, path: str) -> HttpResponse:
    """Forget it: the back button then shows nothing."""
    response.delete_cookie(_cookie(path), path=path, samesite="Lax")
    return response


def secret_of(request: HttpRequest, path: str) -> str:
    """The secret that the cookie of this page carries; empty without one."""
    try:
        held = signing.loads(request.COOKIES.get(_cookie(path), ""), salt=_SALT, max_age=OPEN_FOR)
    except signing.BadSignature:
        return ""
    return str(held["k"]) if held.get("path") == path else ""


def required(request: HttpRequest, number: str) -> Notice:
    """The notice, or the same neutral "not here" for whatever is wrong. Raises `Http404`."""
    notice = own_notices.notice_with_secret(number, secret_of(request, path_of(number)))
    if notice is None:
        raise Http404("no page here")
    return notice
