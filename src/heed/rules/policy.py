"""What the platform's written policy says, clause by clause, and in which version.

A decision names a clause and a version. A change of words is a new version; old ones stay, so that
a decision can always be read beside the words it was made under.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.rules.claims import Category
from heed.rules.order import Rung


class NoSuchClause(ValueError):
    """The policy of that version has no such clause; the message lists those it has."""


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
