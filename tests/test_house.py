"""The house keeps its own rules: those that imports and types cannot see."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from django.urls import URLPattern, URLResolver

import heed.rules.statutes
from heed.rules.clocks import Pack
from heed.rules.policy import clauses
from heed.rules.spread import BASES
from heed.rules.statutes import PACKS
from heed.rules.triage import REASONS

SRC = Path(__file__).parents[1] / "src" / "heed"
ROOT = SRC.parents[1]
DOCS = ROOT / "docs"
TESTS = Path(__file__).parent
MODULES = sorted(path for path in SRC.rglob("*.py") if "migrations" not in path.parts)
DOORS = [path for path in MODULES if path.relative_to(SRC).parts[0] in ("web", "worker")]
MIGRATIONS = sorted(SRC.rglob("migrations/0*.py"))
NO_STORIES = {"__init__", "wiring", "jobs", "failpoints"}  # what flows are made with
FLOWS = sorted(path for path in (SRC / "flows").glob("*.py") if path.stem not in NO_STORIES)
STATUTES = sorted(module.name for module in iter_modules(heed.rules.statutes.__path__))

LONGEST_MODULE = 400  # lines: what one person reads in one sitting
WRITES = {"save", "create", "get_or_create", "update_or_create", "update", "bulk_create",
          "bulk_update", "delete"}  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(SRC))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public functions of a module, not those inside others."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            yield node


def called(node: ast.AST) -> str:
    """The last name of what is called: `permission` for `auth.permission(...)`."""
    if isinstance(node, ast.Call):
        return called(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


# ------------------------------------------------------------------ modules and doors


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_fits_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", DOORS, ids=named)
def test_a_door_never_writes_past_the_flows(path: Path) -> None:
    writes = [
        f"{named(path)}:{node.lineno} .{called(node)}()"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _writes(node)
    ]
    assert writes == []


def _writes(call: ast.Call) -> bool:
    """A set or a dict is updated by position, rows of a table only by names."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    return call.func.attr != "update" or not call.args


def routed(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[Callable[..., object]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routed(pattern.url_patterns)
        else:
            yield pattern.callback


def test_every_console_view_names_its_permission() -> None:
    """Signing in is the one door in front of that; its pages are allauth's and one module."""
    views = list(routed(import_module("heed.web.console.urls").urlpatterns))
    ours = [view for view in views if view.__module__.startswith("heed.")]
    inside = [view for view in ours if view.__module__ != "heed.web.console.sign_in"]
    assert inside
    assert [view.__qualname__ for view in inside if not getattr(view, "right", "")] == []


# ------------------------------------------------------------------ flows


def docstrings(path: Path) -> list[str]:
    whole = tree(path)
    return [ast.get_docstring(node) or "" for node in (whole, *functions(path))]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_numbers_its_steps(path: Path) -> None:
    assert any(re.search(r"(^|\s)1\.? \S", text) for text in docstrings(path))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_is_a_line_on_the_map(path: Path) -> None:
    lines = (DOCS / "paths.md").read_text(encoding="utf-8").splitlines()
    assert any(re.search(rf"(`|flows/){path.stem}\b", line) for line in lines)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_has_a_test_that_names_it(path: Path) -> None:
    texts = [one.read_text(encoding="utf-8") for one in TESTS.rglob("test_*.py")]
    assert any("heed.flows" in text and re.search(rf"\b{path.stem}\b", text) for text in texts)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_whoever_needs_the_time_in_a_flow_is_told_it_by_name(path: Path) -> None:
    by_place = [one.name for one in functions(path) if "now" in {arg.arg for arg in one.args.args}]
    assert by_place == []


# ------------------------------------------------------------------ policy and laws

ROW = re.compile(r"^\| `([a-z0-9-]+)` \| ([a-z ,]+) \|", re.MULTILINE)


def section(title: str) -> str:
    """The part of docs/policy.md under that heading."""
    text = (DOCS / "policy.md").read_text(encoding="utf-8")
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_reasons_that_rules_can_give_are_those_of_the_written_policy() -> None:
    stated = dict(ROW.findall(section("Why something is hidden, limited or left")))
    assert stated == {reason.name: reason.level.value for reason in REASONS}


def test_the_ways_a_copy_is_found_are_those_of_the_written_policy() -> None:
    stated = [name for name, _ in ROW.findall(section("How far it reaches"))]
    assert sorted(stated) == sorted(BASES)


def test_the_clauses_people_are_held_to_are_those_of_the_written_policy() -> None:
    text = section("What is not allowed")
    stated = re.findall(r"^### (.+) \(`([a-z-]+)`\)\n\n(.+)$", text, re.MULTILINE)
    assert stated == [(one.title, one.id, one.text) for one in clauses()]


def test_every_statute_is_in_the_table() -> None:
    assert sorted(PACKS) == STATUTES


@pytest.mark.parametrize("name", STATUTES)
def test_a_statute_names_its_citation_and_its_date(name: str) -> None:
    statute: Pack = import_module(f"heed.rules.statutes.{name}")
    assert statute.CITATION and statute.SOURCE
    assert isinstance(statute.CHECKED_ON, date)
    assert statute.IN_FORCE is None or isinstance(statute.IN_FORCE, date)


@pytest.mark.parametrize("name", STATUTES)
def test_a_statute_has_a_page_that_names_each_of_its_clocks(name: str) -> None:
    page = (DOCS / "laws" / f"{name}.md").read_text(encoding="utf-8")
    pack = PACKS[name]
    assert f"Checked on: {pack.CHECKED_ON}" in page
    rows = set(re.findall(r"^\| `([a-z0-9_.]+)` \| .* \| ([a-z]+) \|$", page, re.MULTILINE))
    assert rows == {(term.id, term.verified.value) for term in pack.TERMS}


# ------------------------------------------------------------------ migrations

LOCKING = {"AddIndex", "AddConstraint", "AlterField", "AlterUniqueTogether", "RenameField",
           "RenameModel", "AlterModelTable", "AddUniqueConstraint"}  # fmt: skip
LOCKING_SQL = re.compile(
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)|ALTER COLUMN \w+ (SET DATA )?TYPE|SET NOT NULL"
    r"|LOCK TABLE|VACUUM FULL|\bCLUSTER\b|GENERATED ALWAYS AS .* STORED",
    re.IGNORECASE,
)
SAYS_WHY = re.compile(r"^\W*locks: \S+", re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize("path", MIGRATIONS, ids=named)
def test_a_migration_that_locks_a_table_says_why_that_is_bearable(path: Path) -> None:
    """`Locks: ...` in a comment. Tables made by the same migration are empty, so free."""
    text = path.read_text(encoding="utf-8")
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    made = {_keyword(call, "name").lower() for call in calls if called(call) == "CreateModel"}
    locks = [
        f"{called(call)} at line {call.lineno}"
        for call in calls
        if called(call) in LOCKING and _keyword(call, "model_name").lower() not in made
    ]
    locks += [found.group() for found in LOCKING_SQL.finditer(text) if not made]
    assert not locks or SAYS_WHY.search(text)


def _keyword(call: ast.Call, name: str) -> str:
    values = [word.value for word in call.keywords if word.arg == name]
    return str(values[0].value) if values and isinstance(values[0], ast.Constant) else ""


# -------------------------------------------------------------- what Heed stands on


@pytest.mark.parametrize("name", ["runtime", "dev", "s3", "bench", "uv"])
def test_every_python_stands_on_the_same_versions(name: str) -> None:
    """Those that are tested: where a library left an old Python, all stay with the one before."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.partition("==")[0] for line in lines if re.match(r"[a-z0-9]", line)]
    assert pinned
    assert sorted(set(pinned)) == sorted(pinned)
