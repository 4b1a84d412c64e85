"""`heed rollback`: undo all that a bank, a key, a source or a version of the rules caused."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from heed.instance.trouble import Trouble


class NotDone(Trouble):
    """The rollback was refused, or named nothing."""


def rollback(
    bank: Annotated[str, typer.Option(help="The name of a bank.")] = "",
    key: Annotated[str, typer.Option(help="A platform's key, or the part before its secret.")] = "",
    source: Annotated[str, typer.Option(help="A source of signals or of notices.")] = "",
    rule_version: Annotated[str, typer.Option(help="A version of the rules.")] = "",
    platform: Annotated[str, typer.Option(help="The bank's platform, where names meet.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    confirm: Annotated[str, typer.Option(help="Confirm the proposal of this id.")] = "",
    refuse: Annotated[str, typer.Option(help="Refuse the proposal of this id.")] = "",
    by: Annotated[str, typer.Option(help="Who you are: your address as staff.")] = "",
    why: Annotated[str, typer.Option(help="What went wrong; stays inside.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Undo what was done automatically. One person proposes, another confirms.

    What people have decided stays. With --dry-run nothing is touched.
    """
    from heed.instance.boot import booted

    named = [(what, value) for what, value in _asked(bank, key, source, rule_version) if value]
    if len(named) + bool(confirm) + bool(refuse) != 1:
        raise NotDone("name one of --bank, --key, --source, --rule-version, --confirm, --refuse")
    with booted():
        if confirm or refuse:
            told = _answer(confirm or refuse, bool(confirm), by)
        else:
            told = _propose(*named[0], platform, dry_run, by, why)
    typer.echo(json.dumps(told) if as_json else "\n".join(f"{k:>10}  {v}" for k, v in told.items()))


def _asked(bank: str, key: str, source: str, rules: str) -> list[tuple[str, str]]:
    return [("bank", bank), ("key", key), ("source", source), ("rules", rules)]


def _propose(
    what: str, value: str, platform: str, dry_run: bool, by: str, why: str
) -> dict[str, Any]:
    from heed.flows import roll_back

    now = datetime.now(UTC)
    try:
        named = roll_back.name_it(what=what, value=value, platform_slug=platform)
        if dry_run:
            return {"would undo": named.says, **roll_back.would_undo(named=named, now=now)}
        made = roll_back.propose(named=named, why=why, by=_person(by), now=now)
    except _refusals() as refused:
        raise NotDone(str(refused)) from None
    again = f"heed rollback --confirm {made.id} --by ..."
    return {"proposed": made.id.hex, **made.found, "then": f"somebody else: {again}"}


def _answer(rollback_id: str, agrees: bool, by: str) -> dict[str, Any]:
    from uuid import UUID

    from heed.flows import roll_back

    now = datetime.now(UTC)
    try:
        number = UUID(rollback_id)
        if not roll_back.confirm(rollback_id=number, agrees=agrees, by=_person(by), now=now):
            return {"refused": rollback_id}
        return {"undone": rollback_id, **roll_back.roll_back(rollback_id=number, now=now)}
    except ValueError:
        raise NotDone("that is no id of a proposal") from None
    except _refusals() as refused:
        raise NotDone(str(refused)) from None


def _refusals() -> tuple[type[Exception], ...]:
    from heed.flows import roll_back

    return (
        roll_back.MayNotRollBack,
        roll_back.NothingToRollBack,
        roll_back.AlreadyProposed,
    )


def _person(email: str) -> Any:
    from heed.people.models import Staff

    found = Staff.objects.filter(email=email, is_active=True).first()
    if found is None:
        raise NotDone("say who you are with --by and your address as staff")
    return found.id
