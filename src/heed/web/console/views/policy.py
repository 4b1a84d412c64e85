"""The platform's policy: read in all its versions, and given new words by an administrator."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heed.cases.queries import policies
from heed.flows import revise_policy
from heed.media.models import Platform
from heed.rules import policy
from heed.rules.order import Rung
from heed.rules.policy import FIXED, Clause
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show
from heed.web.console.words import RUNGS

NEW = "new"
FIRST = {one.id: one for one in policy.clauses()}
PLACES = [(str(int(one)), RUNGS[one]) for one in Rung if one >= Rung.THREATS]
LONGEST = 5_000


class PolicyForm(forms.Form):
    """Every clause of the newest version, one new one, when it holds, and why it changes."""

    def __init__(self, newest: Sequence[Clause], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="policy-%s")
        self.newest = newest
        for clause in newest:
            self._add(clause)
        self.fields["new-id"] = forms.CharField(label="Short name, for links", required=False)
        self.fields["new-title"] = forms.CharField(label="Title", required=False, max_length=120)
        self.fields["new-text"] = _text("Text", rows=3)
        self.fields["new-rung"] = forms.ChoiceField(
            label="Its place on the ladder", choices=PLACES, required=False, initial=PLACES[-1][0]
        )
        self.fields["why"] = _text("What changes, and why (everybody reads this)", rows=3)
        self.fields["in_force_at"] = forms.DateTimeField(
            label="In force from (UTC)",
            required=False,
            help_text="Empty: at once. A policy never holds for what was before it.",
            widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )

    def _add(self, clause: Clause) -> None:
        if clause.id in FIXED:
            more = clause.text.removeprefix(FIRST[clause.id].text).strip()
            self.fields[f"{clause.id}-more"] = _text("More words, after these", 2, more)
            return
        title = forms.CharField(label="Title", max_length=120, initial=clause.title)
        self.fields[f"{clause.id}-title"] = title
        self.fields[f"{clause.id}-text"] = _text("Text", 3, clause.text)
        if clause.id not in FIRST:
            self.fields[f"{clause.id}-gone"] = forms.BooleanField(
                label="Leave this clause out", required=False
            )

    def parts(self) -> list[tuple[Clause, str, list[forms.BoundField]]]:
        """Clause by clause: the words that are fixed, if any, and the fields that it has."""
        return [
            (
                clause,
                FIRST[clause.id].text if clause.id in FIXED else "",
                [self[name] for name in self.fields if name.rpartition("-")[0] == clause.id],
            )
            for clause in self.newest
        ]

    def others(self) -> list[forms.BoundField]:
        """The new clause."""
        return [self[name] for name in self.fields if name.startswith(f"{NEW}-")]

    def clauses(self) -> list[Clause]:
        """What was written, as a policy."""
        said = self.cleaned_data
        found = [self._said(one) for one in self.newest if not said.get(f"{one.id}-gone")]
        if said["new-title"] or said["new-text"] or said["new-id"]:
            rung = Rung(int(said["new-rung"] or Rung.OTHER))
            found.append(
                Clause(id=said["new-id"], title=said["new-title"], text=said["new-text"], rung=rung)
            )
        return found

    def _said(self, one: Clause) -> Clause:
        said = self.cleaned_data
        if one.id not in FIXED:
            title, text = said[f"{one.id}-title"], said[f"{one.id}-text"]
            return Clause(id=one.id, title=title, text=text, rung=one.rung)
        more = said[f"{one.id}-more"].strip()
        text = f"{FIRST[one.id].text} {more}".strip()
        return Clause(id=one.id, title=one.title, text=text, rung=one.rung)


def _text(label: str, rows: int, initial: str = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, required=False, max_length=LONGEST, initial=initial, widget=widget
    )


@require_safe
@permissions.permission("policy.see")
def overview(request: ConsoleRequest) -> HttpResponse:
    """Each platform's policy, and which version holds."""
    mine = Platform.objects.filter(id__in=request.grants.platforms("policy.see")).order_by("name")
    seen, now = list(mine), timezone.now()
    filters = lists.Filters(request, platforms=seen)
    among = filters.among(seen)
    rows = [
        (one, policies.version_at(one.id, now), _versions(request, one, alone=len(among) == 1))
        for one in among
    ]
    return show(request, "policies.html", {"filters": filters, "rows": rows})


def _versions(request: ConsoleRequest, platform: Platform, *, alone: bool) -> lists.Part:
    """The newest first: the one that Heed comes with is the last."""
    every = list(reversed(policies.versions(platform.id)))
    return lists.part_of(request, every, alone=alone, narrowed={"platform": platform.slug})


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("policy.edit")
def edit(request: ConsoleRequest, slug: str) -> HttpResponse:
    """Write the next version: look at what changes, then publish."""
    platform = permissions.platform_at(request, slug, "policy.edit")
    newest = [one for one in policies.versions(platform.id) if not one.withdrawn][-1]
    form = PolicyForm(newest.clauses, request.POST if request.method == "POST" else None)
    facts: dict[str, Any] = {"platform": platform, "newest": newest, "form": form}
    if request.method != "POST":
        return show(request, "policy.html", facts)
    if form.is_valid():
        if "preview" not in request.POST and _published(request, platform, form):
            return redirect("console:policies")
        facts["changes"] = policy.differences(newest.clauses, form.clauses())
    return show(request, "policy.html", facts, status=200 if "preview" in request.POST else 422)


def _published(request: ConsoleRequest, platform: Platform, form: PolicyForm) -> bool:
    now: datetime = timezone.now()
    said = form.cleaned_data
    try:
        made = revise_policy.publish(
            platform_id=platform.id,
            clauses=form.clauses(),
            why=said["why"],
            in_force_at=said["in_force_at"] or now,
            by=request.grants.staff.pk,
            now=now,
        )
    except revise_policy.NotPublished as why:
        form.add_error(None, str(why))
        return False
    messages.success(request, f"Published as version {made.name}.")
    return True


@require_POST
@permissions.permission("policy.edit")
def withdraw(request: ConsoleRequest, slug: str, version_id: UUID) -> HttpResponse:
    """Withdraw a version that is not in force yet."""
    platform = permissions.platform_at(request, slug, "policy.edit")
    if version_id not in {one.row_id for one in policies.versions(platform.id)}:
        raise Http404
    done = revise_policy.withdraw(
        version_id=version_id, by=request.grants.staff.pk, now=timezone.now()
    )
    said = "Withdrawn: it never holds." if done else "It holds already, or was withdrawn before."
    messages.success(request, said)
    return redirect("console:policies")
