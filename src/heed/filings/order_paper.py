"""The page that goes with what is given to an officer: what it is, under which law, and how to
check it. A PDF that a screen reader can read (PDF/UA-1).
"""

import json
from collections.abc import Sequence
from datetime import datetime

import typst

from heed.cases.models import Case
from heed.filings.models import Disclosure, Order
from heed.rules.orders import INSTRUMENTS, Kind

MOST_RECORDS = 500  # printed; all of them are in records.json
_TEMPLATE = b"""
#let told = json(bytes(sys.inputs.told))
#set document(title: told.title)
#set page(paper: "a4", margin: 2.2cm, numbering: "1 / 1")
#set text(size: 10pt, lang: "en")
#show heading: set block(above: 1.4em, below: 0.7em)
= #told.title
#for line in told.lines [#strong(line.at(0)): #line.at(1) \\ ]
== How to check it
#told.check
== What is in it
#table(columns: (2fr, 3fr), table.header([*File*], [*SHA-256*]),
  ..told.files.map(one => (raw(one.at(0)), text(size: 7pt, raw(one.at(1))))).flatten())
== Records
#told.count
#if told.records.len() > 0 {
  table(columns: (1.6fr, 1fr, 1fr, 0.6fr),
    table.header([*Item*], [*Account*], [*Published*], [*Found*]),
    ..told.records.map(one => one.map(cell => text(size: 8pt, raw(cell)))).flatten())
}
"""


def made(
    order: Order,
    given: Disclosure,
    case: Case,
    platform: str,
    records: Sequence[dict[str, object]],
    files: Sequence[tuple[str, str]],
    *,
    now: datetime,
) -> bytes:
    """The PDF. The same words give the same bytes."""
    instrument = INSTRUMENTS[Kind(order.kind)]
    days = f"{order.from_on or 'the beginning'} to {order.until_on or 'today'}"
    told = {
        "title": f"Given under {order.number}",
        "lines": [
            ("Platform", platform),
            ("Asked for by", f"{order.officer.name}, {order.officer.agency}"),
            ("Their reference", order.instrument_ref),
            ("Instrument", f"{instrument.title} ({instrument.citation}); {order.legal_basis}"),
            ("Days asked for", days),
            ("Given", "records and contents" if given.contents else "records, no contents"),
            ("Case", case.number),
            ("Made", f"{now:%Y-%m-%d %H:%M} UTC"),
        ],
        "check": "manifest.json names each file with its SHA-256, and the entries of our public "
        "log about this case with their proofs. Anybody can check them against the signed "
        "checkpoints that we publish under /log, with the program that is described at /verify.",
        "files": [list(one) for one in files],
        "count": f"{len(records)} records; all of them are in records.json."
        if records
        else "No record lies inside the days that were asked for.",
        "records": [_row(one) for one in records[:MOST_RECORDS]],
    }
    pdf: bytes = typst.compile(
        _TEMPLATE, sys_inputs={"told": json.dumps(told)}, format="pdf", pdf_standards=["ua-1"]
    )
    return pdf


def _row(record: dict[str, object]) -> list[str]:
    words = (record["ref"], record["account"], record["published_at"], record["found"])
    return [str(one or "not known")[:60] for one in words]
