"""Step one of the form: what was typed, and what is wrong with it. Nothing typed is ever lost."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from django.utils.translation import gettext as _

from heed.web.notifier import choices, links
from heed.web.notifier import hashes as codes
from heed.web.notifier.hashes import Hash
from heed.web.notifier.links import Sorted

MOST_LINKS = 500  # in one sending; they are kept as notices of 100 places each
_TOKEN_BYTES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form exactly as it came, so that it can be shown again."""

    danger: str = ""
    timed: str = ""
    time_given: str = ""
    posted: str = ""
    links: str = ""
    seen_where: str = ""
    seen_when: str = ""
    seen_words: str = ""
    their_account: str = ""
    other_app: str = ""
    hashes: str = ""  # pasted or typed
    sha256: str = ""  # made in the browser
    pdq: str = ""  # made in the browser
    what: str = ""
    why: str = ""
    who: str = ""
    young: str = ""
    true: str = ""
    site: str = ""
    token: str = ""

    def verbatim(self) -> dict[str, str]:
        """What is kept: every field as typed, and a blind mark of this one sending of the form."""
        said = {name: getattr(self, name) for name in _FIELDS if name != "token"}
        return {**{name: text for name, text in said.items() if text}, "form": self.key()}

    def key(self) -> str:
        """The same form sent twice has the same key; a corrected one has another."""
        said = {name: getattr(self, name) for name in _FIELDS}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def remembered(self) -> dict[str, str]:
        """Without a link: what they still know of it, by name."""
        if self.posted != "no-link":
            return {}
        known = {"where": self.seen_where, "when": self.seen_when, "words": self.seen_words}
        known["account"] = self.their_account
        return {name: text.strip()[:2_000] for name, text in known.items() if text.strip()}


_FIELDS = tuple(one.name for one in fields(Typed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was typed, sorted, with what is missing by field. Without errors it can be taken in."""

    typed: Typed
    sorted: Sorted = field(default_factory=Sorted)
    hashes: tuple[Hash, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def threatened_only(self) -> bool:
        """Nothing is posted yet, as far as they know."""
        return _posted(self.typed) == "threat" and not self.sorted.ours

    @property
    def what(self) -> str:
        """What it is; somebody who is only threatened need not say so twice."""
        said = self.typed.what in choices.values(choices.WHAT)
        return self.typed.what if said else "threat" if self.threatened_only else ""


def fresh(url: str = "") -> Typed:
    """An empty form, with a token of its own. `url` fills the place of the first link."""
    link = url[: links.LONGEST_LINK]
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return Typed(links=link, posted="link" if link else "", token=token)


def read(data: Mapping[str, str]) -> Typed:
    """What the browser sent. PostgreSQL keeps every character but the null one."""
    said = {name: data.get(name, "").replace("\x00", "") for name in _FIELDS}
    said["token"] = said["token"][:64] or secrets.token_urlsafe(_TOKEN_BYTES)
    return Typed(**said)


def check(typed: Typed) -> Checked:
    """Sort the links and say what is missing. Only what is needed to protect is required."""
    found = _named(typed)
    given, wrong = codes.read(typed.hashes, typed.sha256, typed.pdq)
    bare = Checked(typed=typed, sorted=found, hashes=given)
    errors = {
        "links": "" if given else _about_links(typed, found),
        "their_account": _about_memory(typed, found),
        "hashes": _about_hashes(given, wrong),
        "what": "" if bare.what else _("Say what it is."),
        "who": _about_choice(typed.who, choices.values(choices.WHO), _("Say who it is about.")),
        "true": "" if typed.true else _("Tick that what you say is true, as far as you know."),
    }
    return Checked(
        typed=typed,
        sorted=found,
        hashes=given,
        errors={name: text for name, text in errors.items() if text},
    )


def _named(typed: Typed) -> Sorted:
    """The links that were pasted; who thinks they have none may have put it where they saw it."""
    found = links.sort(typed.links)
    if typed.posted == "no-link" and not found.count:
        found.ours.update(links.sort(typed.seen_where).ours)
    return found


def _posted(typed: Typed) -> str:
    """Where it is. Forms that leave this out say it by what they fill in."""
    if typed.posted in choices.values(choices.POSTED):
        return typed.posted
    return "threat" if typed.what == "threat" and not typed.links.strip() else "link"


def _about_choice(value: str, known: frozenset[str], missing: str) -> str:
    return "" if value in known else missing


def _about_hashes(given: tuple[Hash, ...], wrong: str) -> str:
    if wrong:
        return _(
            "We can't read “%(line)s” as a code of a picture. It is a line of 64 letters and "
            "figures, with “sha256:” or “pdq:” before it. You can also leave this empty."
        ) % {"line": wrong[:60]}
    if len(given) > codes.MOST:
        return _("These are more than %(most)s codes. Keep the first ones, please.") % {
            "most": codes.MOST
        }
    return ""


def _about_memory(typed: Typed, found: Sorted) -> str:
    if _posted(typed) != "no-link" or typed.remembered or found.count:
        return ""
    return _(
        "Write one thing that you still know: the name of the account, when you saw it, or what it "
        "said. If you know nothing at all, write “I don't know”."
    )


def _about_links(typed: Typed, found: Sorted) -> str:
    if found.count > MOST_LINKS:
        return _(
            "These are %(count)s links. We can take %(most)s at once. Your text is still here: "
            "send the first %(most)s, then the rest."
        ) % {"count": found.count, "most": MOST_LINKS}
    if found.count or _posted(typed) != "link":
        return ""
    if found.elsewhere:
        return _elsewhere()
    if found.unread:
        return _(
            "We can't read this as a link. A link starts with https:// . Open the post, use "
            "“share” or “copy link”, and paste it here. No link? Choose “Yes, but I don't have "
            "the link” above."
        )
    return _(
        "Paste the link of the post. No link? Choose “Yes, but I don't have the link” above. If "
        "nothing is posted yet, choose “No. Someone threatens to post it”."
    )


def _elsewhere() -> str:
    sites = [site.name for site in links.sites()]
    if len(sites) == 1:
        where = _("This link is not on %(site)s, so we can't take it down there.")
        first = where % {"site": sites[0]}
    else:
        where = _("This link is on none of the sites that we look after (%(sites)s).")
        first = where % {"sites": ", ".join(sites)}
    then = _(
        "Press “report” on the site where it is. Take It Down (under 18) and StopNCII.org (18 and "
        "over) can help on many sites at once: both are at the end of this page."
    )
    short = _(
        "Is it a short link? Then open it, copy the address that your browser shows, and paste "
        "that here."
    )
    return f"{first} {short} {then}"
