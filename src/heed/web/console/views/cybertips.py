"""Tips to authorities: prepare, measure, read as the analyst will, approve, follow to the end."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.cases.models import Case
from heed.cases.queries.pages import CountedPages
from heed.filings import tip_queries
from heed.filings.context import NAME
from heed.filings.gathering import Chosen
from heed.filings.models import Tip
from heed.flows import hand_over_tip, prepare_tip, refresh_schema
from heed.flows.manage_operator import set_operator
from heed.flows.shared import tip_text, tipline
from heed.flows.shared.tipline import NotReady
from heed.media.models import Platform
from heed.people import queries as people
from heed.rules.tips import checks, quality
from heed.rules.tips.authorities import AUTHORITIES
from heed.rules.tips.document import thawed
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.refusals import REFUSALS
from heed.web.console.show import show
from heed.web.console.tip_forms import FiledForm, OperatorForm, TipForm

NOT_TAKEN = 422
REFUSED: tuple[type[Exception], ...] = (*REFUSALS, NotReady, hand_over_tip.NotFiledYet)
LISTS = {"owed": "Owed, and not begun", "under_way": "Under way", "ended": "Filed and withdrawn"}
FIND = "A part of a case's number, or of the authority's own number."


_QUERIED: Mapping[str, Callable[[Collection[UUID], str], QuerySet[Any]]] = {
    "owed": tip_queries.owed,
    "under_way": tip_queries.under_way,
    "ended": tip_queries.ended,
}


@require_safe
@permissions.permission("tip.see")
def overview(request: ConsoleRequest) -> HttpResponse:
    """What is owed, under way and filed, at all platforms of this reader."""
    mine = request.grants.platforms("tip.see")
    filters = lists.Filters(request, find=FIND, state=("Show", [("", "All"), *LISTS.items()]))
    words, state = filters.said("words"), filters.said("state")
    parts = {
        name: lists.part_of(
            request, queried(mine, words), alone=state == name, narrowed={"state": name},
            head=lists.ROWS if name == "owed" else lists.HEAD,
            pages=CountedPages if name == "owed" else Paginator,
        )
        for name, queried in _QUERIED.items()
        if state in ("", name)
    }  # fmt: skip
    tips = [one for name, part in parts.items() if name != "owed" for one in part.rows]
    places = tipline.environments()
    facts = {
        "filters": filters,
        **parts,
        "cases": Case.objects.only("number").in_bulk({one.case_id for one in tips}),
        "environment": next(iter(places), tipline.BY_HAND),
        "schemas": [one for where in places for one in tip_queries.schemas(where)],
        "difference": refresh_schema.difference(places),
    }
    return show(request, "tips.html", facts)


@require_POST
@permissions.permission("tip.prepare")
def fetch_schema(request: ConsoleRequest) -> HttpResponse:
    """Fetch the authority's schema now."""
    try:
        changed = refresh_schema.refresh_schema(now=timezone.now())
    except refresh_schema.NoSchema as why:
        messages.error(request, f"Not fetched: {why}")
    else:
        messages.success(request, "A new schema is in use." if changed else "It is unchanged.")
    return redirect("console:tips")


# ------------------------------------------------------------------ prepare


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("tip.prepare", "case.see")
def prepare(request: ConsoleRequest, case: Case) -> HttpResponse:
    """A new tip of this case."""
    if tip_queries.finding_of(case) is None:  # until then, who published it is not for anybody
        messages.error(request, "A tip follows from a finding: decide the case first.")
        return redirect("console:case", number=case.number)
    form = TipForm(case, request.POST if request.method == "POST" else None)
    return _prepare(request, case, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("tip.prepare", "case.see")
def change(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """A draft that is changed."""
    tip = _tip(case, tip_id)
    data = request.POST if request.method == "POST" else None
    return _prepare(request, case, TipForm(case, data, Chosen.of(tip.chosen), tip.authority), tip)


def _prepare(request: ConsoleRequest, case: Case, form: TipForm, tip: Tip | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = NOT_TAKEN
        if form.is_valid() and "preview" not in request.POST:
            try:
                kept = prepare_tip.prepare(
                    case_id=case.id,
                    chosen=form.chosen(),
                    to=form.cleaned_data["to"],
                    by=request.grants.staff.pk,
                    tip_id=tip.id if tip else None,
                    now=timezone.now(),
                )
                return redirect("console:tip", number=case.number, tip_id=kept.id)
            except REFUSALS as refused:
                form.add_error(None, str(refused))
        elif form.is_valid():
            status = 200
    facts = {"case": case, "form": form, "tip": tip, **_as_read(case, form)}
    return show(request, "tip_prepare.html", facts, status=status)


def _as_read(case: Case, form: TipForm) -> dict[str, object]:
    """How it would read, with what is typed so far."""
    usable = form.is_bound and form.is_valid()
    chosen = form.chosen() if usable else Chosen.of(form.initial)
    to = form.cleaned_data["to"] if usable else form.initial["to"]
    document, wrong = prepare_tip.preview(case_id=case.id, chosen=chosen, to=to, now=timezone.now())
    return {
        "sections": tip_text.sections(document),
        "quality": quality.of(document),
        "faults": wrong.faults if wrong else (),
    }


# ------------------------------------------------------------------ one tip


@require_safe
@permissions.permission("tip.see", "case.see")
def page(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """One tip: how it reads, where it is, what can be done."""
    return _page(request, case, _tip(case, tip_id), FiledForm())


def _page(
    request: ConsoleRequest, case: Case, tip: Tip, form: Form, status: int = 200
) -> HttpResponse:
    document = thawed(tip.document)
    involved = {one for one in (tip.prepared_by, tip.approved_by) if one is not None}
    here = {
        right.replace(".", "_"): request.grants.may(right, case.platform_id)
        for right in permissions.RIGHTS
    }
    facts = {
        "case": case,
        "tip": tip,
        "to": AUTHORITIES[tip.authority],
        "sections": tip_text.sections(document),
        "quality": quality.of(document),
        "faults": _faults(case, tip),
        "files": list(tip.files.order_by("position")),
        "earlier": tip_queries.tip_of(case, tip.adds_to) if tip.adds_to else None,
        "names": people.staff_named(involved),
        "deadline": tip_queries.report_deadline(case),
        "form": form,
        "here": here,
        "open_until": tip_queries.expires_at(tip) if tip.opened_at else None,
        "by_hand": tipline.environment(tip.authority, tip.platform_id) == tipline.BY_HAND,
        "maybe_filed": tip.asking == "finish",
    }
    return show(request, "tip.html", facts, status=status)


def _faults(case: Case, tip: Tip) -> tuple[checks.Fault, ...]:
    if tip.state not in (Tip.State.DRAFT, Tip.State.WAITING):
        return ()
    found = tipline.faults(case, thawed(tip.document), tip.authority, now=timezone.now())
    return tuple(found)


def _tip(case: Case, tip_id: UUID) -> Tip:
    found = tip_queries.tip_of(case, tip_id)
    if found is None:
        raise Http404
    return found


def _act(
    request: ConsoleRequest, case: Case, tip: Tip, act: Callable[[], object], said: str
) -> HttpResponse:
    """Do it and say so, or say why not."""
    try:
        act()
    except REFUSED as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("console:tip", number=case.number, tip_id=tip.id)


@require_safe
@permissions.permission("tip.see", "case.see")
def context(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """The text that goes with it, as the analyst will have it."""
    headers = {"Content-Disposition": f'inline; filename="{NAME}"'}
    kind = "text/plain; charset=utf-8"
    return HttpResponse(_tip(case, tip_id).context, content_type=kind, headers=headers)


@require_POST
@permissions.permission("tip.prepare", "case.see")
def send_on(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """The draft is done."""
    tip, by, now = _tip(case, tip_id), request.grants.staff.pk, timezone.now()
    return _act(
        request, case, tip, lambda: prepare_tip.send_on(tip_id=tip.id, by=by, now=now),
        "Sent on. It is filed once it is approved, or is on its way where nobody has to approve.",
    )  # fmt: skip


@require_POST
@permissions.permission("tip.approve", "case.see")
def approve(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """A senior has read it."""
    tip, by, now = _tip(case, tip_id), request.grants.staff.pk, timezone.now()
    return _act(
        request, case, tip, lambda: prepare_tip.approve(tip_id=tip.id, by=by, now=now),
        "Approved. It is being filed.",
    )  # fmt: skip


@require_POST
@permissions.permission("tip.prepare", "case.see")
def take_back(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """To be changed."""
    tip, by, now = _tip(case, tip_id), request.grants.staff.pk, timezone.now()
    return _act(
        request, case, tip, lambda: prepare_tip.take_back(tip_id=tip.id, by=by, now=now),
        "It is a draft again.",
    )  # fmt: skip


@require_POST
@permissions.permission("tip.prepare", "case.see")
def again(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """Try again now."""
    tip, by, now = _tip(case, tip_id), request.grants.staff.pk, timezone.now()
    return _act(
        request, case, tip, lambda: prepare_tip.try_again(tip_id=tip.id, by=by, now=now),
        "It is being tried again.",
    )  # fmt: skip


@require_POST
@permissions.permission("tip.approve", "case.see")
def withdraw(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """It is not told."""
    tip, by, now = _tip(case, tip_id), request.grants.staff.pk, timezone.now()
    return _act(
        request, case, tip, lambda: prepare_tip.withdraw(tip_id=tip.id, by=by, now=now),
        "Withdrawn. If the finding stands, it is still owed.",
    )  # fmt: skip


@require_POST
@permissions.permission("tip.prepare", "case.see")
def package(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """The package, to be filed by hand."""
    tip = _tip(case, tip_id)
    try:
        held = hand_over_tip.package(tip_id=tip.id, by=request.grants.staff.pk, now=timezone.now())
    except REFUSALS as refused:
        messages.error(request, str(refused))
        return redirect("console:tip", number=case.number, tip_id=tip.id)
    name = f"{case.number}-{tip.authority}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(held, content_type="application/zip", headers=headers)


@require_POST
@permissions.permission("tip.prepare", "case.see")
def filed(request: ConsoleRequest, case: Case, tip_id: UUID) -> HttpResponse:
    """It was filed by hand."""
    tip, form = _tip(case, tip_id), FiledForm(request.POST)
    if form.is_valid():
        try:
            hand_over_tip.filed_by_hand(
                tip_id=tip.id,
                report_ref=form.cleaned_data["report_ref"],
                filed_at=form.cleaned_data["filed_at"],
                by=request.grants.staff.pk,
                now=timezone.now(),
            )
            messages.success(request, "Noted as filed.")
            return redirect("console:tip", number=case.number, tip_id=tip.id)
        except REFUSED as refused:
            form.add_error(None, str(refused))
    return _page(request, case, tip, form, NOT_TAKEN)


# ------------------------------------------------------------------ the operator


@require_safe
@permissions.permission("operator.edit")
def operators(request: ConsoleRequest) -> HttpResponse:
    """The platforms whose operator this reader may name."""
    mine = Platform.objects.filter(id__in=request.grants.platforms("operator.edit"))
    facts = {
        "platforms": [
            (one, checks.missing_of(tip_queries.operator_of(one.id)))
            for one in mine.order_by("name")
        ]
    }
    return show(request, "operators.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("operator.edit")
def operator(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Who runs a platform, as authorities ask it."""
    mine = request.grants.platforms("operator.edit")
    platform = Platform.objects.filter(id__in=mine, slug=slug).first()
    if platform is None:
        raise Http404
    form = OperatorForm(
        tip_queries.profile_of(platform.id), request.POST if request.method == "POST" else None
    )
    if form.is_bound and form.is_valid():
        set_operator(
            platform_id=platform.id,
            operator=form.operator(),
            counsel=form.cleaned_data["counsel"],
            by=request.grants.staff.pk,
            now=timezone.now(),
        )
        messages.success(request, "Kept.")
        return redirect("console:operator", slug=slug)
    missing = checks.missing_of(tip_queries.operator_of(platform.id))
    facts = {"platform": platform, "form": form, "missing": missing}
    return show(request, "operator.html", facts, status=NOT_TAKEN if form.errors else 200)


def block(case: Case) -> dict[str, object]:
    """What the case page shows of its tips."""
    return {
        "tips": [(one, AUTHORITIES[one.authority]) for one in tip_queries.of_case(case.id)],
        "finding": tip_queries.finding_of(case),
        "tip_due": tip_queries.report_deadline(case),
        "preserved_until": tip_queries.kept_until(case),
    }
