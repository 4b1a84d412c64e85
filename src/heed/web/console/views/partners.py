"""Partners: invite them, see how often they are right, warn, pause, restore, answer an appeal."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.db.models import Case, Value, When
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.cases.queries import of_partners
from heed.flows import manage_partners as flows
from heed.media.models import Platform
from heed.people import partners
from heed.people.partner_models import Partner, PartnerNote
from heed.rules.claims import Category
from heed.rules.partners import NotWarned, Record, calls_for_a_word
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show
from heed.web.console.words import CATEGORIES

NOT_TAKEN = 422  # understood, and not done: a message says why


@require_safe
@permissions.permission("partner.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Every partner of one's platforms, and how it stands."""
    return _page(request)


def _page(
    request: ConsoleRequest, link: str = "", said: Mapping[str, object] | None = None
) -> HttpResponse:
    """The page; `said` is what was typed and not taken, with `about`: a partner's id, or empty."""
    mine = request.grants.platforms("partner.see")
    filters = lists.Filters(
        request,
        find="A part of its name.",
        state=("State", [("", "Any"), *Partner.State.choices]),
        kind=("Kind", [("", "Any"), *Partner.Kind.choices]),
    )
    found = Partner.objects.filter(
        platform_id__in=mine, name__icontains=filters.said("words"),
        **{name: filters.said(name) for name in ("state", "kind") if filters.said(name)},
    )  # fmt: skip
    first = said.get("about") if said else None  # what came back is in sight
    mended = Case(When(id=first or None, then=Value(0)), default=Value(1))
    listed = lists.page_of(request, found.alias(m=mended).order_by("m", "name", "id"), lists.CARDS)
    rows = list(listed)
    records, turns = of_partners.records([one.id for one in rows]), partners.turns(rows)
    facts = {
        "filters": filters,
        "page": listed,
        "list_at": reverse("console:partners"),
        "rows": [_row(one, records[one.id], turns.get(one.id, [])) for one in rows],
        "platforms": Platform.objects.filter(
            id__in=request.grants.platforms("partner.manage")
        ).order_by("name"),
        "kinds": Partner.Kind.choices,
        "categories": [(one.value, words) for one, words in CATEGORIES.items()],
        "link": link,
        "said": said,
    }
    return show(request, "partners.html", facts, status=NOT_TAKEN if said else 200)


def _row(partner: Partner, record: Record, turns: list[PartnerNote]) -> dict[str, object]:
    return {
        "partner": partner,
        "record": record,
        "percent": None if record.precision is None else round(record.precision * 100),
        "look": calls_for_a_word(record),
        "appeal": partners.waits_for_answer(turns),
        "notes": turns[:10],
        "fields": [CATEGORIES.get(Category(one), one) for one in partner.fields],
    }


@require_POST
@permissions.permission("partner.manage")
def invite(request: ConsoleRequest) -> HttpResponse:
    """Invite a partner; its link is shown once."""
    said = request.POST
    mine = request.grants.platforms("partner.manage")
    platform = Platform.objects.filter(slug=said.get("platform", ""), id__in=mine).first()
    fields = [Category(one) for one in said.getlist("field") if one in set(Category)]
    name = said.get("name", "").replace("\x00", "").strip()[:120]
    kind = said.get("kind", "")
    if platform is None or not fields or not name or kind not in Partner.Kind.values:
        messages.error(request, "Nobody was invited: name, kind, platform and a field are needed.")
        typed = {"about": "", "name": name, "kind": kind, "fields": said.getlist("field")}
        return _page(request, said={**typed, "platform": said.get("platform", "")})
    invited = flows.invite(
        platform_id=platform.id, name=name, kind=kind, fields=fields,
        by=request.grants.staff.pk, now=timezone.now(),
    )  # fmt: skip
    return _page(request, link=invited.link)


def _mine(request: ConsoleRequest, partner_id: UUID) -> Partner:
    mine = request.grants.platforms("partner.manage")
    partner = Partner.objects.filter(id=partner_id, platform_id__in=mine).first()
    if partner is None:
        raise Http404
    return partner


_JUDGED: dict[str, Callable[..., None]] = {
    "warn": flows.warn,
    "pause": flows.pause,
    "restore": flows.restore,
}
_REFUSED = (flows.WrongMoment, flows.NotByYou, flows.WordsMissing, NotWarned)


@require_POST
@permissions.permission("partner.manage")
def judge(request: ConsoleRequest, partner_id: UUID, how: str) -> HttpResponse:
    """Warn, pause or restore, with reasons that the partner reads."""
    partner = _mine(request, partner_id)
    if how not in _JUDGED:
        raise Http404
    reasons = request.POST.get("reasons", "").replace("\x00", "")[:10_000]
    by, now = request.grants.staff.pk, timezone.now()
    try:
        _JUDGED[how](partner_id=partner.id, reasons=reasons, by=by, now=now)
        messages.success(request, f"{partner.name}: the partner reads it on its page.")
    except _REFUSED as refusal:
        messages.error(request, f"Nothing was changed: {refusal}.")
        return _page(request, said={"about": partner.id, "judged": reasons})
    return redirect("console:partners")


@require_POST
@permissions.permission("partner.manage")
def answer(request: ConsoleRequest, partner_id: UUID) -> HttpResponse:
    """Answer a partner's appeal; whoever warned or paused it may not."""
    partner = _mine(request, partner_id)
    reasons = request.POST.get("reasons", "").replace("\x00", "")[:10_000]
    agrees = request.POST.get("agrees") == "yes"
    by, now = request.grants.staff.pk, timezone.now()
    try:
        flows.answer_appeal(partner_id=partner.id, agrees=agrees, reasons=reasons, by=by, now=now)
        messages.success(request, f"{partner.name} reads your answer on its page.")
    except _REFUSED as refusal:
        messages.error(request, f"Nothing was changed: {refusal}.")
        return _page(request, said={"about": partner.id, "answered": reasons, "agrees": agrees})
    return redirect("console:partners")
