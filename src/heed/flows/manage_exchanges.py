"""Somebody shares a bank with others.

1. Add an exchange with its bank, which is off until it was tried; check settings and credentials.
2. Change its settings, switch it on or off, or ask it no more: its bank stays.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from heed.flows import wiring
from heed.ledger import services as ledger
from heed.media import banks
from heed.media import exchanges as writing
from heed.media.banks import BankExists as BankExists
from heed.media.exchanges import ExchangeExists as ExchangeExists
from heed.media.models import Exchange, Platform
from heed.ports import ExchangeRefused as ExchangeRefused
from heed.rules.claims import Category


class NoSuchKind(Exception):
    """There is no such kind of exchange; the message names those there are."""


class NoSuchExchange(Exception):
    """There is no exchange of this name. `heed exchange list` shows those there are."""


CATEGORY = {
    "ncmec_hashes": Category.MINOR_SEXUAL,
    "arachnid": Category.MINOR_SEXUAL,
    "stopncii": Category.INTIMATE_IMAGE,
}
COMMON = {"feedback", "private", "base"}
OF_THE_LIST = {"environment", "members", "privacy_group", "classes"}  # what it is a list of
MOST_NAME = 71  # characters: `exchange:` before it must fit where a signal's source is kept


def add_exchange(
    *,
    name: str,
    kind: str,
    said: Mapping[str, Any],
    platform_slug: str = "",
    bank_name: str = "",
    answers: bool = False,
    by: str,
    now: datetime,
) -> Exchange:
    """An exchange and its bank. Raises `NoSuchKind`, `ExchangeRefused`, `ExchangeExists`,
    `BankExists`, `NoSuchExchange` for an unknown platform.

    `answers`: its bank is on and answers lookups at once; else it is off until it was tried.
    """
    if not name.strip() or len(name) > MOST_NAME or not name.isprintable() or "/" in name:
        raise ExchangeRefused(f"name: 1 to {MOST_NAME} printable characters, without a slash")
    check_settings(name=name, kind=kind, said=said)
    platform = Platform.objects.filter(slug=platform_slug).first() if platform_slug else None
    if platform_slug and platform is None:
        raise NoSuchExchange(f"there is no platform {platform_slug!r}")
    category = CATEGORY.get(kind, Category.OTHER).value
    with transaction.atomic():
        bank = banks.make(
            bank_name or name, platform.id if platform else None, made_by=by, now=now,
            action="pass", enabled=answers, category=category,
        )  # fmt: skip
        exchange = writing.add(name=name, kind=kind, bank=bank, said=said, now=now)
        _enter(exchange, "added", by, now)
    return exchange


def check_settings(*, name: str, kind: str, said: Mapping[str, Any]) -> None:
    """Whether these would do. Raises `NoSuchKind`, `ExchangeRefused`."""
    if kind not in wiring.exchange_kinds():
        known = ", ".join(wiring.exchange_kinds())
        raise NoSuchKind(f"there is no kind of exchange {kind!r}: choose from {known}")
    port = wiring.exchange(kind)
    unknown = sorted(set(said) - set(port.settings()) - COMMON)
    if unknown:
        known = ", ".join(sorted({*port.settings(), "feedback"}))
        raise ExchangeRefused(f"no setting {', '.join(unknown)}: there are {known}")
    port.check(name, said)


def find(*, name: str) -> Exchange:
    """Raises `NoSuchExchange`."""
    found = Exchange.objects.select_related("bank").filter(name=name).first()
    if found is None:
        raise NoSuchExchange(f"there is no exchange {name!r}")
    return found


def change_exchange(*, name: str, said: Mapping[str, Any], by: str, now: datetime) -> None:
    """Other settings; "" leaves one out. What says which list it is can't be changed: signals of
    the other list would stay, and nobody would ever withdraw them.

    Raises `NoSuchExchange`, `ExchangeRefused`; nothing is changed then.
    """
    exchange = find(name=name)
    if fixed := sorted(set(said) & OF_THE_LIST):
        raise ExchangeRefused(
            f"{', '.join(fixed)}: that would be another list; add another exchange for it"
        )
    settings = {one: value for one, value in {**exchange.said, **said}.items() if value != ""}
    check_settings(name=name, kind=exchange.kind, said=settings)
    with transaction.atomic():
        writing.change(exchange, said=settings)
        writing.ask_soon(exchange, now=now)
        _enter(exchange, "changed", by, now)


def switch_exchange(*, name: str, on: bool, by: str, now: datetime) -> None:
    """Ask it, or not. Raises `NoSuchExchange`."""
    exchange = find(name=name)
    with transaction.atomic():
        writing.change(exchange, enabled=on)
        writing.ask_soon(exchange, now=now)
        _enter(exchange, "switched on" if on else "switched off", by, now)


def remove_exchange(*, name: str, by: str, now: datetime) -> None:
    """Ask it no more. Its bank stays, with all it holds. Raises `NoSuchExchange`."""
    exchange = find(name=name)
    with transaction.atomic():
        _enter(exchange, "removed", by, now)
        writing.remove(exchange)


def has_credentials(*, name: str, kind: str, said: Mapping[str, Any]) -> bool:
    """Whether this server holds what the exchange asks for."""
    try:
        wiring.exchange(kind).check(name, said)
    except ExchangeRefused as why:
        return "credentials" not in str(why)
    return True


def _enter(exchange: Exchange, what: str, by: str, now: datetime) -> None:
    body = {"what": what, "by": by, "kind": exchange.kind, "bank": str(exchange.bank_id)}
    ledger.enter("exchange.changed", subject=f"exchange:{exchange.id}", body=body, at=now)
