"""A partner's list, as JSON or as CSV from a table program: rows, each fit or with its remedy."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from heed.flows.receive_notice import NoticeIn
from heed.flows.receive_partner_notices import MOST_ROWS, RowIn
from heed.flows.shared.shapes import Place
from heed.web.notifier import links
from heed.web.platform_api.remedies import NO_NUL, Wrong, wrong_in
from heed.web.platform_api.said import NoticeSaid, Said

OwnRef = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
COLUMNS = (
    "ref", "url", "category", "age_then", "stated_age", "words", "danger_now", "time_given",
    "threatened_only", "sha256", "md5", "pdq", "police_reference", "police_agency", "other_app",
    "their_account", "good_faith", "not_consensual", "acting_for", "signature",
)  # fmt: skip
_HASHES = ("sha256", "md5", "pdq")
_TICKS = frozenset({"danger_now", "threatened_only", "good_faith", "not_consensual", "acting_for"})
_YES = frozenset({"yes", "true", "1", "x"})
_NO = frozenset({"no", "false", "0", ""})
_NOT_FACTS = {"url", "urls", "hashes", "notifier_ref", "country", "ref", "standing"}


class PartnerNoticeSaid(NoticeSaid):
    """One thing that a partner tells of. `ref` is the partner's own, and comes back in the answer.

    `standing` is passed over: it is the partner's.
    """

    ref: OwnRef = ""


class PartnerNoticesSaid(Said):
    """A partner's list."""

    notices: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_ROWS)]


class NotATable(ValueError):
    """The text is no CSV that we can read. The message says what to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it came: either fit to be taken, or what to mend."""

    ref: str
    row: RowIn | None
    errors: Sequence[Wrong] = ()


def of_json(said: dict[str, Any]) -> Row:
    """One notice of a JSON list."""
    ref = said.get("ref")
    return _checked(said, ref if isinstance(ref, str) else "", verbatim=said)


def of_csv(text: str) -> list[Row]:
    """Every row of a table with a header. Raises `NotATable`."""
    sample = text.lstrip("\ufeff")
    first = sample.partition("\n")[0]
    separator = max(",;\t", key=first.count)  # cells copied out of a table program have tabs
    try:
        lines = list(csv.reader(io.StringIO(sample), delimiter=separator))
    except csv.Error as error:
        raise NotATable(f"this is no readable table: {error}") from error
    names = [name.strip().lower() for name in lines[0]] if lines else []
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "category" not in names:
        wrong = f"no column {unknown[0]!r} is known" if unknown else "no column 'category'"
        raise NotATable(f"{wrong}: the first line names columns out of {', '.join(COLUMNS)}")
    rows = [line for line in lines[1:] if any(value.strip() for value in line)]
    if not 1 <= len(rows) <= MOST_ROWS:
        raise NotATable(f"send 1 to {MOST_ROWS} rows at once; these are {len(rows)}")
    return [_of_line(names, [value.strip() for value in line]) for line in rows]


def _of_line(names: Sequence[str], values: Sequence[str]) -> Row:
    """A row with more cells than names is never cut: half of somebody's words would be gone."""
    cells = dict(zip(names, values, strict=False))
    if not any(values[len(names) :]):
        return _of_cells(cells)
    remedy = "this row has more cells than the first line has names: put text that holds the "
    remedy += 'separator between "quotes"'
    return Row(ref=cells.get("ref", "")[:200], row=None, errors=[Wrong("row", remedy)])


def _of_cells(cells: dict[str, str]) -> Row:
    said: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for name, value in cells.items():
        if name in _TICKS:
            if value.lower() not in _YES | _NO:
                wrong.append(Wrong(name, "write yes or no"))
            said[name] = value.lower() in _YES
        elif name == "stated_age" and value:
            said[name] = int(value) if value.isdecimal() and len(value) < 4 else value
        elif name == "url":
            said["urls"] = links.named(value)
        elif name not in _HASHES and value:
            said[name] = value
    hashes = {name: cells[name] for name in _HASHES if cells.get(name)}
    if hashes:
        said["hashes"] = [hashes]
    checked = _checked(said, cells.get("ref", ""), verbatim=cells)
    return checked if not wrong else Row(ref=checked.ref, row=None, errors=wrong)


def _checked(said: dict[str, Any], ref: str, *, verbatim: dict[str, Any]) -> Row:
    try:
        known = PartnerNoticeSaid.model_validate_json(json.dumps(said))
    except ValidationError as error:
        found = wrong_in(error.errors(include_url=False, include_input=False))
        return Row(ref=ref[:200], row=None, errors=found)
    notice = NoticeIn(
        places=_places(known),
        country=known.country.upper(),
        **known.model_dump(exclude=_NOT_FACTS),
    )
    if not notice.places and not notice.threatened_only:
        missing = Wrong("url", "name a url or a hash, or say yes under threatened_only")
        return Row(ref=ref[:200], row=None, errors=[missing])
    kept = {name: value for name, value in verbatim.items() if name != "email"}
    return Row(ref=known.ref, row=RowIn(notice=notice, ref=known.ref, verbatim=kept))


def _places(said: PartnerNoticeSaid) -> tuple[Place, ...]:
    named = ([said.url] if said.url else []) + said.urls
    urls = [Place(url=url) for url in dict.fromkeys(one.strip() for one in named) if url]
    hashes = [one.model_dump(exclude_none=True) for one in said.hashes]
    given = [Place(signals={name: value.lower() for name, value in one.items()}) for one in hashes]
    return tuple(urls + given)
