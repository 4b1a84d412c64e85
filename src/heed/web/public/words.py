"""The rules and the measures in plain words."""

from dataclasses import dataclass
from datetime import time, timedelta

from django.utils.translation import gettext_lazy as _

from heed.measures.queries import Measures, Span
from heed.rules.policy import clauses

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock(minutes: int) -> time:
    """A minute of the day as a time; 1440 is midnight."""
    hour, minute = divmod(minutes % 1440, 60)
    return time(hour, minute)


def wall_time(minutes: int) -> str:
    """The same to be read: the midnight that ends a day is 24:00, else a day seems to be empty."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


RULES = (
    _(
        "A nude or sexual picture of someone who was under 18 is hidden as soon as anybody tells "
        "us. “Not sure” counts as under 18. Then a trained person looks."
    ),
    _(
        "An adult's picture that was posted against their will is taken out of search and feeds at "
        "once. It is hidden as soon as a short statement is signed and an address is confirmed."
    ),
    _("Words alone are never hidden before a person has decided."),
    _(
        "Who posted it makes no difference: not how many followers they have, not their fame, "
        "party or country. Nobody is exempt."
    ),
    _(
        "What does the most harm is looked at first: danger to a life, then children, then nude or "
        "sexual pictures and threats, then the rest."
    ),
    _("The clock starts when your message arrives. Missing details never stop it."),
    _(
        "To say “no rule was broken” about a picture of a body takes two people who have both "
        "seen it."
    ),
    _("Every answer has its reasons, and a way to a different person."),
    _("Taking your message back never puts a picture back up. Somebody may have made you do it."),
    _(
        "All that we do is written into a log. If somebody changed it later, anybody could see "
        "that."
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: its name, its value, and what exactly was counted."""

    name: str
    value: str
    counted: str


def rows(found: Measures) -> list[Row]:
    """The table beneath the large figures."""
    return [
        *_how_fast(found),
        *_what_was_decided(found),
        *_on_accounts(found),
        *_what_went_wrong(found),
    ]


def _how_fast(found: Measures) -> list[Row]:
    return [
        Row("Messages received", str(found.notices), f"{found.about_bodies} were about a body."),
        Row(
            "Time to the first action",
            _span(found.to_first_action),
            "From the message about a body until the first thing was hidden or kept back; half "
            f"were faster. The slowest: {_time(found.to_first_action.slowest)}. "
            f"Counted over {found.to_first_action.count}.",
        ),
        Row(
            "Without any action",
            str(found.without_action),
            "Messages about a body for which nothing was hidden or kept back: nothing is posted "
            "yet, it was already gone, or people had let it stand before.",
        ),
        Row(
            "Time to the answer",
            _span(found.to_answer),
            f"From the message until a final decision. Counted over {found.to_answer.count}.",
        ),
    ]


def _what_was_decided(found: Measures) -> list[Row]:
    return [
        Row("Taken down", str(found.removed), "Decisions that a rule was broken."),
        Row("Let stand", str(found.kept), "Decisions that no rule was broken."),
        Row("Waiting now", str(found.waiting), "Cases without a decision at this moment."),
        Row(
            "Asked for another look",
            str(found.appeals),
            f"By either side. In {found.reversed} of them a different person decided otherwise.",
        ),
    ]


_MEASURES = {"warn": "warned", "limit": "limited", "suspend": "suspended"}


def _on_accounts(found: Measures) -> list[Row]:
    titles = {one.id: one.title for one in clauses()}
    by_rule = "; ".join(
        f"{count} {_MEASURES[measure]} under “{titles.get(clause, clause)}”"
        for measure, clause, count in found.on_accounts
    )
    total = sum(count for *_who, count in found.on_accounts)
    counted = "Warned, limited or suspended after something was taken down. To suspend takes two."
    return [Row("Done to accounts", str(total), f"{counted} {by_rule}".strip())]


def _what_went_wrong(found: Measures) -> list[Row]:
    stood = found.stood
    return [
        Row(
            "Promises broken",
            f"{found.breached} of {found.came_due}",
            "Deadlines that passed without what was due by then.",
        ),
        Row(
            "Decided by one person alone",
            str(found.unseconded),
            "“No rule was broken” about a body, without a second person, because there was none.",
        ),
        Row(
            "Hidden, and then let stand",
            f"{stood.cases} cases, {stood.items} posts",
            "A message hid them, and people then found no rule broken. "
            f"How long they were hidden, in the middle: {_span(stood.hidden_for)}.",
        ),
    ]


def _span(span: Span) -> str:
    return _time(span.median)


def _time(length: timedelta | None) -> str:
    if length is None:
        return "nothing to count yet"
    seconds = length.total_seconds()
    if seconds < 1:
        return "under 1 second"
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"
