"""The words with which reasons begin: a page for each platform and language."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from heed.cases.queries import policies
from heed.filings import answers
from heed.flows import word_reasons
from heed.media.models import Platform
from heed.rules.policy import Clause
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

NOT_TAKEN = 422


class ReasonsForm(forms.Form):
    """One text for each clause; empty: the words that Heed comes with."""

    def __init__(
        self, rules: tuple[Clause, ...], own: dict[str, str], language: str, data: Any = None
    ) -> None:
        super().__init__(data, auto_id="reasons-%s")
        for one in rules:
            self.fields[one.id] = forms.CharField(
                label=one.title,
                required=False,
                max_length=5_000,
                initial=own.get(one.id, ""),
                help_text=answers.offered(one, language),
                widget=forms.Textarea(attrs={"rows": 3}),
            )


@require_safe
@permissions.permission("reasons.word")
def overview(request: ConsoleRequest) -> HttpResponse:
    """Each platform, and the languages in which people are told."""
    mine = Platform.objects.filter(id__in=request.grants.platforms("reasons.word"))
    rows = [
        (one, [(code, name, len(policies.reason_texts(one.id, code))) for code, name in _known()])
        for one in mine.order_by("name")
    ]
    return show(request, "reasons.html", {"rows": rows})


def _known() -> list[tuple[str, str]]:
    return [(str(code), str(name)) for code, name in settings.LANGUAGES]


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.permission("reasons.word")
def edit(request: ConsoleRequest, slug: str, language: str) -> HttpResponse:
    """The words of one language."""
    platform = permissions.platform_at(request, slug, "reasons.word")
    names = dict(_known())
    if language not in names:
        raise Http404
    rules = policies.clauses(policies.version_at(platform.id, timezone.now()))
    own = policies.reason_texts(platform.id, language)
    sent = request.POST if request.method == "POST" else None
    form = ReasonsForm(rules, own, language, sent)
    if form.is_valid() and _kept(request, platform, language, form):
        return redirect("console:reasons")
    facts = {"platform": platform, "language": names[language], "code": language, "form": form}
    return show(request, "reasons_in.html", facts, status=NOT_TAKEN if form.errors else 200)


def _kept(request: ConsoleRequest, platform: Platform, language: str, form: ReasonsForm) -> bool:
    changed = 0
    for clause, text in list(form.cleaned_data.items()):  # an error takes its field out
        try:
            changed += word_reasons.word(
                platform_id=platform.id, clause=clause, language=language, text=text,
                by=request.grants.staff.pk, now=timezone.now(),
            )  # fmt: skip
        except word_reasons.NotWorded as why:
            form.add_error(clause, str(why))
    if form.errors:
        return False
    messages.success(request, f"{changed} changed. They are offered from the next decision on.")
    return True
