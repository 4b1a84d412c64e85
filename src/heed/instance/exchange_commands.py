"""Commands for exchanges. Each calls one flow."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from heed.instance.trouble import Trouble

exchange = typer.Typer(help="Places where banks are shared with others.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The exchange's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BY = "operator"
STAYS = (
    "Its bank stays as it is, and does not hear any more what is withdrawn there: switch it off,"
    " if nobody else looks after it."
)
OVERDUE = timedelta(minutes=30)


class Refused(Trouble):
    """The flow said no, and why."""


def _asked(run: Any, **given: Any) -> Any:
    from heed.flows import manage_exchanges as flow

    no = (
        flow.NoSuchKind, flow.NoSuchExchange, flow.ExchangeRefused, flow.ExchangeExists,
        flow.BankExists,
    )  # fmt: skip
    try:
        return run(**given)
    except no as why:
        raise Refused(str(why)) from None


@exchange.command("list")
def kinds(as_json: AsJson = False) -> None:
    """The kinds of exchange there are, with their settings; and those that were added."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.sync_exchanges import known_kinds
        from heed.media.exchanges import status as standing

        known, rows = known_kinds(), standing()
    if as_json:
        typer.echo(json.dumps({"kinds": known, "exchanges": rows}, default=str))
        return
    for kind, settings in known.items():
        typer.echo(kind)
        for name, what in settings.items():
            typer.echo(f"    {name}: {what}")
    typer.echo("\n".join(f"{row['name']} ({row['kind']})" for row in rows) or "None was added yet.")


@exchange.command("add")
def add(
    name: Name,
    kind: Annotated[str, typer.Argument(help="See `heed exchange list`.")],
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="name=value; repeatable.")
    ] = None,
    platform: Annotated[str, typer.Option(help="For one platform; else shared by all.")] = "",
    feedback: Annotated[
        bool, typer.Option(help="Tell it what people here say of its signals.")
    ] = False,
) -> None:
    """Add an exchange. Credentials come from the environment or a file, never from here."""
    from heed.instance.boot import booted

    said: dict[str, Any] = dict(_pair(one) for one in setting or [])
    if feedback:
        said["feedback"] = True
    with booted():
        from heed.flows.manage_exchanges import add_exchange

        _asked(
            add_exchange, name=name, kind=kind, said=said, platform_slug=platform, by=BY,
            now=datetime.now(UTC),
        )  # fmt: skip
    typer.echo(f"{name} is asked from now on. Its bank is off: heed bank dry-run {name!r}")


@exchange.command("set")
def change(
    name: Name,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="name=value; name= leaves it out; repeatable.")
    ] = None,
    feedback: Annotated[
        bool | None, typer.Option(help="Tell it what people here say of its signals, or not.")
    ] = None,
) -> None:
    """Change an exchange's settings. Which list it is stays: for another one, add another."""
    from heed.instance.boot import booted

    said: dict[str, Any] = dict(_pair(one) for one in setting or [])
    if feedback is not None:
        said["feedback"] = True if feedback else ""
    with booted():
        from heed.flows.manage_exchanges import change_exchange

        _asked(change_exchange, name=name, said=said, by=BY, now=datetime.now(UTC))
    typer.echo(f"{name} is changed, and asked within the minute.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Refused(f"write settings as name=value, not {text!r}")
    return name.strip(), value.strip()


@exchange.command("status")
def status(as_json: AsJson = False) -> None:
    """How each exchange stands. Status 1 when one of them has trouble, or nobody asks it."""
    from heed.instance.boot import booted

    with booted():
        from heed.media.exchanges import status as standing

        rows = standing()
    none = "None was added yet: `heed exchange list` shows the kinds there are."
    lines = "\n".join(_line(row) for row in rows) or none
    typer.echo(json.dumps(rows, default=str) if as_json else lines)
    if any(row["trouble"] or _late(row) for row in rows):
        raise typer.Exit(1)


def _line(row: dict[str, Any]) -> str:
    counts = row["counts"]
    figures = f"{counts.get('came', 0)} came, {counts.get('went', 0)} went"
    passed = sum(counts.get("passed_over", {}).values())
    when = row["synced_at"].isoformat(timespec="seconds") if row["synced_at"] else "never"
    trouble = f"  TROUBLE: {row['trouble']}" if row["trouble"] else ""
    trouble += "  NOBODY ASKS IT: is `heed worker` (or `heed up`) running?" if _late(row) else ""
    state = "on " if row["on"] else "off"
    state += " (under way)" if row["on"] and row["under_way"] and not _late(row) else ""
    figures += f", {passed} of types that are not compared"
    return f"{state} {row['name']} ({row['kind']})  whole: {when}  {figures}{trouble}"


def _late(row: dict[str, Any]) -> bool:
    """It has been due for so long that no worker can be there."""
    due: datetime | None = row["due_at"]
    return bool(row["on"] and due is not None and datetime.now(UTC) - due > OVERDUE)


@exchange.command("sync")
def sync(name: Name) -> None:
    """Sync now. What was taken over stays, also when it stops half-way."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import manage_exchanges, sync_exchanges
        from heed.media.exchanges import status as standing

        _asked(manage_exchanges.find, name=name)
        try:
            sync_exchanges.sync_exchange(name=name, now=datetime.now(UTC))
        except sync_exchanges.UnderWay as why:
            raise Refused(str(why)) from None
        row = next(one for one in standing() if one["name"] == name)
    typer.echo(_line(row))
    if row["trouble"]:
        raise typer.Exit(1)


@exchange.command("enable")
def enable(name: Name) -> None:
    """Ask it again."""
    _switch(name, True)


@exchange.command("disable")
def disable(name: Name) -> None:
    """Ask it no more for now. Its bank stays as it is: what is withdrawn there stays in it."""
    _switch(name, False)


def _switch(name: str, on: bool) -> None:
    from heed.instance.boot import booted

    with booted():
        from heed.flows.manage_exchanges import switch_exchange

        _asked(switch_exchange, name=name, on=on, by=BY, now=datetime.now(UTC))
    typer.echo(f"{name} is on." if on else f"{name} is off. {STAYS}")


@exchange.command("remove")
def remove(name: Name) -> None:
    """Forget an exchange. Its bank stays, with all it holds."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.manage_exchanges import remove_exchange

        _asked(remove_exchange, name=name, by=BY, now=datetime.now(UTC))
    typer.echo(f"{name} is gone. {STAYS}")
