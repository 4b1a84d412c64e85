"""Step one of the form: what was typed, and what is wrong with it. Nothing typed is ever lost."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from heed.web.notifier import choices, links
from heed.web.notifier.links import Sorted

MOST_LINKS = 500  # in one sending; they are kept as notices of 100 places each
_TOKEN_BYTES = 18
_FIELDS = ("links", "who", "young", "what", "danger", "time_given", "true", "site", "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form exactly as it came, so that it can be shown again."""

    links: str = ""
    who: str = ""
    young: str = ""
    what: str = ""
    danger: str = ""
    time_given: str = ""
    true: str = ""
    site: str = ""
    token: str = ""

    def verbatim(self) -> dict[str, str]:
        """What is kept: every field as typed, and a blind mark of this one sending of the form."""
        said = {name: getattr(self, name) for name in _FIELDS if name != "token"}
        return {**said, "form": self.key()}

    def key(self) -> str:
        """The same form sent twice has the same key; a corrected one has another."""
        said = {name: getattr(self, name) for name in _FIELDS}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was typed, sorted, with what is missing by field. Without errors it can be taken in."""

    typed: Typed
    sorted: Sorted = field(default_factory=Sorted)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def threatened_only(self) -> bool:
        """Nothing is posted yet, as far as they know."""
        return self.typed.what == "threat" and not self.sorted.ours


def fresh(url: str = "") -> Typed:
    """An empty form, with a token of its own. `url` fills the place of the first link."""
    return Typed(links=url[: links.LONGEST_LINK], token=secrets.token_urlsafe(_TOKEN_BYTES))


def read(data: Mapping[str, str]) -> Typed:
    """What the browser sent. PostgreSQL keeps every character but the null one."""
    said = {name: data.get(name, "").replace("\x00", "") for name in _FIELDS}
    said["token"] = said["token"][:64] or secrets.token_urlsafe(_TOKEN_BYTES)
    return Typed(**said)


def check(typed: Typed) -> Checked:
    """Sort the links and say what is missing. Only what is needed to protect is required."""
    found = links.sort(typed.links)
    errors = {
        "links": _about_links(typed, found),
        "what": _about_choice(typed.what, choices.values(choices.WHAT), "Say what it is."),
        "who": _about_choice(typed.who, choices.values(choices.WHO), "Say who is shown."),
        "true": "" if typed.true else "Tick that what you say is true, as far as you know.",
    }
    return Checked(
        typed=typed, sorted=found, errors={name: text for name, text in errors.items() if text}
    )


def _about_choice(value: str, known: frozenset[str], missing: str) -> str:
    return "" if value in known else missing


def _about_links(typed: Typed, found: Sorted) -> str:
    if found.count > MOST_LINKS:
        return (
            f"These are {found.count} links. We can take {MOST_LINKS} at once. Your text is still "
            f"here: send the first {MOST_LINKS}, then the rest."
        )
    if found.count or (typed.what == "threat" and not typed.links.strip()):
        return ""
    names = " or ".join(site.name for site in links.sites()) or "a site that we look after"
    if found.elsewhere:
        return (
            f"This link is not on {names}, so we can't take it down there. Press “report” on the "
            "site where it is. Take It Down (under 18) and StopNCII.org (18 and over) can help on "
            "many sites at once: both are at the end of this page."
        )
    if found.unread:
        return (
            "We can't read this as a link. A link starts with https:// . Open the post, use "
            "“share” or “copy link”, and paste it here."
        )
    return "Paste the link of the post. If nothing is posted yet, choose “Someone threatens” below."
