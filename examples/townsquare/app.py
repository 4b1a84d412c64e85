"""The site: who may see what, and how a post is made."""

import contextlib
import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from sqlite3 import Row

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed_client import Callbacks, NotAnEvent, NotFromHeed

from . import pages
from .courier import Courier, NotAnswered
from .media import LARGEST_BYTES, NotMedia, Shelf
from .obey import judge_upload, keep_statements
from .store import Json, NotReshareable, Store, Upload, answer_for

CSS = (Path(__file__).parent / "town.css").read_text()
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="2"'
    ' fill="#a8381f"/><path d="M2 2h4M4 2v4" stroke="#fff" stroke-width="1.2"/></svg>'
)
NAME = re.compile(r"[a-z0-9_-]{2,24}")
MOST_FILES = 4
LONGEST_TEXT = 2000
HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; media-src 'self';"
    " style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",  # what lies in a cache can't be taken down
}


class Refused(Exception):
    """The request can't be done. The number is the answer's status; the words are in `pages`."""

    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class Site:
    """The parts that the pages work with."""

    store: Store
    shelf: Shelf
    callbacks: Callbacks
    courier: Courier
    heed_url: str
    public_url: str
    evidence_token: str
    looked: set[str] = field(default_factory=set)  # items that Heed has fetched

    async def publish(
        self, account: str, text: str, data: Sequence[bytes], sender: str = ""
    ) -> str:
        """Make a post: keep it back, ask Heed about each file, publish it if all are allowed."""
        uploads: list[Upload] = [self.shelf.put(one) for one in data]
        ref = self.store.post(account, text, uploads, sender)
        with contextlib.suppress(NotAnswered):  # then it stays held; the courier asks again
            await self.courier.ask(ref)
        self.courier.wake.set()
        return ref

    def reshare(self, account: str, ref: str) -> str:
        """Reshare, as a click does."""
        new = self.store.reshare(account, ref)
        self.courier.wake.set()
        return new

    def shown(self, ref: str) -> Row:
        """The item, if visitors may see it; else `Refused` with 404 or 410."""
        item = self.store.item(ref)
        status = answer_for(item)
        if item is None or status != 200:
            raise Refused(status)
        return item

    def file(self, ref: str, n: int, *, at_home: bool = True) -> Row:
        """The n-th file of an item, from 0. Visitors get it at its home: a reshare serves none."""
        files = self.store.files([ref])[ref]
        if n >= len(files) or (at_home and files[n]["home"] != ref):
            raise Refused(404)
        return files[n]


Door = Callable[[Request, Site], Awaitable[Response]]


def account_of(request: Request) -> str:
    """Who is asking: the cookie's name, or for programs the header's. Else `Refused`."""
    name = request.headers.get("x-account") or request.cookies.get("townsquare") or ""
    if not NAME.fullmatch(name):
        raise Refused(401)
    return name


def frame_of(request: Request, site: Site, *, ads: bool = True) -> pages.Frame:
    """What the page around needs."""
    name = request.cookies.get("townsquare", "")
    viewer = name if NAME.fullmatch(name) else None
    top = site.store.trending(1) if ads else []
    return pages.Frame(viewer, site.heed_url, site.public_url, top[0] if top else None)


def show(request: Request, site: Site, title: str, posts: Sequence[Row], *around: str) -> Response:
    """A page of posts; being listed counts as being viewed."""
    refs = [post["id"] for post in posts]
    count_views(request, site, refs)
    frame = frame_of(request, site)
    top, bottom = (*around, "", "")[:2]
    body = top + pages.listing(frame, title, posts, site.store.files(refs)) + bottom
    return HTMLResponse(pages.page(frame, title, body, request.query_params.get("q", "")))


def count_views(request: Request, site: Site, refs: Sequence[str]) -> None:
    """People's views are counted. Heed's looks are not: it only checks what can be seen."""
    if request.headers.get("user-agent", "").startswith("Heed/"):
        site.looked.update(refs)
    else:
        site.store.seen(refs)


async def feed(request: Request, site: Site) -> Response:
    """The newest posts."""
    before = request.query_params.get("before", "")
    posts = site.store.feed(int(before) if before.isdecimal() and len(before) < 16 else None)
    top = pages.composer(frame_of(request, site, ads=False))
    return show(request, site, "The square", posts, top, pages.older(posts))


async def search(request: Request, site: Site) -> Response:
    """Posts by words."""
    words = request.query_params.get("q", "").strip()[:100]
    return show(request, site, f"Found for “{words}”", site.store.search(words) if words else [])


async def trending(request: Request, site: Site) -> Response:
    """The most viewed."""
    return show(request, site, "Trending", site.store.trending())


async def profile(request: Request, site: Site) -> Response:
    """One account's posts, and to itself those that wait."""
    name = request.path_params["name"]
    own = name == request.cookies.get("townsquare")
    top = pages.waiting(site.store.waiting(name)) if own else ""
    return show(request, site, f"@{name}", site.store.profile(name), top)


async def messages(request: Request, site: Site) -> Response:
    """What the account was told about its posts."""
    query = "SELECT * FROM messages WHERE account = ? ORDER BY at DESC"
    body = pages.messages(site.store.rows(query, account_of(request)))
    return HTMLResponse(pages.page(frame_of(request, site), "Messages", body))


async def item(request: Request, site: Site) -> Response:
    """One post and its reshares. A limited one earns nothing: no advertisement beside it."""
    post = site.shown(request.path_params["ref"])
    count_views(request, site, [post["id"]])
    frame = frame_of(request, site, ads=post["visibility"] == "visible")
    again = site.store.reshares(post["id"])
    files = site.store.files([post["id"]])
    body = pages.card(frame, post, files, large=True) + pages.reshared_by(again)
    return HTMLResponse(pages.page(frame, f"@{post['account']}", body))


async def whole_file(request: Request, site: Site) -> Response:
    """The bytes of a file that visitors may see."""
    ref = site.shown(request.path_params["ref"])["id"]
    return bytes_of(site, site.file(ref, request.path_params["n"]))


async def small_file(request: Request, site: Site) -> Response:
    """Its small version."""
    ref = site.shown(request.path_params["ref"])["id"]
    file = site.file(ref, request.path_params["n"])
    try:
        path = await site.shelf.preview(file["sha256"], file["type"])
    except NotMedia:
        raise Refused(404) from None
    site.shown(ref)  # drawing takes a moment, and it may have been hidden meanwhile
    return FileResponse(path, media_type="image/jpeg")


async def evidence(request: Request, site: Site) -> Response:
    """The bytes of a file in whatever state, for Heed alone. The token is asked for first."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), site.evidence_token.encode()):
        raise Refused(401)
    ref, n = request.path_params["ref"], request.path_params["n"]
    return bytes_of(site, site.file(ref, n, at_home=False))


def bytes_of(site: Site, file: Row) -> Response:
    """A file as an answer."""
    path = site.shelf.path(file["sha256"])
    if not path.exists():
        raise Refused(404)
    return FileResponse(path, media_type=file["type"])


async def enter(request: Request, site: Site) -> Response:
    """Come in under a name; there is no password, these are demo accounts."""
    async with request.form() as form:
        name = str(form.get("name", "")).strip().lower()
    if not NAME.fullmatch(name):
        raise Refused(401)
    response = RedirectResponse("/", 303)
    response.set_cookie("townsquare", name, httponly=True, samesite="lax")
    return response


async def leave(request: Request, site: Site) -> Response:
    """Leave."""
    response = RedirectResponse("/", 303)
    response.delete_cookie("townsquare")
    return response


async def posted(request: Request, site: Site) -> Row:
    """Make the post that a form or a program sent."""
    account = account_of(request)
    if int(request.headers.get("content-length") or 0) > MOST_FILES * LARGEST_BYTES + 65536:
        raise Refused(413)
    async with request.form(max_files=MOST_FILES + 1) as form:
        text = str(form.get("text", "")).strip()[:LONGEST_TEXT]
        uploads = [f for f in form.getlist("files") if isinstance(f, UploadFile) and f.size]
        if len(uploads) > MOST_FILES or any((f.size or 0) > LARGEST_BYTES for f in uploads):
            raise Refused(413)
        data = [await upload.read() for upload in uploads]
    if not text and not data:
        raise Refused(422)
    sender = f"{request.client.host} {request.client.port}" if request.client else ""
    made = site.store.item(await site.publish(account, text, data, sender))
    assert made is not None
    return made


async def post_form(request: Request, site: Site) -> Response:
    """A post from the page: straight to it, or to the profile that says it is being checked."""
    made = await posted(request, site)
    if made["status"] == "refused":
        raise Refused(422)
    held = made["status"] == "held"
    return RedirectResponse(f"/u/{made['account']}" if held else f"/p/{made['id']}", 303)


async def post_json(request: Request, site: Site) -> Response:
    """A post from a program."""
    made = await posted(request, site)
    statuses = {"published": 201, "held": 202, "refused": 422}
    return JSONResponse(as_json(site, made), statuses[made["status"]])


def as_json(site: Site, made: Row) -> Json:
    """An item for programs."""
    ref = made["id"]
    files = [
        {
            "sha256": f["sha256"],
            "url": f"{site.public_url}/f/{f['home']}/{f['n']}",
            "preview_url": f"{site.public_url}/t/{f['home']}/{f['n']}",
        }
        for f in site.store.files([ref])[ref]
    ]
    return {
        "id": ref,
        "url": f"{site.public_url}/p/{ref}",
        "status": made["status"],
        "files": files,
    }


async def reshare_form(request: Request, site: Site) -> Response:
    """A click on Reshare."""
    return RedirectResponse(f"/p/{reshared(request, site)['id']}", 303)


async def reshare_json(request: Request, site: Site) -> Response:
    """The same from a program."""
    return JSONResponse(as_json(site, reshared(request, site)), 201)


def reshared(request: Request, site: Site) -> Row:
    """Reshare what the path names."""
    ref = site.shown(request.path_params["ref"])["id"]
    try:
        made = site.store.item(site.reshare(account_of(request), ref))
    except NotReshareable:
        raise Refused(409) from None
    assert made is not None
    return made


async def delete(request: Request, site: Site) -> Response:
    """The author deletes a post."""
    ref = site.shown(request.path_params["ref"])["id"]
    if not site.store.delete(account_of(request), ref):
        raise Refused(404)
    site.courier.wake.set()
    return RedirectResponse("/", 303)


async def callback(request: Request, site: Site) -> Response:
    """What Heed tells us. Signed, or it is nothing."""
    try:
        event = site.callbacks.opened(await request.body(), request.headers)
    except NotFromHeed:
        return JSONResponse({"title": "The signature does not hold."}, 401)
    except NotAnEvent:
        return JSONResponse({"title": "That is no event."}, 400)
    match event["type"]:
        case "states.desired":
            return JSONResponse({"results": site.courier.obey(site.store, event["states"])})
        case "statements.issued":
            keep_statements(site.store, event["id"], event["statements"])
        case "upload.released" | "upload.blocked":
            site.courier.drop_refused(judge_upload(site.store, event))
            site.courier.wake.set()
    return JSONResponse({})  # a kind of event that we don't know yet is no failure


async def css(request: Request, site: Site) -> Response:
    """The style sheet."""
    return Response(CSS, media_type="text/css", headers={"cache-control": "max-age=300"})


async def icon(request: Request, site: Site) -> Response:
    """The picture in the browser's tab."""
    return Response(ICON, media_type="image/svg+xml", headers={"cache-control": "max-age=300"})


ROUTES: list[tuple[str, str, Door]] = [
    ("GET", "/", feed),
    ("GET", "/search", search),
    ("GET", "/trending", trending),
    ("GET", "/messages", messages),
    ("GET", "/town.css", css),
    ("GET", "/icon.svg", icon),
    ("GET", "/u/{name}", profile),
    ("GET", "/p/{ref}", item),
    ("GET", "/f/{ref}/{n:int}", whole_file),
    ("GET", "/t/{ref}/{n:int}", small_file),
    ("GET", "/evidence/{ref}/{n:int}", evidence),
    ("POST", "/enter", enter),
    ("POST", "/leave", leave),
    ("POST", "/posts", post_form),
    ("POST", "/p/{ref}/reshare", reshare_form),
    ("POST", "/p/{ref}/delete", delete),
    ("POST", "/api/posts", post_json),
    ("POST", "/api/posts/{ref}/reshare", reshare_json),
    ("POST", "/heed/callback", callback),
]


def build(site: Site, more: Sequence[tuple[str, str, Door]] = ()) -> ASGIApp:
    """The site as an ASGI application."""

    def endpoint(door: Door) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await door(request, site)
            except Refused as refused:
                return refusal(request, site, refused.status)
            except NotMedia:
                return refusal(request, site, 415)

        return answer

    async def not_found(request: Request, _: Exception) -> Response:
        return refusal(request, site, 404)

    routes = [Route(path, endpoint(door), methods=[how]) for how, path, door in (*ROUTES, *more)]
    return with_headers(Starlette(routes=routes, exception_handlers={404: not_found}))


def refusal(request: Request, site: Site, status: int) -> Response:
    """A neutral no, as a page or for programs."""
    if request.url.path.startswith(("/api/", "/heed/", "/evidence/")):
        return JSONResponse({"title": HTTPStatus(status).phrase, "status": status}, status)
    frame = frame_of(request, site, ads=False)
    return HTMLResponse(pages.page(frame, HTTPStatus(status).phrase, pages.neutral(status)), status)


def with_headers(app: ASGIApp) -> ASGIApp:
    """Add the safe headers to every answer."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, sending)

    return wrapped
