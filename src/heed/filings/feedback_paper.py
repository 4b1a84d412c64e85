"""What a competent authority is told after a removal order: the form of Annex II, filled in.

Regulation (EU) 2021/784, article 3(6): that it is gone, and when. The headings are those of the
form as we know it (from memory: see docs/divergences.md); every time is the platform's own word,
and beside it stands what we saw when we looked.
"""

import json
from dataclasses import dataclass
from datetime import datetime

import typst

from heed.filings import orders, tip_queries
from heed.filings.models import Order
from heed.media import queries as media
from heed.media.models import Item, Platform
from heed.rules.orders import Kind
from heed.rules.tips.document import Operator
from heed.rules.visibility import Visibility

STILL_THERE = "seen"  # whatever the platform says: such a removal is not confirmed
_SEEN = {
    "gone": "gone when we looked",
    "unverifiable": "we could not look: a login or a border is in the way",
    "": "not looked at again yet",
}
_TEMPLATE = b"""
#let told = json(bytes(sys.inputs.told))
#set document(title: told.title)
#set page(paper: "a4", margin: 2.2cm, numbering: "1 / 1")
#set text(size: 10pt, lang: "en")
#show heading: set block(above: 1.4em, below: 0.7em)
= #told.title
#told.under
#for part in told.parts [
  == #part.title
  #for line in part.lines [#strong(line.at(0)): #line.at(1) \\ ]
]
== Measures taken, address by address
#table(columns: (3fr, 1.4fr, 1.4fr, 1.6fr),
  table.header([*Address*], [*Measure*], [*Date and time (UTC)*], [*Seen by us*]),
  ..told.rows.map(one => one.map(cell => text(size: 8pt, raw(cell)))).flatten())
"""


class NotYet(Exception):
    """It can't be confirmed yet, or at all; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address of the order."""

    url: str
    gone_at: datetime | None  # when the platform said so
    seen: str


def places(order: Order) -> list[Place]:
    """What became of each address that the order names."""
    platform = Platform.objects.get(id=order.platform_id)
    return [_place(url, media.item_at(platform, url)) for url in order.urls]


def _place(url: str, item: Item | None) -> Place:
    gone = item is not None and item.acknowledged == Visibility.REMOVED
    at = item.acknowledged_at if item is not None and gone else None
    return Place(url=url, gone_at=at, seen=item.observed if item is not None else "")


def paper(order: Order, *, now: datetime) -> bytes:
    """The filled form as a PDF (PDF/UA-1). Raises `NotYet`: nothing is confirmed that is not so."""
    if order.kind != Kind.TCO or order.state != Order.State.DONE:
        raise NotYet("This form is for a terrorist-content order that was carried out.")
    found = places(order)
    waiting = [one.url for one in found if one.gone_at is None or one.seen == STILL_THERE]
    if waiting or not found:
        raise NotYet(f"{len(waiting)} of {len(found)} addresses are not confirmed as removed yet.")
    said = json.dumps(told(order, found, now))
    pdf: bytes = typst.compile(
        _TEMPLATE, sys_inputs={"told": said}, format="pdf", pdf_standards=["ua-1"]
    )
    return pdf


def told(order: Order, found: list[Place], now: datetime) -> dict[str, object]:
    """What stands in the form, part by part."""
    operator = tip_queries.operator_of(order.platform_id)
    platform = Platform.objects.get(id=order.platform_id)
    last = max(one.gone_at for one in found if one.gone_at is not None)
    officer = order.officer
    return {
        "title": "Feedback following removal of terrorist content or disabling of access to it",
        "under": "Annex II to Regulation (EU) 2021/784; article 3(6).",
        "parts": [
            _part("Section A: addressee of this feedback", [
                ("Competent authority", f"{officer.agency} ({officer.country})"),
                ("Its address", officer.agency_address),
                ("Issued by", officer.name),
                ("Contact", orders.contact(order)[0]),
            ]),
            _part("Section B: the removal order", [
                ("Reference of the authority", order.instrument_ref),
                ("Basis, as stated in it", order.legal_basis),
                ("Our number", order.number),
                ("Received", _at(order.received_at)),
            ]),
            _part("Section C: measures taken", [
                ("Measure", "the content was removed, in all Member States"),
                ("Date and time of the last removal", _at(last)),
                ("Kept until, at least (article 6)", _kept(order)),
            ]),
            _part("Section D: the hosting service provider", _provider(operator, platform, now)),
        ],
        "rows": [[one.url, "removed", _at(one.gone_at), _SEEN.get(one.seen, one.seen)]
                 for one in found],
    }  # fmt: skip


def _provider(operator: Operator, platform: Platform, now: datetime) -> list[tuple[str, str]]:
    where = operator.address
    lines = (where.lines, where.city, where.zip_code, where.country)
    return [
        ("Service", platform.name),
        ("Name", operator.name),
        ("Main establishment or legal representative", ", ".join(one for one in lines if one)),
        ("Contact point", ", ".join(one for one in (operator.email, operator.phone) if one)),
        ("Authorised person", f"{operator.first_name} {operator.last_name}".strip()),
        ("Date of this feedback", _at(now)),
    ]


def _part(title: str, lines: list[tuple[str, str]]) -> dict[str, object]:
    return {"title": title, "lines": [(name, said or "not filled in") for name, said in lines]}


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "not known"


def _kept(order: Order) -> str:
    floor = orders.deadlines(order).filter(clock="eu.tco.preserve").last()
    return f"{floor.due_at:%Y-%m-%d}" if floor else "not known"
