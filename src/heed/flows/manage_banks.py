"""Somebody looks after the banks: makes one, fills it, tries it, lets it go live.

1. Make a bank, switched off, or change what its matches do.
2. Put signals in from a file; every row is answered, the good ones go in.
3. Try it: count what it would touch now, touching nothing.
4. Switch it on, once it was tried as it stands; or off, at once.
5. Take signals out, write them out, or say what a match was worth.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from heed.flows.shared import bank_files
from heed.flows.shared.bank_files import Row
from heed.ledger import services as ledger
from heed.media import banks, meeting
from heed.media.banks import BankExists as BankExists
from heed.media.banks import SignalIn
from heed.media.models import Bank, File, Platform
from heed.rules.banks import WIDEST, asked
from heed.rules.claims import Category

SAMPLE = 10  # items named for each platform
ACTIONS = {"block": "block", "hold": "hold", "nothing": "pass"}
REGISTERED = ("hide", "person", "nothing")


class NoSuchBank(Exception):
    """There is no bank of this name. `heed bank list` shows those there are."""


class NotTried(Exception):
    """The bank was not tried as it stands. Run `heed bank dry-run`, read it, then switch it on."""


class PolicyRefused(Exception):
    """What matches should do does not fit; the message names the setting and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a match does. None: as it is (for a new bank: as little as possible)."""

    category: str | None = None
    on_upload: str | None = None  # block | hold | nothing
    on_registered: str | None = None  # hide | person | nothing
    trusted: bool | None = None
    threshold_bits: int | None = None
    enabled_share: float | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the rows of a file."""

    added: int
    known: int
    refused: tuple[Row, ...]


@dataclass(slots=True)
class Touched:
    """What a bank would do on one platform now."""

    platform: str
    files: int
    items: int
    visible: int  # items that nobody asked to be hidden yet
    would: str  # hide | person | nothing
    sample: list[str] = field(default_factory=list)


# ------------------------------------------------------------------ 1 make and change


def make_bank(*, name: str, platform_slug: str, policy: Policy, by: str, now: datetime) -> Bank:
    """A bank that is off. With no platform it is shared by all.

    Raises `BankExists`, `PolicyRefused`, `NoSuchBank` for an unknown platform.
    """
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise PolicyRefused("name: 1 to 80 printable characters")
    platform = _platform(platform_slug)
    least = {"action": "pass", "enabled": False, "category": Category.OTHER.value}
    with transaction.atomic():
        bank = banks.make(
            name.strip(),
            platform.id if platform else None,
            made_by=by,
            now=now,
            **least | _fields(policy),
        )
        _enter(bank, "made", by, now)
    return bank


def change_bank(*, bank_id: UUID, policy: Policy, by: str, now: datetime) -> Bank:
    """Another policy. A live bank is switched off by it, until it was tried anew.

    Raises `PolicyRefused`, `BankExists`.
    """
    bank = Bank.objects.get(id=bank_id)
    fields = _fields(policy)
    if not fields:
        return bank
    with transaction.atomic():
        if bank.enabled and _graver(bank, fields):
            banks.switch(bank, on=False)
        banks.change(bank, now=now, **fields)
        if bank.enabled:
            banks.compare_again(bank)
        _enter(bank, "changed", by, now)
    return bank


def _graver(bank: Bank, fields: dict[str, Any]) -> bool:
    """It would do more than before: that is tried first. A name or less of anything is not."""
    doors = ["pass", "hold", "block"]
    return (
        doors.index(fields.get("action", bank.action)) > doors.index(bank.action)
        or fields.get("hides_registered", False) > bank.hides_registered
        or fields.get("asks_person", False) > bank.asks_person
        or fields.get("threshold_bits", 0) > bank.threshold_bits
        or fields.get("enabled_share", 0.0) > bank.enabled_share
        or fields.get("category", bank.category) != bank.category
    )


def _fields(policy: Policy) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if policy.on_upload is not None:
        fields["action"] = _one_of(ACTIONS, policy.on_upload, "on upload")
    if policy.on_registered is not None:
        word = _one_of({one: one for one in REGISTERED}, policy.on_registered, "on registered")
        fields |= {"hides_registered": word == "hide", "asks_person": word != "nothing"}
    if policy.category is not None:
        known = {one.value: one.value for one in Category}
        fields["category"] = _one_of(known, policy.category, "category")
    for name in ("trusted", "name"):
        if getattr(policy, name) is not None:
            fields[name] = getattr(policy, name)
    return fields | _figures(policy)


def _figures(policy: Policy) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if policy.threshold_bits is not None:
        if not 0 <= policy.threshold_bits <= WIDEST:
            raise PolicyRefused(f"threshold: 0 to {WIDEST} bits")
        fields["threshold_bits"] = policy.threshold_bits
    if policy.enabled_share is not None:
        if not 0 <= policy.enabled_share <= 1:
            raise PolicyRefused("share: between 0 and 1")
        fields["enabled_share"] = policy.enabled_share
    return fields


def _one_of(words: dict[str, str], word: str, what: str) -> str:
    if word not in words:
        raise PolicyRefused(f"{what}: one of {', '.join(words)}, not {word!r}")
    return words[word]


def _platform(slug: str) -> Platform | None:
    if not slug:
        return None
    found = Platform.objects.filter(slug=slug).first()
    if found is None:
        raise NoSuchBank(f"there is no platform {slug!r}")
    return found


def find_bank(*, name: str, platform_slug: str = "") -> Bank:
    """The lasting bank of this name: the platform's, else the shared one. Raises `NoSuchBank`.

    Without a platform also the only one of that name, wherever it is.
    """
    platform = _platform(platform_slug)
    found = meeting.bank_named(name, platform.id if platform else None)
    if found is None and platform is None:
        everywhere = list(Bank.objects.filter(name=name, case_id=None)[:2])
        found = everywhere[0] if len(everywhere) == 1 else None
    if found is None:
        raise NoSuchBank(f"there is no bank {name!r} here; `heed bank list` shows those there are")
    return found


# ------------------------------------------------------------------ 2 fill


def import_signals(*, bank_id: UUID, text: str, kind: str, by: str, now: datetime) -> Imported:
    """Put the rows of a CSV or JSON text in. Repeating it changes nothing.

    Raises `bank_files.Unreadable` when it is neither; nothing was put in then.
    """
    bank = Bank.objects.get(id=bank_id)
    rows = list(bank_files.read(text, kind=kind))
    good = [row.signal for row in rows if row.signal is not None]
    with transaction.atomic():
        added = put_in(bank, good, source=by, now=now)
    refused = tuple(row for row in rows if row.signal is None)
    return Imported(added=added, known=len(good) - added, refused=refused)


def put_in(bank: Bank, signals: Sequence[SignalIn], *, source: str, now: datetime) -> int:
    """Signals into a bank, with their entry. Returns how many are new. In a transaction."""
    added = banks.add(bank, signals, source=source, now=now)
    if added:
        kinds = Counter(one.type for one in signals)
        ledger.enter(
            "bank.changed",
            subject=f"bank:{bank.id}",
            body={"added": added, "types": dict(kinds), "source": source},
            at=now,
        )
    return added


# ------------------------------------------------------------------ 3 try


def dry_run(*, bank_id: UUID, by: str, now: datetime) -> list[Touched]:
    """What the bank would touch if it were on: nothing is touched. Kept for whoever switches it on.

    Counts items that are registered now, with a sample of their names, platform by platform.
    """
    bank = Bank.objects.select_related("platform").get(id=bank_id)
    ids = list(banks.live(bank).filter(case_id=None).order_by("id").values_list("id", flat=True))
    met = {one.file_id for one in meeting.files_that_meet(ids)}
    met = _share_of(bank, met)
    places = meeting.places_of(met, bank.platform_id)
    touched = [_touched(bank, one, places) for one in sorted({p for p, _ in places}, key=str)]
    found = {
        "signals": len(ids),
        "platforms": [
            {"platform": one.platform, "files": one.files, "items": one.items,
             "visible": one.visible, "would": one.would, "sample": one.sample}
            for one in touched
        ],
    }  # fmt: skip
    with transaction.atomic():
        banks.keep_trial(bank, found, now=now)
        body = {"items": sum(one.items for one in touched), "signals": len(ids), "by": by}
        ledger.enter("bank.tried", subject=f"bank:{bank.id}", body=body, at=now)
    return touched


def _share_of(bank: Bank, files: set[UUID]) -> set[UUID]:
    if bank.enabled_share >= 1:
        return files
    known = File.objects.filter(id__in=files).values_list("id", "sha256")
    share, name = bank.enabled_share, str(bank.id)
    return {one for one, sha256 in known if asked(share, bank=name, file=bytes(sha256))}


def _touched(bank: Bank, platform_id: UUID, places: dict[tuple[UUID, UUID], int]) -> Touched:
    files = [file for where, file in places if where == platform_id]
    person = "person" if bank.asks_person else "nothing"
    return Touched(
        platform=Platform.objects.get(id=platform_id).slug,
        files=len(files),
        items=sum(count for (where, _), count in places.items() if where == platform_id),
        visible=meeting.still_visible(platform_id, files),
        would="hide" if bank.hides_registered else person,
        sample=meeting.sample(platform_id, files, SAMPLE),
    )


# ------------------------------------------------------------------ 4 switch


def switch_bank(*, bank_id: UUID, on: bool, by: str, now: datetime) -> bool:
    """Switch a bank on or off; False when it was so already. Raises `NotTried`.

    What is registered meets it within seconds.
    """
    bank = Bank.objects.get(id=bank_id, case_id=None)
    with transaction.atomic():
        if on and not bank.enabled:
            _must_be_tried(bank)
        done = banks.switch(bank, on=on)
        if done:
            _enter(bank, "switched on" if on else "switched off", by, now)
    return done


def _must_be_tried(bank: Bank) -> None:
    if banks.acts(bank) and not banks.was_tried(bank):
        raise NotTried(
            f"{bank.name} was not tried as it stands: run `heed bank dry-run {bank.name!r}` first"
        )


# ------------------------------------------------------------------ 5 take out, write out


def take_out(*, bank_id: UUID, values: Sequence[str], by: str, now: datetime) -> int:
    """Take signals out by value (hex), whoever put them in. Returns how many."""
    bank = Bank.objects.get(id=bank_id)
    wanted = [bytes.fromhex(one) for one in values]
    with transaction.atomic():
        gone = banks.take_out_by_hand(Q(bank=bank, value__in=wanted), now=now)
        if gone:
            body = {"withdrawn": gone, "source": by}
            ledger.enter("bank.changed", subject=f"bank:{bank.id}", body=body, at=now)
    return gone


def export_signals(*, bank_id: UUID, kind: str, withdrawn_too: bool = False) -> Iterator[str]:
    """A bank's signals as CSV or JSON, in the order in which they came, part by part."""
    return bank_files.written(banks.in_parts(bank_id, withdrawn_too=withdrawn_too), kind=kind)


def _enter(bank: Bank, what: str, by: str, now: datetime) -> None:
    ledger.enter(
        "bank.switched",
        subject=f"bank:{bank.id}",
        body={
            "what": what,
            "by": by,
            "on": bank.enabled,
            "at_the_door": bank.action,
            "hides": bank.hides_registered,
            "asks_person": bank.asks_person,
        },
        at=now,
    )
