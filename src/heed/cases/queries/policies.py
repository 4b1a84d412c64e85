"""What a platform's written policy says, in which version, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from heed.cases.models import PolicyVersion, ReasonText
from heed.rules import policy
from heed.rules.claims import Category
from heed.rules.order import Rung
from heed.rules.policy import Clause, NoSuchClause


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of one platform; the one that Heed comes with has no date."""

    name: str
    clauses: tuple[Clause, ...]
    in_force_at: datetime | None = None
    why: str = ""
    withdrawn: bool = False
    row_id: UUID | None = None


def version_at(platform_id: UUID, now: datetime) -> str:
    """The name of the version in force."""
    rows = PolicyVersion.objects.filter(platform_id=platform_id, withdrawn_at=None)
    held = rows.filter(in_force_at__lte=now).order_by("-in_force_at", "-number")
    return held.values_list("name", flat=True).first() or policy.CURRENT


def clauses(version: str) -> tuple[Clause, ...]:
    """The whole policy of a version, the gravest first. Raises `NoSuchClause`."""
    if version in policy.VERSIONS:
        return policy.clauses(version)
    row = PolicyVersion.objects.filter(name=version).first()
    if row is None:
        raise NoSuchClause(f"there is no policy {version!r}")
    return _read(row)


def clause(clause_id: str, version: str) -> Clause:
    """One clause as it read in that version. Raises `NoSuchClause`."""
    known = {one.id: one for one in clauses(version)}
    if clause_id not in known:
        raise NoSuchClause(f"policy {version} has no {clause_id!r}, only {', '.join(known)}")
    return known[clause_id]


def default_clause(category: Category, version: str, *, about_a_child: bool) -> Clause:
    """What a reviewer is offered first, as it reads in that version."""
    return clause(policy.default_clause(category, about_a_child=about_a_child).id, version)


def versions(platform_id: UUID) -> Sequence[Version]:
    """All of a platform's, the oldest first: the one that Heed comes with is always the first."""
    rows = PolicyVersion.objects.filter(platform_id=platform_id).order_by("number")
    return (Version(name=policy.CURRENT, clauses=policy.clauses()), *map(_version, rows))


def reason_texts(platform_id: UUID, language: str) -> dict[str, str]:
    """A platform's own words to begin with, by clause; the newest of each."""
    rows = ReasonText.objects.filter(platform_id=platform_id, language=language).order_by("id")
    newest = dict(rows.values_list("clause", "text"))
    return {clause: text for clause, text in newest.items() if text}


def platform_of(version: str) -> UUID | None:
    """Whose version this is; None for the one that Heed comes with, and for what is none."""
    rows = PolicyVersion.objects.filter(name=version, withdrawn_at=None)
    return rows.values_list("platform_id", flat=True).first()


def _version(row: PolicyVersion) -> Version:
    return Version(
        name=row.name,
        clauses=_read(row),
        in_force_at=row.in_force_at,
        why=row.why,
        withdrawn=row.withdrawn_at is not None,
        row_id=row.id,
    )


def _read(row: PolicyVersion) -> tuple[Clause, ...]:
    return tuple(
        Clause(id=one["id"], title=one["title"], text=one["text"], rung=Rung(one["rung"]))
        for one in row.clauses
    )
