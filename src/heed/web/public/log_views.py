"""The public log, as c2sp.org/tlog-tiles serves it: checkpoint, tiles, entry bundles, keys."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from heed.ledger import queries
from heed.ledger.tiles import ENTRIES, NotATile, bundle, join, parse_path, width_at

_FOREVER = "public, max-age=31536000, immutable"  # a tile never changes
_BRIEFLY = "public, max-age=1"  # a receipt is promised its place within seconds
_TEXT = "text/plain; charset=utf-8"


def _answer(content: bytes | str, kind: str, caching: str) -> HttpResponse:
    """Anybody may read the log, from a page of any site."""
    headers = {"Cache-Control": caching, "Access-Control-Allow-Origin": "*"}
    return HttpResponse(content, content_type=kind, headers=headers)


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint; 404 while nothing was ever sealed."""
    note = queries.latest_note()
    if note is None:
        raise Http404("nothing was sealed yet")
    return _answer(note, _TEXT, _BRIEFLY)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The log's verifier keys, one a line, that of its present name first."""
    keys = queries.vkeys()
    if not keys:
        raise Http404("the log has no key yet")
    return _answer("".join(f"{vkey}\n" for vkey in keys), _TEXT, "public, max-age=60")


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or an entry bundle, full or partial, that the newest checkpoint covers."""
    try:
        asked = parse_path(path)
    except NotATile:
        raise Http404("no such tile") from None
    if asked.width > width_at(queries.published_size(), asked.level, asked.index):
        raise Http404("the log has not come so far")
    if asked.level == ENTRIES:
        content = bundle(queries.read_leaves(asked.index, asked.width))
    else:
        content = join(queries.read_tile(asked.level, asked.index, asked.width))
    return _answer(content, "application/octet-stream", _FOREVER)
