"""What has happened, in order and in words: one line for each thing that was done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heed.cases.queries.private import PrivatePage
from heed.filings.queries import AnswerLine, Told


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    text: str


def so_far(
    page: PrivatePage, answers: Sequence[AnswerLine], told: Sequence[Told] = ()
) -> list[Step]:
    """All of it, the first thing first."""
    steps = [*_protected(page), *_found(page), *_decided(answers), *_asked_again(page)]
    steps += [Step(one.at, _("We told the authority that the law names.")) for one in told]
    return [Step(page.received_at, _("Your message reached us.")), *sorted(steps, key=_when)]


def _when(step: Step) -> datetime:
    return step.at


def _protected(page: PrivatePage) -> Iterator[Step]:
    """As the site was asked; whether it has done so stands beside each place."""
    held = [one for target in page.targets for one in target.held]
    for out_of_sight in (True, False):
        kind = [one for one in held if (one.level != "limited") == out_of_sight]
        if not kind:
            continue
        since = min(one.since_at for one in kind)
        if out_of_sight:
            yield Step(since, _("We told the site to hide it."))
        else:
            yield Step(since, _("We told the site to keep it out of search and feeds."))
    ended = [one.until_at for one in held if one.until_at]
    if ended and all(one.visibility == "visible" for one in page.targets):
        yield Step(max(ended), _("It was shown again."))
    gone = [one.observed_at for one in page.targets if one.observed == "gone" and one.observed_at]
    if gone:
        yield Step(max(gone), _("We looked again as a stranger would, and it was not there."))


def _found(page: PrivatePage) -> Iterator[Step]:
    copies = page.copies
    if copies.first_at is not None:
        said = ngettext("We found a copy of it.", "We found %(count)d copies of it.", copies.found)
        yield Step(copies.first_at, said % {"count": copies.found})
    for at in page.back_at:
        yield Step(at, _("You told us that it is posted. A new clock started."))


def _decided(answers: Sequence[AnswerLine]) -> Iterator[Step]:
    for answer in answers:
        if answer.ruling == "remove":
            yield Step(answer.decided_at, _("It was decided: it is against our rules."))
        elif answer.placed:
            yield Step(answer.decided_at, _("It was decided: it may stay."))
        else:
            yield Step(answer.decided_at, _("It was decided: nothing is taken down."))


def _asked_again(page: PrivatePage) -> Iterator[Step]:
    for appeal in page.appeals:
        yield Step(appeal.opened_at, _("You asked for another look."))
        if appeal.decided_at and appeal.state in ("reversed", "partly"):
            yield Step(appeal.decided_at, _("A different person agreed with you."))
        elif appeal.decided_at and appeal.state == "settled":
            yield Step(
                appeal.decided_at, _("Before a different person answered, it was decided anew.")
            )
        elif appeal.decided_at:
            yield Step(appeal.decided_at, _("A different person came to the same answer."))
