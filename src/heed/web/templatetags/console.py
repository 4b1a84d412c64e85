"""The console's words and shapes, for its templates."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.conf import settings
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString

from heed.cases.models import Case, Deadline
from heed.cases.queries import beginnings
from heed.cases.queries.queue import Row
from heed.media.models import Item, Match
from heed.rules.order import Rung
from heed.web.console import words

register = template.Library()


@register.simple_tag
def idle_minutes() -> int:
    """After how many minutes without a hand on it a session ends; 0: not in a demonstration."""
    return 0 if settings.HEED_DEMO else settings.HEED_IDLE_SECONDS // 60


def _table(table: Mapping[Any, str]) -> Callable[[Any], str]:
    return lambda key: table.get(key, str(key).replace("_", " "))


_TABLES: dict[str, Mapping[Any, str]] = {
    "category": words.CATEGORIES,
    "standing": words.STANDINGS,
    "age_then": words.AGES,
    "visibility": words.VISIBILITIES,
    "how": words.HOWS,
    "observed": words.OBSERVED,
    "answer": words.ANSWERS,
    "because": words.BECAUSE,
    "stops": words.STOPS,
    "decision_state": words.DECISION_STATES,
    "exemption_state": words.EXEMPTION_STATES,
    "ruling": words.RULINGS,
    "scope": words.SCOPES,
    "target": words.TARGETS,
    "account_measure": words.ACCOUNT_MEASURES,
    "contact": words.CONTACTS,
    "file_state": words.FILE_STATES,
    "not_read": words.NOT_READ,
    "upload_state": words.UPLOADS,
    "look": words.LOOKS,
}
for name, table in _TABLES.items():
    register.filter(name, _table(table))


register.filter("beginning", beginnings.beginning)


@register.filter
def rung(number: int) -> str:
    """The rung of harm in words."""
    return words.RUNGS[Rung(number)] if number in set(Rung) else "Not judged yet"


@register.filter
def how_near(match: Match) -> str:
    """How a file met a banked signal."""
    return words.how_near(match.bank_signal.type, match.distance_bits, match.threshold_bits)


@register.filter
def cause(deadline: Deadline) -> str:
    """What a clock runs for; empty where its citation says enough."""
    return words.CAUSES.get(deadline.cause.partition(":")[0], "")


@register.filter
def clock(ms: int) -> str:
    """A place in a video, as minutes and seconds."""
    seconds = round(ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


@register.filter
def due(at: datetime | None, now: datetime) -> words.Due:
    """How far away a due time is."""
    return words.due(at, now)


@register.simple_tag
def due_time(at: datetime | None, due: words.Due) -> SafeString:
    """A due time: as a clock, and in words, which the page's own script keeps true.

    Every list has one in each row, and a template of its own for it took twice as long.
    """
    kind = "tag tag-late" if due.late else "tag tag-wait" if due.soon else "muted"
    if at is None:
        return format_html('<span class="{}">{}</span>', kind, due.text)
    iso, clock = at.isoformat(), dateformat.format(at, "j M H:i")
    shown = format_html('<time class="clock" datetime="{}">{}</time>', iso, clock)
    return format_html('{} <span data-due="{}" class="{}">{}</span>', shown, iso, kind, due.text)


@register.filter
def owed(deadline: Deadline, now: datetime) -> words.Due:
    """How a deadline stands."""
    return words.owed(deadline, now)


@register.filter
def waits(row: Row, me: UUID) -> list[str]:
    """What waits in a case of the queue."""
    return words.waits(row, me)


@register.filter
def says(item: Item) -> str:
    """Desired, acknowledged and observed in one sentence."""
    return words.item_state(item)


@register.filter
def disagrees(item: Item) -> bool:
    """Whether that sentence is bad news."""
    return words.item_disagrees(item)


@register.filter
def taken(case: Case, now: datetime) -> bool:
    """Whether somebody works on it now."""
    return case.taken_until is not None and case.taken_until > now


@register.filter
def pick(table: Mapping[Any, Any], key: object) -> object:
    """The value of this key; empty when there is none."""
    return table.get(key, "")


@register.filter
def hex(value: bytes | memoryview | None) -> str:
    """Bytes as people copy them."""
    return "" if value is None else bytes(value).hex()


@register.filter
def ago(at: datetime, now: datetime) -> str:
    """How long ago."""
    return f"{words.span(now - at)} ago"


@register.filter
def pairs(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Keys and values of what people sent; `.items` would find a key of that name first."""
    return list(table.items())
