"""What the platform's written policy says, clause by clause, and in which version.

A decision names a clause and a version. A change of words is a new version; old ones stay, so that
a decision can always be read beside the words it was made under. Here is the version that Heed
comes with. A platform may revise it: add to what nobody may weaken, and word the rest anew.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from heed.rules.claims import Category
from heed.rules.order import Rung


class NoSuchClause(ValueError):
    """The policy of that version has no such clause; the message lists those it has."""


class NotAPolicy(ValueError):
    """This can't be published; the message names the clause and what it needs."""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One rule that people are held to."""

    id: str
    title: str
    text: str
    rung: Rung


CURRENT = "1"

_FIRST = (
    Clause(
        id="child-sexual",
        title="No sexual content of anyone under 18",
        text=(
            "No sexual or nude picture or video of anyone who was under 18 when it was made, and "
            "no sexual words about them. It does not matter who made it, whether it is real or "
            "made by a program, whether they agreed, or why it was posted."
        ),
        rung=Rung.CHILD,
    ),
    Clause(
        id="intimate-without-consent",
        title="No intimate picture without the person's consent",
        text=(
            "No nude, sexual or intimate picture or video of an adult who has not agreed that it "
            "is posted here. A picture made by a program counts as much as a photograph. To have "
            "agreed once, to somebody else or somewhere else, is not to have agreed to this."
        ),
        rung=Rung.INTIMATE_OR_EXTORTION,
    ),
    Clause(
        id="extortion",
        title="No threats to publish",
        text=(
            "Nobody may be threatened with an intimate picture, real or not, to get money, more "
            "pictures, silence or anything else. Accounts that do so are closed."
        ),
        rung=Rung.INTIMATE_OR_EXTORTION,
    ),
    Clause(
        id="threats",
        title="No threats of violence",
        text="No threat to hurt or kill somebody, and no call on others to do it.",
        rung=Rung.THREATS,
    ),
    Clause(
        id="doxxing",
        title="No publishing of where somebody can be found",
        text=(
            "No home address, private number, school, place of work or papers of a private person "
            "against their will."
        ),
        rung=Rung.DOXXING,
    ),
    Clause(
        id="impersonation",
        title="No passing for somebody else",
        text="No account or post that lets others believe it comes from another, real person.",
        rung=Rung.IMPERSONATION,
    ),
    Clause(
        id="other",
        title="Other rules of this platform",
        text="What else the platform's own terms forbid; the decision quotes the words.",
        rung=Rung.OTHER,
    ),
    Clause(
        id="none",
        title="No rule was broken",
        text=(
            "People looked and found none of these rules broken. The answer says why, and how to "
            "have somebody else look."
        ),
        rung=Rung.OTHER,
    ),
)

VERSIONS: Mapping[str, tuple[Clause, ...]] = {"1": _FIRST}

# Their words may be added to, never changed: section 5 of the design, and what the answers promise.
FIXED = frozenset({"child-sexual", "intimate-without-consent", "extortion", "none"})
_ID = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")

DEFAULT_CLAUSE: Mapping[Category, str] = {
    Category.MINOR_SEXUAL: "child-sexual",
    Category.MINOR_EXTORTION: "child-sexual",
    Category.INTIMATE_IMAGE: "intimate-without-consent",
    Category.INTIMATE_EXTORTION: "extortion",
    Category.IMPERSONATION: "impersonation",
    Category.DOXXING: "doxxing",
    Category.THREATS: "threats",
    Category.OTHER: "other",
}


def clauses(version: str = CURRENT) -> tuple[Clause, ...]:
    """The whole policy of a version, the gravest first. Raises `NoSuchClause`."""
    if version not in VERSIONS:
        raise NoSuchClause(f"there is no policy {version!r}, only {', '.join(sorted(VERSIONS))}")
    return VERSIONS[version]


def clause(clause_id: str, version: str = CURRENT) -> Clause:
    """One clause as it read in that version. Raises `NoSuchClause`."""
    known = {one.id: one for one in clauses(version)}
    if clause_id not in known:
        raise NoSuchClause(f"policy {version} has no {clause_id!r}, only {', '.join(known)}")
    return known[clause_id]


def default_clause(category: Category, *, about_a_child: bool = False) -> Clause:
    """What a reviewer is offered first. An intimate picture of a child is a child's case."""
    childs = about_a_child and DEFAULT_CLAUSE[category] in ("intimate-without-consent", "extortion")
    return clause("child-sexual" if childs else DEFAULT_CLAUSE[category])


def revised(said: Sequence[Clause]) -> tuple[Clause, ...]:
    """A platform's new version, the gravest first. Raises `NotAPolicy`.

    Every clause of ours stays, on its rung: categories, deadlines and the order of work hang on
    them. Of those in `FIXED` title and words stay too, and more words may follow. New clauses take
    their place on the ladder from threats downwards.
    """
    given = {one.id: one for one in said}
    if len(given) != len(said):
        raise NotAPolicy("two clauses have the same short name")
    for ours in _FIRST:
        _must_hold(ours, given.get(ours.id))
    for one in said:
        if one.id not in {ours.id for ours in _FIRST}:
            _must_fit(one)
        if not one.title.strip() or not one.text.strip():
            raise NotAPolicy(f"{one.id}: a clause needs a title and a text")
    place = {ours.id: n for n, ours in enumerate(_FIRST)}
    last = len(_FIRST)
    return tuple(
        sorted(said, key=lambda one: (one.rung, one.id == "none", place.get(one.id, last)))
    )


def _must_hold(ours: Clause, theirs: Clause | None) -> None:
    if theirs is None:
        raise NotAPolicy(f"{ours.id}: this clause may not be left out")
    if theirs.rung is not ours.rung:
        raise NotAPolicy(f"{ours.id}: its place on the ladder is fixed")
    whole = theirs.title == ours.title and theirs.text.startswith(ours.text)
    if ours.id in FIXED and not whole:
        raise NotAPolicy(f"{ours.id}: its words may be added to, not changed")


def _must_fit(new: Clause) -> None:
    if not _ID.fullmatch(new.id):
        raise NotAPolicy(f"{new.id!r}: a short name is 3 to 40 small letters, digits and hyphens")
    if new.rung < Rung.THREATS:
        raise NotAPolicy(f"{new.id}: new clauses begin at threats; what is graver is fixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is different in one clause. `words` are (kept | taken | added, text) in order."""

    clause: Clause
    what: str  # added | taken | changed
    title_before: str = ""
    words: tuple[tuple[str, str], ...] = ()


def differences(before: Sequence[Clause], after: Sequence[Clause]) -> tuple[Change, ...]:
    """What a reader of the older text has to know of the newer one; nothing when they are alike."""
    old, new = ({one.id: one for one in version} for version in (before, after))
    found = [_change(old.get(one.id), one) for one in after]
    found += [Change(clause=one, what="taken") for one in before if one.id not in new]
    return tuple(one for one in found if one is not None)


def _change(before: Clause | None, after: Clause) -> Change | None:
    if before is None:
        return Change(clause=after, what="added")
    if (before.title, before.text) == (after.title, after.text):
        return None
    retitled = before.title if before.title != after.title else ""
    words = _words(before.text, after.text)
    return Change(clause=after, what="changed", title_before=retitled, words=words)


def _words(before: str, after: str) -> tuple[tuple[str, str], ...]:
    old, new = (re.findall(r"\S+|\s+", text) for text in (before, after))
    found: list[tuple[str, str]] = []
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = old[a:b] == new[c:d]
        parts = [("kept", old[a:b])] if same else [("taken", old[a:b]), ("added", new[c:d])]
        found += [(how, "".join(words)) for how, words in parts if words]
    return tuple(found)
