"""A page of a list, counted and sorted in one statement."""

from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window


class CountedPages(Paginator):  # type: ignore[type-arg]  # it takes none at run time
    """Pages of models: the one that is asked for brings the number of all rows with it.

    For lists whose conditions cost more than their rows, and would be worked out twice. All rows
    are sorted whole: the fewer columns are asked for (`only`), the better.
    """

    def get_page(self, number: Any) -> "Page[Any]":
        """This page, from 1; beyond the last page, the last."""
        start, found = (number - 1) * self.per_page, cast("QuerySet[Any]", self.object_list)
        counted = found.annotate(every=Window(Count("*")))
        rows = list(counted[start : start + self.per_page])
        if rows or not start:
            self.count = rows[0].every if rows else 0
            return Page(rows, number, self)
        return super().get_page(number)
