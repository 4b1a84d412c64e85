"""What became of something, said in words that a child can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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


OUT_OF_SIGHT = ("hidden", "removed")


def named_here(page: PrivatePage) -> bool:
    """Whether a place was named that may be on the site; a link elsewhere alone is none."""
    return any(target.state != "foreign" for target in page.targets)


def asks_to_sign(page: PrivatePage) -> bool:
    """Whether an adult's statement would still do something: not where all of it is hidden."""
    here = [target for target in page.targets if target.state != "foreign"]
    hidden = here and all(target.visibility in OUT_OF_SIGHT for target in here)
    return page.wants_declaration and not hidden and page.looking != "decided"


def told(target: TargetLine, page: PrivatePage) -> Told:
    """How it stands with one place, and what that means."""
    kind, tag, text = _words(target, page)
    done = kind == "gone" or (kind in ("hidden", "limited", "removed") and target.acknowledged)
    since = target.since_at if done else None
    return Told(url=target.url, kind=kind, tag=tag, text=text, since_at=since)


def _words(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    if target.state in _UNREACHED:
        kind, tag, text = _UNREACHED[target.state]
        return kind, str(tag), str(text)
    if target.state == "deleted":
        text = _("It had been deleted before you wrote. We still look for copies of it.")
        return "gone", _("Already gone"), text
    if target.visibility in OUT_OF_SIGHT:
        return _out_of_sight(target, page)
    if target.visibility == "limited":
        return _kept_back(target, page)
    if page.looking == "decided":
        return "visible", _("Not taken down"), _("The reasons are under “Our answer”.")
    if page.just_sent or page.promise(Stop.PERSON_LOOKED) or page.promise(Stop.OUTCOME_SENT):
        text = _(
            "It is still up. A trained person looks at it, and the time we promise is on your page."
        )
    else:  # decided before, and asked anew: of that no law says by when
        text = _("It is still up. A trained person looks at it again.")
    return "wait", _("Waiting for a person"), text


def _kept_back(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    """Said of the post only once the site has said so."""
    if target.refused:
        return "late", _("Not done yet"), f"{_refused(target, page)} {_looks(page)}"
    if not target.acknowledged:
        told = _("We have told %(site)s to keep it out of search and feeds.")
        return "limited", _("Being kept back"), f"{told % {'site': page.platform}} {_looks(page)}"
    text = _("It is out of search, out of feeds and can't be shared.")
    return "limited", _("Kept back"), f"{text} {_looks(page)}"


_UNREACHED: Mapping[str, tuple[str, Lazy | str, Lazy | str]] = {
    "waiting": (
        "wait",
        gettext_lazy("Being looked up"),
        gettext_lazy("We have your link and are finding the post."),
    ),
    "foreign": (
        "wait",
        gettext_lazy("Not on our site"),
        gettext_lazy(
            "This link is on a site that we can't reach. Use the “report” link there. Take It Down "
            "(under 18) and StopNCII.org (18 and over) can help on many sites at once."
        ),
    ),
    "not_an_item": (
        "wait",
        gettext_lazy("A person looks for it"),
        gettext_lazy(
            "This link leads to a profile, a group or a search, not to one post. We look for the "
            "post with it. If you can, open the post, copy its own link and send us that: “Tell us "
            "more” takes it, and we act as soon as you send it."
        ),
    ),
}


def _out_of_sight(target: TargetLine, page: PrivatePage) -> tuple[str, str, str]:
    decided = target.visibility == "removed"
    site = {"site": page.platform}
    if target.observed == "gone":
        tag = _("Taken down and checked") if decided else _("Hidden and checked")
        return "gone", tag, _("We looked again as a stranger would, and it was not there.")
    if target.observed == "seen":
        text = _(
            "%(site)s was told, but we could still see it. We are on it: this counts as a fault."
        )
        return "late", _("Told, but still there"), text % site
    if target.refused:
        return "late", _("Not done yet"), _refused(target, page)
    if not target.acknowledged:
        text = _("We have told %(site)s to take it out of sight. This usually takes seconds.")
        return "hidden", _("Being hidden"), text % site
    if decided:
        return "removed", _("Taken down"), _("It has been taken down for good.")
    return "hidden", _("Hidden"), _("Nobody on the site can see it while a person looks.")


def _refused(target: TargetLine, page: PrivatePage) -> str:
    site = {"site": page.platform}
    if target.refused == "not_found":
        return _(
            "%(site)s says that there is no post at this link. If you can still see it, open it, "
            "copy its own link, and send us that: “Tell us more” takes it."
        ) % site  # fmt: skip
    return _(
        "%(site)s answered that it can't do this. We are on it: this counts as a fault."
    ) % site  # fmt: skip


def _looks(page: PrivatePage) -> str:
    """Within the hour, while that is still to come; then how it stands."""
    owed = page.promise(Stop.PERSON_LOOKED)
    if page.looking != "proposed" and (page.just_sent or (owed is not None and not owed.late)):
        return _within_the_hour(page)
    sign = _("When you sign the short statement and confirm your e-mail address, it is hidden.")
    return f"{_who_looks(page, owed)} {sign if page.wants_declaration else ''}".strip()


def _within_the_hour(page: PrivatePage) -> str:
    if page.wants_declaration:
        return _(
            "A person looks within the hour. When you sign the short statement and confirm your "
            "e-mail address, it is hidden at once."
        )
    return _("A person looks within the hour.")


def _who_looks(page: PrivatePage, owed: Promise | None) -> str:
    if page.looking == "proposed":
        return _("One person has looked. A second person must agree before we answer.")
    if owed is not None:
        return _("A person should have looked by now: we are late, and still at it.")
    if page.looking == "open":
        return _("A trained person looks at it. Our answer and its reasons will stand here.")
    return ""


PROMISED: Mapping[str, Lazy | str] = {
    Stop.PERSON_LOOKED: gettext_lazy("A person looks at it"),
    Stop.REMOVED_AND_SEARCHED: gettext_lazy(
        "If it breaks a rule: it is gone, and we have looked for every copy"
    ),
    Stop.OUTCOME_SENT: gettext_lazy("You get our answer, with reasons"),
    Stop.COMPLAINT_ANSWERED: gettext_lazy("A different person answers your “please look again”"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A promise with its time, and how far off that is."""

    text: str
    due_at: datetime
    away: str
    late: bool
    held: bool


def due(promise: Promise, page: PrivatePage, now: datetime) -> Due:
    """The promise as it is shown, in the state in which its case is."""
    away = {"span": span(abs(promise.due_at - now))}
    return Due(
        text=_promised(promise, page),
        due_at=promise.due_at,
        away=_("%(span)s late") % away if promise.late else _("in %(span)s") % away,
        late=promise.late,
        held=promise.held and page.looking != "decided",
    )


def _promised(promise: Promise, page: PrivatePage) -> str:
    if promise.what == Stop.PERSON_LOOKED and page.looking == "proposed":
        return _("A second person looks at it")
    if promise.what == Stop.REMOVED_AND_SEARCHED and page.looking == "decided":
        return _("It is gone, and we have looked for every copy")
    return str(PROMISED[promise.what])


def back_again(page: PrivatePage) -> bool:
    """They said that what was taken down is posted again, and we are at it still."""
    owed = page.promise(Stop.REMOVED_AND_SEARCHED)
    return bool(page.back_at) and page.looking == "decided" and owed is not None


def span(length: timedelta) -> str:
    """About how long, in the largest unit that says something."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 90:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = round(hours / 24)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
