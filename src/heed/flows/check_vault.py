"""The vault is looked through before anybody needs it.

1. A sweep reads what was not read for long, and compares it with what was put: no key is needed.
2. A drill opens copies with the filer's key (and with both halves of the seal, if they are there),
   compares what comes out with what went in, and throws it away. The ledger has the outcome.
3. A state of the vault: what is kept, what is not, which keys lie here, what nobody knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from heed.filings import custody, vault
from heed.filings.models import SealedObject
from heed.flows import wiring
from heed.flows.shared import evidence
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.ports import KeyLost, NotForThisProcess, NotOpened, Purpose

READ_AGAIN_AFTER = timedelta(days=7)
AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What a drill found: each failure names its object and why."""

    opened: int
    by_seal: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultState:
    """How the vault stands."""

    counts: dict[str, int]
    trouble: tuple[SealedObject, ...]
    keys: dict[str, bool]  # purpose: whether its secret keys lie here
    old_keys: dict[str, int]  # purpose: objects that are wrapped for a key before the newest
    unknown: tuple[str, ...]  # names in the vault that nobody put there, or that were left over


def check_vault(*, now: datetime) -> int:
    """One sweep; returns how many it found damaged. Damaged ones are fetched again."""
    old = custody.kept(checked_before=now - READ_AGAIN_AFTER)
    return each(old[:AT_ONCE], lambda sealed: not _whole(sealed, now), what="sealed")


def _whole(sealed: SealedObject, now: datetime) -> bool:
    purpose = evidence.PURPOSES[SealedObject.Copy(sealed.copy)][0]
    try:
        evidence.sealing_of(sealed, purpose, now=now)
    except evidence.NotPreserved:
        return False
    vault.note_whole(sealed, now=now)
    return True


def drill(*, at_most: int, halves: Sequence[str] = (), now: datetime) -> Drilled:
    """Open the copies that were not opened or read for longest. Nothing leaves this function."""
    opened, by_seal, failed = 0, 0, list[str]()
    copies = custody.kept().exclude(copy=SealedObject.Copy.REVIEW)
    for sealed in copies[:at_most]:
        why = _fails(sealed, Purpose.FILING, (), now)
        opened += not why
        if not why and halves:
            why = _fails(sealed, Purpose.SEAL, halves, now)
            by_seal += not why
        if why:
            failed.append(f"{sealed.id} (case {sealed.case_id}): {why}")
        else:
            vault.note_whole(sealed, opened=True, now=now)
    body = {"opened": opened, "by_seal": by_seal, "failed": len(failed)}
    ledger.enter("vault.drilled", subject="vault", body=body, at=now)
    return Drilled(opened=opened, by_seal=by_seal, failed=tuple(failed))


def _fails(sealed: SealedObject, purpose: Purpose, halves: Sequence[str], now: datetime) -> str:
    """Why it can't be opened, or that other bytes come out; empty when all is well."""
    try:
        sealing = evidence.sealing_of(sealed, purpose, now=now)
        seals = wiring.seals()
        wrapped = sealing.wrappings[0]
        data = (
            seals.open_with(sealing.body, wrapped, halves)
            if halves
            else seals.open(sealing.body, wrapped)
        )
    except NotForThisProcess as why:
        return str(why)
    except KeyLost as lost:
        vault.note_unreadable(sealed, f"the key is lost: {lost}")
        return str(lost)
    except (evidence.NotPreserved, NotOpened) as why:
        return str(why)
    same = sha256(data).digest() == bytes(sealed.plain_sha256 or b"")
    return "" if same else "other bytes come out than went in"


def vault_state(*, now: datetime) -> VaultState:
    """How it stands. Changes nothing."""
    seals = wiring.seals()
    known = custody.names()
    old: dict[str, int] = {}
    for purpose in Purpose:
        held = custody.wrapped_for(purpose.value)
        old[purpose.value] = sum(held.values()) - held.get(seals.recipient(purpose), 0)
    return VaultState(
        counts=custody.counts(),
        trouble=tuple(custody.trouble()[:50]),
        keys={purpose.value: seals.has(purpose) for purpose in Purpose},
        old_keys=old,
        unknown=tuple(name for name in wiring.vault().names() if name not in known),
    )
