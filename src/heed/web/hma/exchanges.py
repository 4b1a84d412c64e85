"""/c/exchange: what is shared with others. Credentials never come in here."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BaseModel

from heed.flows import curate_banks, manage_exchanges, sync_exchanges
from heed.flows.manage_exchanges import (
    BankExists,
    ExchangeExists,
    ExchangeRefused,
    NoSuchExchange,
    NoSuchKind,
)
from heed.media.models import Exchange
from heed.web.hma.asking import Ask, Refusal, plain, say

# Their names of the kinds, and ours.
THEIRS = {"fb_threatexchange": "threatexchange", "ncmec": "ncmec_hashes", "stop_ncii": "stopncii",
          "arachnid_shield": "arachnid"}  # fmt: skip
OURS = {ours: theirs for theirs, ours in THEIRS.items()}
OPERATORS = {"base", "private", "submit_bank", "path", "feedback"}  # only whoever runs Heed
BANK = re.compile(r"[A-Z0-9_]+")
ELSEWHERE = (
    "credentials are kept in the environment or a file of this server: ask whoever runs Heed"
)


class Switch(BaseModel):
    """`PUT /c/exchange/<name>`."""

    enabled: bool


def kinds(ask: Ask) -> HttpResponse:
    """The kinds there are."""
    return say(list(THEIRS))


def _kind(ask: Ask, status: int, says: str) -> str:
    name = ask.given["name"]
    if name not in THEIRS:
        raise Refusal(status, says.format(name=name))
    return name


def kind(ask: Ask) -> HttpResponse:
    """Whether credentials are there. The spelling is the protocol's."""
    return say(_auth(_kind(ask, 400, "no such Exchange API '{name}'")))


def _auth(name: str) -> dict[str, bool]:
    ours = THEIRS[name]
    there = manage_exchanges.has_credentials(name=name, kind=ours, said={})
    return {"has_set_authentification": there, "supports_authentification": True}


def credentials(ask: Ask) -> HttpResponse:
    """They are not taken over the network."""
    _kind(ask, 400, "no such Exchange API '{name}'")
    said = ask.json()
    if not isinstance(said, dict):
        raise Refusal(400, "this endpoint expects a json object payload")
    raise Refusal(403, ELSEWHERE)


def schema(ask: Ask) -> HttpResponse:
    """What may be set here."""
    name = _kind(ask, 404, "Exchange API '{name}' not found")
    settings = sync_exchanges.known_kinds()[THEIRS[name]]
    fields = [
        {
            "name": one,
            "type": "string",
            "required": what.endswith("(required)"),
            "default": None,
            "help": what,
            "choices": None,
        }
        for one, what in settings.items()
        if one not in OPERATORS
    ]
    return say({"config_schema": {"fields": fields}, "credentials_schema": None})


def _mine(ask: Ask) -> list[Exchange]:
    """Exchanges of this platform's own banks, and of shared ones."""
    here = {bank.id for bank in curate_banks.banks_of(platform_id=ask.platform_id)}
    every = Exchange.objects.select_related("bank__platform").order_by("name")
    return [one for one in every if one.bank_id in here]


def _name(one: Exchange) -> str:
    """In the protocol, an exchange is called as the bank that it fills."""
    return plain(one.bank.name)


def every(ask: Ask) -> HttpResponse:
    """All of them."""
    return say([_name(one) for one in _mine(ask)])


def _named(ask: Ask) -> Exchange:
    name = ask.given["name"]
    found = next((one for one in _mine(ask) if _name(one) == name), None)
    if found is None:
        raise Refusal(404, f"Exchange '{name}' not found")
    return found


def add(ask: Ask) -> HttpResponse:
    """An exchange, and the bank that it fills."""
    said = ask.json()
    if not isinstance(said, dict) or not said.get("bank"):
        raise Refusal(400, "bank is required")
    bank = str(said["bank"])
    too_long = len(f"{ask.slug}-{bank}") > manage_exchanges.MOST_NAME
    if not BANK.fullmatch(bank) or bank[0].isdigit() or too_long:
        raise Refusal(400, "Field `bank` must match /^[A-Z0-9_]+$/")
    api = said.get("api")
    if not api:
        raise Refusal(400, "Field `api_type` is required")
    if api not in THEIRS:
        raise Refusal(400, f"No such exchange type '{api}'")
    _make(ask, bank, THEIRS[str(api)], _settings(said.get("api_json")))
    return say({"message": "Created successfully"}, 201)


def _settings(said: Any) -> dict[str, Any]:
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError as why:
            raise Refusal(400, f"Failed to parse `api_json` - {why}") from None
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise Refusal(400, "Field `api_json` must be object")
    return {str(name): value for name, value in said.items()}


def _make(ask: Ask, bank: str, ours: str, said: Mapping[str, Any]) -> None:
    """Its credentials are asked for by the platform's name too: nobody uses another one's."""
    settings = _translated(said)
    if forbidden := sorted(set(settings) & OPERATORS):
        raise Refusal(400, f"Failed to parse `api_json` - {', '.join(forbidden)}: {ELSEWHERE}")
    try:
        manage_exchanges.add_exchange(
            name=f"{ask.slug}-{bank}", kind=ours, said=settings, platform_slug=ask.slug,
            bank_name=bank, answers=True, by=ask.by, now=timezone.now(),
        )  # fmt: skip
    except (ExchangeExists, BankExists):
        raise Refusal(403, "Bank already exists") from None
    except (ExchangeRefused, NoSuchKind) as why:
        raise Refusal(400, f"Failed to parse `api_json` - {why}") from None


def _translated(said: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as clients of the protocol write them."""
    found = dict(said)
    address = str(found.get("environment", ""))
    if address.startswith("https://"):
        found["environment"] = _ENVIRONMENTS.get(address.rstrip("/"), address)
    if "only_esp_ids" in found:
        ids = found.pop("only_esp_ids") or []
        found |= {"members": [str(one) for one in ids]} if ids else {}
    return found


_ENVIRONMENTS = {
    "https://report.cybertip.org/hashsharing": "industry",
    "https://hashsharing.ncmec.org/npo": "npo",
    "https://hashsharing.ncmec.org/exploitative": "npo-exploitative",
    "https://exttest.cybertip.org/hashsharing": "test",
    "https://hashsharing-test.ncmec.org/npo": "test-npo",
}


def show(ask: Ask) -> HttpResponse:
    """One exchange."""
    return say(_told(_named(ask)))


def _told(one: Exchange) -> dict[str, Any]:
    settings = {name: value for name, value in one.said.items() if name not in OPERATORS}
    api = OURS.get(one.kind, one.kind)
    return {**settings, "name": _name(one), "api": api, "enabled": one.enabled}


def status(ask: Ask) -> HttpResponse:
    """How far it is."""
    one = _named(ask)
    synced = None if one.synced_at is None else int(one.synced_at.timestamp())
    started = None if one.started_at is None else int(one.started_at.timestamp())
    return say(
        {
            "checkpoint_ts": synced,
            "fetched_items": int(one.counts.get("came", 0)),
            "last_fetch_complete_ts": synced,
            "last_fetch_succeeded": None if not synced and not one.trouble else not one.trouble,
            "running_fetch_start_ts": started,
            "up_to_date": bool(synced) and not one.trouble,
        }
    )


def change(ask: Ask) -> HttpResponse:
    """Ask it, or not."""
    one, said = _own(ask), ask.checked(Switch)
    now = timezone.now()
    manage_exchanges.switch_exchange(name=one.name, on=said.enabled, by=ask.by, now=now)
    one.refresh_from_db()
    return say(_told(one))


def _own(ask: Ask) -> Exchange:
    one = _named(ask)
    if one.bank.platform_id is None:
        raise Refusal(403, f"exchange '{one.name}' is shared: ask whoever runs Heed")
    return one


def remove(ask: Ask) -> HttpResponse:
    """Gone, with its bank; also when it never was."""
    try:
        one = _own(ask)
    except Refusal as why:
        if why.status != 404:
            raise
        return say({"message": "Exchange deleted"})
    now = timezone.now()
    try:
        manage_exchanges.remove_exchange(name=one.name, by=ask.by, now=now)
        curate_banks.remove(bank=one.bank, by=ask.by, now=now)
    except NoSuchExchange:
        pass
    return say({"message": "Exchange deleted"})
