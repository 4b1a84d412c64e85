"""What became of something, said in words that a child can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.cases.queries.private import PrivatePage, Promise, TargetLine
from heed.rules.clocks import Stop


@dataclass(frozen=True, slots=True)
class Told:
    """One named place, in plain words. `kind` chooses the colour of the tag."""

    url: str
    kind: str
    tag: str
    text: str
    since_at: datetime | None = None


def told(target: TargetLine, page: PrivatePage) -> Told:
    """How it stands with one place, and what that means."""
    kind, tag, text = _words(target, page)
    since = target.since_at if kind in ("hidden", "limited", "removed", "gone") else None
    return Told(url=target.url, kind=kind, tag=tag, text=text, since_at=since)


def _words(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    if target.state in _UNREACHED:
        return _UNREACHED[target.state]
    if target.state == "deleted":
        return (
            "gone",
            "Already gone",
            "It had been deleted before you wrote. We still look for copies of it.",
        )
    if target.visibility in ("hidden", "removed"):
        return _out_of_sight(target, page)
    if target.visibility == "limited":
        return _kept_back(target, page)
    if page.looking == "decided":
        return "visible", "Not taken down", "The reasons are under “Our answer”."
    return (
        "wait",
        "Waiting for a person",
        "It is still up. A trained person looks at it, and the time we promise is on your page.",
    )


def _kept_back(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    """Said of the post only once the site has said so."""
    if target.refused:
        return "late", "Not done yet", f"{_refused(target, page)} {_looks(page)}"
    if not target.acknowledged:
        text = f"We have told {page.platform} to keep it out of search and feeds. {_looks(page)}"
        return "limited", "Being kept back", text
    text = f"It is out of search, out of feeds and can't be shared. {_looks(page)}"
    return "limited", "Kept back", text


_UNREACHED: Mapping[str, tuple[str, str, str]] = {
    "waiting": ("wait", "Being looked up", "We have your link and are finding the post."),
    "foreign": (
        "wait",
        "Not on our site",
        "This link is on a site that we can't reach. Use the “report” link there. Take It Down "
        "(under 18) and StopNCII.org (18 and over) can help on many sites at once.",
    ),
    "not_an_item": (
        "wait",
        "We need the post itself",
        "This link is a profile or a search. Open the post and send us its own link: "
        "“Tell us more” takes it.",
    ),
}


def _out_of_sight(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    decided = target.visibility == "removed"
    site = page.platform
    if target.observed == "gone":
        text = "We looked again as a stranger would, and it was not there."
        return "gone", "Taken down and checked" if decided else "Hidden and checked", text
    if target.observed == "seen":
        text = f"{site} was told, but we could still see it. We are on it: this counts as a fault."
        return "late", "Told, but still there", text
    if target.refused:
        return "late", "Not done yet", _refused(target, page)
    if not target.acknowledged:
        text = f"We have told {site} to take it out of sight. This usually takes seconds."
        return "hidden", "Being hidden", text
    if decided:
        return "removed", "Taken down", "It has been taken down for good."
    return "hidden", "Hidden", "Nobody on the site can see it while a person looks."


def _refused(target: TargetLine, page: PrivatePage) -> str:
    if target.refused == "not_found":
        return (
            f"{page.platform} says that there is no post at this link. If you can still see it, "
            "open it, copy its own link, and send us that: “Tell us more” takes it."
        )
    return f"{page.platform} answered that it can't do this. We are on it: this counts as a fault."


def _looks(page: PrivatePage) -> str:
    if page.wants_declaration:
        return (
            "A person looks within the hour. When you sign the short statement and confirm your "
            "e-mail address, it is hidden at once."
        )
    return "A person looks within the hour."


PROMISED: Mapping[str, str] = {
    Stop.PERSON_LOOKED: "A person looks at it",
    Stop.REMOVED_AND_SEARCHED: "If it breaks a rule: it is gone, and we have looked for every copy",
    Stop.OUTCOME_SENT: "You get our answer, with reasons",
    Stop.COMPLAINT_ANSWERED: "A different person answers your “please look again”",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A promise with its time, and how far off that is."""

    text: str
    due_at: datetime
    away: str
    late: bool
    held: bool


def due(promise: Promise, now: datetime) -> Due:
    """The promise as it is shown."""
    away = span(abs(promise.due_at - now))
    return Due(
        text=PROMISED[promise.what],
        due_at=promise.due_at,
        away=f"{away} late" if promise.late else f"in {away}",
        late=promise.late,
        held=promise.held,
    )


def span(length: timedelta) -> str:
    """About how long, in the largest unit that says something."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes} minute{'s' * (minutes != 1)}"
    hours = round(minutes / 60)
    if hours < 48:
        return f"{hours} hours"
    return f"{round(hours / 24)} days"
