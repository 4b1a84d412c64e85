"""Banks: what is in them, what a match does, and what it would do if they were on."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import manage_banks as flow
from heed.flows.shared.bank_files import Unreadable
from heed.media import meeting
from heed.media.models import Bank, Platform
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show
from heed.web.console.words import CATEGORIES

MOST_BYTES = 32 << 20
NOT_TAKEN = 422
REFUSALS = (flow.BankExists, flow.PolicyRefused, flow.NoSuchBank, flow.NotTried, Unreadable)
ON_UPLOAD = [
    ("nothing", "Let it in"),
    ("hold", "Hold it until a person has looked"),
    ("block", "Refuse the very same bytes, hold what looks alike"),
]
ON_REGISTERED = [
    ("nothing", "Nothing"),
    ("person", "Ask for a person"),
    ("hide", "Hide it until a person has looked"),
]


STATES = ("State", [("", "On and off"), ("on", "On"), ("off", "Off")])


class PolicyForm(forms.Form):
    """What a match does."""

    category = forms.ChoiceField(label="What it is about", choices=list(CATEGORIES.items()))
    on_upload = forms.ChoiceField(label="An upload that matches", choices=ON_UPLOAD)
    on_registered = forms.ChoiceField(
        label="Something published that matches", choices=ON_REGISTERED
    )
    trusted = forms.BooleanField(
        label="Trusted: what it knows byte for byte is decided without being opened",
        required=False,
    )
    threshold_bits = forms.IntegerField(
        label="Bits of 256 that may differ", min_value=0, max_value=40, initial=31
    )
    enabled_share = forms.FloatField(
        label="Share of files that it is asked about, 0 to 1", min_value=0, max_value=1, initial=1
    )

    def policy(self) -> flow.Policy:
        """As the flow takes it."""
        return flow.Policy(**{name: self.cleaned_data[name] for name in PolicyForm.base_fields})


class NewForm(PolicyForm):
    """A new bank."""

    name = forms.CharField(label="Name", max_length=80)
    platform = forms.ChoiceField(label="Where")
    field_order = ("name", "platform")

    def __init__(self, choices: list[tuple[str, str]], data: Any = None) -> None:
        first = choices[0][0] if choices else ""  # not what all share, unless somebody says so
        super().__init__(data, initial={"platform": first})
        self.fields["platform"].choices = choices  # type: ignore[attr-defined]


def _where(request: ConsoleRequest) -> list[tuple[str, str]]:
    mine = request.grants.platforms("bank.change")
    every = list(Platform.objects.order_by("name"))
    own = [(one.slug, one.name) for one in every if one.id in mine]
    return own + ([("", "All platforms")] if len(own) == len(every) else [])


def _rows(request: ConsoleRequest, right: str) -> QuerySet[Bank]:
    """Those that this person may see; shared ones are for whoever has the right anywhere."""
    return meeting.lasting_banks(request.grants.platforms(right))


def _one(request: ConsoleRequest, bank_id: UUID, right: str) -> dict[str, Any]:
    for row in meeting.told_of(_rows(request, right).filter(id=bank_id)):
        every = Platform.objects.count() == len(request.grants.platforms(right))
        row["mine"] = row["platform_id"] is not None or every
        if right == "bank.change" and not row["mine"]:
            raise Http404
        return row
    raise Http404


@require_safe
@permissions.permission("bank.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """All banks, those that are on first."""
    return _page(request, NewForm(_where(request)))


def _page(request: ConsoleRequest, form: NewForm) -> HttpResponse:
    mine = request.grants.platforms("bank.see")
    platforms = list(Platform.objects.filter(id__in=mine).order_by("name"))
    filters = lists.Filters(request, find="A part of its name.", platforms=platforms, state=STATES)
    found = _rows(request, "bank.see").filter(name__icontains=filters.said("words"))
    if filters.said("platform"):
        found = found.filter(platform__in=filters.among(platforms))
    if filters.said("state"):
        found = found.filter(enabled=filters.said("state") == "on")
    listed = lists.page_of(request, found)
    facts = {
        "filters": filters,
        "page": listed,
        "rows": meeting.told_of(listed),
        "on_upload": dict(ON_UPLOAD),
        "on_registered": dict(ON_REGISTERED),
        "form": form,
        "list_at": reverse("console:banks"),
    }
    return show(request, "banks.html", facts, status=NOT_TAKEN if form.errors else 200)


@require_POST
@permissions.permission("bank.change")
def make(request: ConsoleRequest) -> HttpResponse:
    """A new bank, which is off."""
    form = NewForm(_where(request), request.POST)
    if form.is_valid():
        try:
            bank = flow.make_bank(
                name=form.cleaned_data["name"],
                platform_slug=form.cleaned_data["platform"],
                policy=form.policy(),
                by=_by(request),
                now=timezone.now(),
            )
        except REFUSALS as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, "The bank is there, and off. Fill it, then try it.")
            return redirect("console:bank", bank_id=bank.id)
    return _page(request, form)


def _by(request: ConsoleRequest) -> str:
    return f"staff:{request.grants.staff.pk}"


@require_safe
@permissions.permission("bank.see")
def one(request: ConsoleRequest, bank_id: UUID) -> HttpResponse:
    """One bank, and what it would touch."""
    return _shown(request, _one(request, bank_id, "bank.see"))


def _shown(
    request: ConsoleRequest, row: dict[str, Any], form: PolicyForm | None = None, **more: Any
) -> HttpResponse:
    status = NOT_TAKEN if form is not None or more else 200
    mine = request.grants.platforms("bank.see")
    facts = {
        "row": {**row, "tried": _tried_at(row["tried"] or {}, mine)},
        "form": form or PolicyForm(initial=row),
        "recent": meeting.recent_matches(row["id"], mine),
        "sources": meeting.sources(row["id"]),
        **more,
    }
    return show(request, "bank.html", facts, status=status)


def _tried_at(tried: Mapping[str, Any], mine: Collection[UUID]) -> dict[str, Any]:
    """What a shared bank would touch at one's own platforms; of others not even a name."""
    slugs = set(Platform.objects.filter(id__in=mine).values_list("slug", flat=True))
    rows = [one for one in tried.get("platforms", ()) if one["platform"] in slugs]
    return {**tried, "platforms": rows} if tried else {}


@require_POST
@permissions.permission("bank.change")
def change(request: ConsoleRequest, bank_id: UUID) -> HttpResponse:
    """Try it, switch it, or give it another policy."""
    row, now, by = _one(request, bank_id, "bank.change"), timezone.now(), _by(request)
    try:
        if "try" in request.POST:
            flow.dry_run(bank_id=bank_id, by=by, now=now)
            messages.success(request, "Tried: nothing was touched. See below what it would do.")
        elif "switch" in request.POST:
            on = request.POST["switch"] == "on"
            flow.switch_bank(bank_id=bank_id, on=on, by=by, now=now)
            messages.success(request, "It is on." if on else "It is off.")
        else:
            form = PolicyForm(request.POST)
            if not form.is_valid():
                return _shown(request, row, form)
            bank = flow.change_bank(bank_id=bank_id, policy=form.policy(), by=by, now=now)
            messages.success(request, f"Changed. It is {'on' if bank.enabled else 'off'}.")
    except REFUSALS as why:
        messages.error(request, str(why))
    return redirect("console:bank", bank_id=bank_id)


@require_POST
@permissions.permission("bank.change")
def take_in(request: ConsoleRequest, bank_id: UUID) -> HttpResponse:
    """Put a file of signals in; every bad row is named with its remedy."""
    row = _one(request, bank_id, "bank.change")
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or (file.size or 0) > MOST_BYTES:
        messages.error(request, "Choose a CSV or JSON file of at most 32 MB.")
        return redirect("console:bank", bank_id=bank_id)
    kind = "csv" if (file.name or "").lower().endswith(".csv") else "json"
    try:
        text = bytes(file.read()).decode("utf-8-sig")
        done = flow.import_signals(
            bank_id=bank_id, text=text, kind=kind, by=_by(request), now=timezone.now()
        )
    except (UnicodeDecodeError, Unreadable) as why:
        remedy = why if isinstance(why, Unreadable) else "save the file as UTF-8, and send it again"
        messages.error(request, f"Nothing was put in: {remedy}")
        return redirect("console:bank", bank_id=bank_id)
    messages.success(request, f"{done.added} added, {done.known} known before.")
    if done.refused:
        return _shown(request, row, refused=done.refused[:200], refused_count=len(done.refused))
    return redirect("console:bank", bank_id=bank_id)


@require_safe
@permissions.permission("bank.change")
def export(request: ConsoleRequest, bank_id: UUID, kind: str) -> StreamingHttpResponse:
    """The bank's signals as a file."""
    _one(request, bank_id, "bank.change")
    if kind not in ("csv", "json"):
        raise Http404
    parts = flow.export_signals(bank_id=bank_id, kind=kind)
    mime = "text/csv" if kind == "csv" else "application/json"
    answer = StreamingHttpResponse(parts, content_type=f"{mime}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bank-{bank_id}.{kind}"'
    return answer
