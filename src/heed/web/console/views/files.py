"""Looking at a file: asked for, logged, and never kept by the browser."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.models import Case
from heed.cases.queries import case_files
from heed.cases.queries.case_files import Shown
from heed.flows import view_file
from heed.hashing.kinds import VIDEO
from heed.media.models import File
from heed.people import exposure
from heed.rules import health as rules
from heed.rules.claims import Category
from heed.web.console import permissions, sign_in
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import playing, show

VARIANTS = {*view_file.STILL, *view_file.MOVING, view_file.METADATA}
# Of a child: all that can be made out, also where a picture was taken.
PROVEN_AGAIN = VARIANTS - {"blurred", "moving-blurred"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a video this is, and how far one has come."""

    from_ms: int
    until_ms: int
    last: bool
    about_ms: int | None
    watched: exposure.Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file as it was shown, or why it was not."""

    file: File
    variant: str
    name: str
    uri: str = ""  # the bytes themselves, in the page: one look is one answer, and one log line
    kind: str = ""
    why_not: str = ""
    rows: Sequence[Sequence[str]] | None = None  # what it says of itself
    viewing_id: UUID | None = None
    rest: bool = False  # enough for now
    part: Part | None = None  # of a video


@require_POST
@permissions.permission("file.open")
def look(request: ConsoleRequest, case: Case, file_id: UUID, variant: str) -> HttpResponse:
    """Show one file of the case, blurred or in full. Each is a look of its own in the log."""
    file = _file(request, case, file_id, variant)
    if case.about_child and variant in PROVEN_AGAIN and sign_in.must_prove_again(request):
        return _prove_again(request, case)
    graver = _gets_graver(request, case) and "warned" not in request.POST
    if graver:
        part = "_graver.html" if request.headers.get("HX-Request") else "graver.html"
        facts = {"case": case, "file": file, "variant": variant, "from_ms": _from_ms(request)}
        return show(request, part, facts)
    seen = _look(request, case, file, variant, _named(case, file))
    part = "_seen.html" if request.headers.get("HX-Request") else "seen.html"
    return playing(show(request, part, {"case": case, "seen": seen, "may_open": True}))


@require_safe
@permissions.permission("copy.judge")
def compare(request: ConsoleRequest, case: Case, file_id: UUID) -> HttpResponse:
    """The page on which a near copy is judged; nothing is shown before it is asked for."""
    return _not_opened(request, case, _near(case, file_id))


def _not_opened(request: ConsoleRequest, case: Case, near: Shown) -> HttpResponse:
    may_open = request.grants.may_open_files(case)
    facts = {
        "case": case,
        "near": near,
        "may_open": may_open,
        "graver": may_open and _gets_graver(request, case),
        "compared": case_files.has_seen(case, request.grants.staff.pk, near.file.id),
    }
    return show(request, "compare.html", facts)


@require_POST
@permissions.permission("file.open")
def look_at_both(request: ConsoleRequest, case: Case, file_id: UUID) -> HttpResponse:
    """The case's file and the near one side by side, both blurred: two looks in the log."""
    near = _near(case, file_id)
    own = [one.file for one in case_files.files(case)][:1]
    for file in (*own, near.file):
        _file(request, case, file.id, "blurred")
    if _gets_graver(request, case) and "warned" not in request.POST:
        return _not_opened(request, case, near)
    both = [_look(request, case, file, "blurred", "The file of this case") for file in own]
    both.append(_look(request, case, near.file, "blurred", "The near copy"))
    compared = case_files.has_seen(case, request.grants.staff.pk, file_id)
    facts = {"case": case, "near": near, "both": both, "may_open": True, "compared": compared}
    return show(request, "compare.html", facts)


def _named(case: Case, file: File) -> str:
    own = case.file_id is None or file.id == case.file_id
    near = not own and any(
        one.file.id == file.id for of in case_files.near_files(case) for one in of
    )
    return "The near copy" if near else "The file of this case"


def _near(case: Case, file_id: UUID) -> Shown:
    waiting, judged = case_files.near_files(case)
    for one in waiting + judged:
        if one.file.id == file_id:
            return one
    raise Http404


def _gets_graver(request: ConsoleRequest, case: Case) -> bool:
    now = timezone.now()
    looks = exposure.looks_of(request.grants.staff.pk, now=now)
    severity = rules.severity(Category(case.category), about_a_child=case.about_child)
    return rules.gets_graver(looks, severity, now)


def _file(request: ConsoleRequest, case: Case, file_id: UUID, variant: str) -> File:
    """A file that this person may open here. To anybody else there is no such address."""
    file = case_files.file_of(case, file_id)
    moves = variant in view_file.MOVING
    if file is None or variant not in VARIANTS or (moves and file.kind != VIDEO):
        raise Http404
    if not request.grants.may_open_files(case):
        raise Http404
    return file


def _from_ms(request: ConsoleRequest) -> int:
    said = request.POST.get("from_ms", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _look(request: ConsoleRequest, case: Case, file: File, variant: str, name: str) -> Seen:
    by, from_ms = request.grants.staff.pk, _from_ms(request)
    try:
        viewed = view_file.view_file(
            case_id=case.id,
            file_id=file.id,
            variant=variant,
            from_ms=from_ms,
            by=by,
            now=timezone.now(),
        )
    except (view_file.NotViewable, view_file.MayNotView, view_file.NeedsRest) as refused:
        rest = isinstance(refused, view_file.NeedsRest)
        return Seen(file=file, variant=variant, name=name, why_not=str(refused), rest=rest)
    if variant == view_file.METADATA:
        rows = json.loads(viewed.body)
        return Seen(file=file, variant=variant, name=name, rows=rows)
    uri = f"data:{viewed.mime};base64,{base64.b64encode(viewed.body).decode()}"
    kind = viewed.mime.partition("/")[0]
    part = None
    if viewed.until_ms is not None:
        part = Part(
            from_ms=from_ms, until_ms=viewed.until_ms, last=viewed.last, about_ms=viewed.about_ms,
            watched=exposure.watched(by, case.id, file.id),
        )  # fmt: skip
    return Seen(
        file=file, variant=variant, name=name, uri=uri, kind=kind, viewing_id=viewed.viewing_id,
        part=part,
    )  # fmt: skip


def _prove_again(request: ConsoleRequest, case: Case) -> HttpResponse:
    return sign_in.prove_again(request, reverse("console:case", kwargs={"number": case.number}))
