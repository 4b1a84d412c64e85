"""The case file: what one notifier said, what was done and when, and the log's proof of it.

It may be the extorter who asks for it: no addresses of copies, nothing of other notices, and what
touches the police or other authorities only for a confirmed depicted person or guardian.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import inf
from typing import Any
from uuid import UUID

from heed.cases.models import Appeal, Case, Copy, Deadline, Notice
from heed.cases.queries import private
from heed.filings.queries import AnswerLine, answers_to, told_authorities
from heed.ledger import queries as ledger
from heed.ledger.case_files import entry_shown
from heed.ledger.leaves import plain
from heed.ledger.receipts import upgraded

OWN_EVENTS = ("notice.received", "notice.supplemented", "notice.withdrawn", "contact.confirmed",
              "message.received", "answer.sent")  # fmt: skip
FORGOTTEN = "forgotten"  # withheld from everybody: what was said is not compared with its receipt
CASE_EVENTS = ("case.opened", "case.joined", "triage.made")  # those whose body names the notice
_NOT_IN_IT = ("placed", "stands")  # of an answer: its text, and the others, say as much
APPEAL_EVENTS = ("appeal.opened", "appeal.decided")


def told(notices: Sequence[Notice], *, now: datetime) -> dict[str, Any]:
    """All that stands in the file, in its JSON form. `notices` are of one holder."""
    return {
        "notices": [_notice(notice, now) for notice in notices],
        "entries": [entry for notice in notices for entry in _entries(notice)],
    }


def _notice(notice: Notice, now: datetime) -> dict[str, Any]:
    page = private.private_page(notice, now)
    said, withheld = private.as_said(notice)
    shown: dict[str, Any] = {
        "number": notice.number,
        "site": notice.platform.name,
        "received_at": notice.received_at,
        "withdrawn": page.withdrawn,
        "speaks_as": notice.standing,
        "about": notice.category,
        "age_then": notice.age_then,
        "danger_now": notice.danger_now,
        "said": said,
        "added": _added(notice),
        "receipt": upgraded(notice.receipt) if notice.receipt else None,
        "places": [asdict(place) for place in page.targets],
        "copies": asdict(page.copies),
        "views": _views(notice),
        "reported_back_at": list(page.back_at),
        "answers": [_answer(answer) for answer in answers_to(notice.id)],
        "appeals": [asdict(appeal) for appeal in page.appeals],
        "messages": [_message(one) for one in page.messages],
        "promises": _promises(notice),
    }
    if notice.words_forgotten_at is not None:
        shown["words_forgotten_at"] = notice.words_forgotten_at
        withheld = [*withheld, FORGOTTEN]
    if withheld:
        shown["withheld"] = withheld
    if told := told_authorities(notice):
        shown["authorities_told"] = [asdict(one) for one in told]
    if page.police_reference:
        shown["police_reference"] = page.police_reference
    return dict(plain(shown))


def _answer(answer: AnswerLine) -> dict[str, Any]:
    """Its text says whether it is about something that is posted."""
    return {name: value for name, value in asdict(answer).items() if name not in _NOT_IN_IT}


def _added(notice: Notice) -> list[dict[str, Any]]:
    """What is withheld from this reader leaves no empty place either."""
    all_of_it = private.may_see_authorities(notice)
    shown = [
        (one.at, one.said if all_of_it else private.without_police(one.said))
        for one in notice.supplements.order_by("at")
    ]
    told = [(at, {name: value for name, value in said.items() if value}) for at, said in shown]
    return [{"at": at, "said": said} for at, said in told if said]


def _message(message: private.MessageLine) -> dict[str, Any]:
    return {"at": message.at, "from": "us" if message.ours else "you", "text": message.text}


def _views(notice: Notice) -> dict[str, int]:
    """Views of the named items and of all copies, before the platform knew of each, and since."""
    copies = Copy.objects.filter(case__joins__notice=notice, case__joins__undone_at=None)
    first: dict[UUID, tuple[int, int]] = {}
    for copy in copies.exclude(same=False).select_related("item").order_by("found_at"):
        first.setdefault(copy.item_id, (copy.views_then, max(copy.views_then, copy.item.views)))
    before = sum(then for then, _ in first.values())
    return {"before_we_knew": before, "since": sum(now for _, now in first.values()) - before}


def _promises(notice: Notice) -> list[dict[str, Any]]:
    """Every clock of this notice, kept or not."""
    rows = Deadline.objects.filter(private.clocks_of(notice), stops__in=private.TOLD)
    return [
        {
            "what": row.stops, "under": row.citation, "since": row.set_at, "due_at": row.due_at,
            "met_at": row.met_at, "missed_at": row.breached_at,
        }
        for row in rows.order_by("due_at")
    ]  # fmt: skip


# ------------------------------------------------------------------ the log's proofs


def _entries(notice: Notice) -> list[dict[str, Any]]:
    own = ledger.entries_about([f"notice:{notice.id}"], OWN_EVENTS)
    shown = [entry_shown(entry) for entry, opening in own if _may_stand(opening.body, notice)]
    cases = [f"case:{case_id}" for case_id in _case_ids(notice)]
    for entry, opening in ledger.entries_about(cases, CASE_EVENTS):
        if json.loads(opening.body).get("notice") == str(notice.id):
            shown.append(entry_shown(entry))
    appeals = {
        str(one) for one in Appeal.objects.filter(notice=notice).values_list("id", flat=True)
    }
    for entry, opening in ledger.entries_about(cases, APPEAL_EVENTS):
        if json.loads(opening.body).get("appeal") in appeals:
            shown.append(entry_shown(entry))
    return sorted([*shown, *_restrictions(notice, cases)], key=_in_order)


def _in_order(entry: Mapping[str, Any]) -> tuple[str, float]:
    """By time, and what was done in one moment by its place in the log."""
    return str(entry["at"]), entry.get("proof", {}).get("index", inf)


def _may_stand(body: str, notice: Notice) -> bool:
    return private.may_see_authorities(notice) or not any(name in body for name in private.POLICE)


def _case_ids(notice: Notice) -> Iterable[UUID]:
    joined = Case.objects.filter(joins__notice=notice, joins__undone_at=None)
    return joined.values_list("id", flat=True)


def _restrictions(notice: Notice, cases: Sequence[str]) -> list[dict[str, Any]]:
    """When what the notice names was restricted, item by item, out of the batches of its cases."""
    named = {
        str(one) for one in notice.targets.exclude(item=None).values_list("item_id", flat=True)
    }
    found = []
    for entry, _ in ledger.entries_about(cases, ("copies.restricted",)):
        items = ledger.batch_lines(entry)
        mine = tuple(line for line in items if line.partition(" ")[0] in named)
        if mine:
            found.append(entry_shown(entry, mine))
    return found
