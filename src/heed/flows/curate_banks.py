"""A platform looks after its own banks by the interface that other matchers have.

1. Make, change, rename or remove a bank: one made so only answers lookups, until an operator lets
   it do more.
2. Put in a thing by its file or its signals, with a note; switch it off, on, or take it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from heed.hashing.signals import FileSignals
from heed.ledger import services as ledger
from heed.media import banks, meeting
from heed.media.banks import BankExists as BankExists
from heed.media.banks import SignalIn
from heed.media.models import Bank, BankContent, BankSignal
from heed.rules.claims import Category


class SharedBank(Exception):
    """This bank is shared by all platforms: whoever runs Heed looks after it."""


class ActsToo(Exception):
    """This bank holds or hides, and would do more: that is tried first, by whoever runs Heed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is put in together: (type, value) pairs, and what is said of it."""

    signals: tuple[SignalIn, ...]
    note: str = ""
    said: Mapping[str, Any] | None = None
    original_url: str = ""


def bank_of(*, platform_id: UUID, name: str, plain: Any) -> Bank | None:
    """The bank that this platform calls so; `plain` makes a name of ours one of the protocol's."""
    here = Q(platform_id=platform_id) | Q(platform=None)
    found = [
        one
        for one in Bank.objects.filter(here, case_id=None, expires_at=None)
        if plain(one.name) == name
    ]
    return next((one for one in found if one.platform_id), found[0] if found else None)


def banks_of(*, platform_id: UUID) -> list[Bank]:
    """Every lasting bank that this platform may ask, in the order of names."""
    here = Q(platform_id=platform_id) | Q(platform=None)
    return list(Bank.objects.filter(here, case_id=None, expires_at=None).order_by("name"))


def make(*, platform_id: UUID, name: str, share: float, by: str, now: datetime) -> Bank:
    """A bank that only answers lookups. Raises `BankExists`."""
    with transaction.atomic():
        bank = banks.make(
            name, platform_id, made_by=by, now=now, action=Bank.Action.PASS, enabled=True,
            enabled_share=share, category=Category.OTHER.value,
        )  # fmt: skip
        _enter(bank, "made", by, now)
    return bank


def change(*, bank: Bank, fields: Mapping[str, Any], by: str, now: datetime) -> None:
    """Another name, share, or on and off. Raises `BankExists`, `SharedBank`, `ActsToo`."""
    _must_be_own(bank)
    _must_do_no_more(bank, fields)
    with transaction.atomic():
        if "enabled" in fields:
            banks.switch(bank, on=bool(fields["enabled"]))
        rest = {name: value for name, value in fields.items() if name != "enabled"}
        if rest:
            banks.change(bank, now=now, **rest)
        _enter(bank, "changed", by, now)


def remove(*, bank: Bank, by: str, now: datetime) -> None:
    """Take everything out, and give its name free. What it matched stays written down.

    Raises `SharedBank`.
    """
    _must_be_own(bank)
    with transaction.atomic():
        banks.take_out(Q(bank=bank), now=now)
        banks.switch(bank, on=False)
        name = f"{bank.name[:30]} removed {bank.id}"
        banks.change(bank, now=now, name=name, expires_at=now)
        _enter(bank, "removed", by, now)


def put_in(*, bank: Bank, thing: Thing, by: str, now: datetime) -> BankContent:
    """A thing with its signals. Raises `SharedBank`."""
    _must_be_own(bank)
    with transaction.atomic():
        content = banks.new_content(
            bank, source=by, note=thing.note, said=dict(thing.said or {}),
            original_url=thing.original_url, now=now,
        )  # fmt: skip
        banks.add(bank, thing.signals, source=by, content=content, now=now)
        body = {"added": len(thing.signals), "source": by}
        ledger.enter("bank.changed", subject=f"bank:{bank.id}", body=body, at=now)
    return content


def signals_to_bank(signals: FileSignals) -> tuple[SignalIn, ...]:
    """What a file is banked by: its bytes, and how it looks where that says something."""
    found = [SignalIn("sha256", signals.sha256, None), SignalIn("md5", signals.md5, None)]
    if signals.pdq is not None and signals.state == "hashed":
        found.append(SignalIn("pdq", signals.pdq, signals.pdq_quality))
    return tuple(found)


def content(*, bank: Bank, number: int) -> tuple[BankContent | None, list[BankSignal]]:
    """What this number names in the bank: a thing with its signals, or one signal alone."""
    found = BankContent.objects.filter(bank=bank, id=number, withdrawn_at=None).first()
    mine = Q(content_id=number) if found else Q(id=number, content=None)
    return found, list(BankSignal.objects.filter(mine, bank=bank, withdrawn_at=None))


def turn(*, bank: Bank, number: int, off_until: datetime | None, by: str, now: datetime) -> None:
    """Switch a thing off until then, or on. Raises `SharedBank`."""
    _must_be_own(bank)
    with transaction.atomic():
        banks.turn(bank, number, off_until=off_until)
        body = {"turned": "on" if off_until is None else "off", "source": by}
        ledger.enter("bank.changed", subject=f"bank:{bank.id}", body=body, at=now)


def note(*, bank: Bank, number: int, text: str) -> None:
    """Other words about a thing. Raises `SharedBank`."""
    _must_be_own(bank)
    banks.note(bank, number, text)


def take_out(*, bank: Bank, number: int, by: str, now: datetime) -> int:
    """A thing with all its signals; 0 when it was not there. Raises `SharedBank`."""
    _must_be_own(bank)
    mine = Q(bank=bank) & (Q(content_id=number) | Q(id=number, content=None))
    with transaction.atomic():
        gone = banks.take_out_by_hand(mine, now=now)
        if gone:
            body = {"withdrawn": gone, "source": by}
            ledger.enter("bank.changed", subject=f"bank:{bank.id}", body=body, at=now)
    return min(gone, 1)


def counts(*, platform_id: UUID) -> dict[str, int]:
    """How many live signals this platform's banks hold, by type."""
    return meeting.live_counts(platform_id)


def _must_be_own(bank: Bank) -> None:
    if bank.platform_id is None:
        raise SharedBank(f"bank '{bank.name}' is shared by all platforms: ask whoever runs Heed")


def _must_do_no_more(bank: Bank, fields: Mapping[str, Any]) -> None:
    """Nobody's posts vanish because a client of a matcher turned a figure."""
    wider = bank.enabled and fields.get("enabled_share", 0.0) > bank.enabled_share
    untried = fields.get("enabled") and not bank.enabled and not banks.was_tried(bank)
    if banks.acts(bank) and (wider or untried):
        raise ActsToo(
            f"bank '{bank.name}' holds uploads or hides posts too, and would do more: whoever runs"
            " Heed tries it first"
        )


def _enter(bank: Bank, what: str, by: str, now: datetime) -> None:
    body = {"what": what, "by": by, "on": bank.enabled, "at_the_door": bank.action}
    ledger.enter("bank.switched", subject=f"bank:{bank.id}", body=body, at=now)
