"""/c/bank: banks, and what is in them."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BaseModel, Field

from heed.flows import curate_banks
from heed.flows.curate_banks import BankExists
from heed.media.models import Bank
from heed.web.hma import kinds
from heed.web.hma.asking import NAME, Ask, Refusal, plain, say

NO_CONTENT = [{"enabled": True, "name": name} for name in sorted(kinds.CONTENTS)]


class BankSaid(BaseModel):
    """`POST /c/banks`. Clients name the share in two ways; `enabled` has no effect."""

    name: str
    enabled_ratio: float | None = Field(default=None, ge=0, le=1)
    matching_enabled_ratio: float | None = Field(default=None, ge=0, le=1)
    enabled: bool | None = None


class BankChange(BaseModel):
    """`PUT /c/bank/<name>`."""

    name: str | None = None
    enabled: bool | None = None
    enabled_ratio: float | None = Field(default=None, ge=0, le=1)


def told(bank: Bank) -> dict[str, Any]:
    """A bank. One that is off is on for no share."""
    return {
        "matching_enabled_ratio": bank.enabled_share if bank.enabled else 0.0,
        "name": plain(bank.name),
    }


def every(ask: Ask) -> HttpResponse:
    """All banks that this platform may ask."""
    return say([told(bank) for bank in curate_banks.banks_of(platform_id=ask.platform_id)])


def make(ask: Ask) -> HttpResponse:
    """A new bank: it answers lookups, and does nothing else."""
    said = ask.checked(BankSaid)
    name = _name(said.name)
    shares = [said.enabled_ratio, said.matching_enabled_ratio, 1.0]
    share = next(one for one in shares if one is not None)
    if curate_banks.bank_of(platform_id=ask.platform_id, name=name, plain=plain) is not None:
        raise Refusal(403, "Bank already exists")
    try:
        bank = curate_banks.make(
            platform_id=ask.platform_id, name=name, share=share, by=ask.by, now=timezone.now()
        )
    except BankExists:
        raise Refusal(403, "Bank already exists") from None
    return say(told(bank), 201)


def _name(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > 80:
        raise Refusal(400, "Bank names must be UPPER_WITH_UNDERSCORE")
    return name


def show(ask: Ask) -> HttpResponse:
    """One bank."""
    return say(told(ask.bank()))


def change(ask: Ask) -> HttpResponse:
    """Another name or share; on and off."""
    bank = ask.bank(missing="Bank not found")
    said = ask.checked(BankChange)
    fields: dict[str, Any] = {}
    if said.name is not None:
        fields["name"] = _name(said.name)
        other = curate_banks.bank_of(platform_id=ask.platform_id, name=said.name, plain=plain)
        if other is not None and other.id != bank.id:
            raise Refusal(403, "Bank name already exists")
    if said.enabled is not None:
        fields |= {"enabled": said.enabled, "enabled_share": float(said.enabled)}
    if said.enabled_ratio is not None:
        fields["enabled_share"] = said.enabled_ratio
        if said.enabled_ratio > 0 and said.enabled is None:
            fields["enabled"] = True  # in the protocol a bank is off by its ratio alone
    _changed(ask, bank, fields)
    bank.refresh_from_db()
    body = told(bank)
    if said.enabled is not None and said.enabled_ratio is None:
        body["matching_enabled_ratio"] = int(said.enabled)
    return say(body)


def _changed(ask: Ask, bank: Bank, fields: dict[str, Any]) -> None:
    if not fields:
        return
    try:
        curate_banks.change(bank=bank, fields=fields, by=ask.by, now=timezone.now())
    except BankExists:
        raise Refusal(403, "Bank name already exists") from None


def remove(ask: Ask) -> HttpResponse:
    """Gone, also when it never was."""
    found = curate_banks.bank_of(platform_id=ask.platform_id, name=ask.given["name"], plain=plain)
    if found is not None:
        curate_banks.remove(bank=found, by=ask.by, now=timezone.now())
    return say({"message": "Done"})


def signal_types(ask: Ask) -> HttpResponse:
    """What is compared."""
    return say([{"enabled_ratio": 1.0, "name": name} for name in sorted(kinds.TYPES)])


def change_signal_type(ask: Ask) -> HttpResponse:
    """Every type is always on: asking for that is done, asking for less is refused."""
    kinds.signal_type(ask.given["name"], unknown="No such signal type '{name}'")
    said = ask.json()
    share = said.get("enabled_ratio") if isinstance(said, dict) else None
    if share in (1, "1", "1.0"):
        return HttpResponse(status=204)
    raise Refusal(400, "signal types are always on here; give banks another enabled_ratio instead")


def content_types(ask: Ask) -> HttpResponse:
    """What can be sent."""
    return say(NO_CONTENT)
