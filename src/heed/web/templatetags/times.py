"""Days and times as the reader's country writes them. The hour is UTC, and says so beside it."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def day(at: datetime | None) -> str:
    """The day alone."""
    return "" if at is None else date_format(at.astimezone(UTC), "DATE_FORMAT")


@register.filter
def instant(at: datetime | None, form: str = "H:i") -> str:
    """Day and time."""
    if at is None:
        return ""
    parts = {"day": day(at), "time": date_format(at.astimezone(UTC), form)}
    return _("%(day)s, %(time)s") % parts


@register.simple_tag
def all_languages() -> list[dict[str, Any]]:
    """Every language that there are texts in, by its own name."""
    return [{"code": code, "name": name} for code, name in settings.LANGUAGES]
