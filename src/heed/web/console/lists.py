"""Long lists: a page at a time, and a way to look for one among thousands.

Every list of the console that can grow is shown by these, and by `_pages.html`, `_rest.html` and
`_filters.html`.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from heed.media.models import Platform

ROWS = 50  # of a table; cards take more room
CARDS = 20
HEAD = 10  # of each list where a page begins with several
MOST_DIGITS = 9
Choices = Iterable[tuple[str, str]]


def page_of(
    request: HttpRequest, found: Any, rows: int = ROWS, *, pages: "type[Paginator[Any]]" = Paginator
) -> "Page[Any]":
    """The page asked for: what is no number is the first, what is beyond the last is the last."""
    asked = request.GET.get("page", "")
    number = int(asked[:MOST_DIGITS]) if asked.isdecimal() else 1
    return pages(found, rows).get_page(max(number, 1))


def asked_of(request: HttpRequest) -> str:
    """What the page was asked for besides its number: the next page is asked for the same."""
    said = [(name, one) for name, every in request.GET.lists() for one in every]
    return urlencode([pair for pair in said if pair[0] != "page" and pair[1]])


def ticked(request: HttpRequest, name: str) -> list[UUID]:
    """What was ticked on one page of a list; what is no id is none."""
    found = []
    for one in request.POST.getlist(name)[:ROWS]:
        with suppress(ValueError):
            found.append(UUID(one))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of several lists of a page: a whole page of it, or its beginning."""

    rows: Sequence[Any]
    total: int
    page: "Page[Any] | None"  # where it stands alone
    rest: str  # what leads to all of it, when this is not all


def part_of(
    request: HttpRequest,
    found: Any,
    *,
    alone: bool,
    narrowed: Mapping[str, str],
    head: int = HEAD,
    pages: "type[Paginator[Any]]" = Paginator,
) -> Part:
    """A page of this list when it stands alone; else its beginning, and the way to the rest."""
    if alone:
        page = page_of(request, found, pages=pages)
        return Part(rows=list(page), total=page.paginator.count, page=page, rest="")
    first = pages(found, head).get_page(1)
    total = first.paginator.count
    asked = {**request.GET.dict(), **narrowed}
    asked.pop("page", None)
    return Part(
        rows=list(first), total=total, page=None, rest=urlencode(asked) if total > head else ""
    )


class Filters(forms.Form):
    """What stands above a list: words to find, and choices. What does not exist is no choice."""

    def __init__(
        self,
        request: HttpRequest,
        *,
        find: str = "",
        platforms: Sequence[Platform] = (),
        **choices: tuple[str, Choices],
    ) -> None:
        """`find` says what the words are looked for in; each choice is its label and options."""
        super().__init__(request.GET, auto_id="find-%s")
        if find:
            self.fields["words"] = forms.CharField(
                label="Find", help_text=find, required=False, max_length=200
            )
        if len(platforms) > 1:
            every = [("", "All"), *((one.slug, one.name) for one in platforms)]
            choices["platform"] = ("Platform", every)
        for name, (label, options) in choices.items():
            self.fields[name] = forms.ChoiceField(
                label=label, choices=list(options), required=False
            )
        self.is_valid()

    def said(self, name: str) -> str:
        """What was asked for by this field; empty where nothing was, or nothing that there is."""
        return str(self.cleaned_data.get(name) or "").strip()

    def among(self, platforms: Sequence[Platform]) -> list[Platform]:
        """Those of these platforms that are asked for: all, where none is."""
        chosen = self.said("platform")
        return [one for one in platforms if chosen in ("", one.slug)]
