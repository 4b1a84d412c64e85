"""Commands for banks. Each calls one flow; what an operator can put right is one line."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from heed.instance.trouble import Trouble

bank = typer.Typer(help="Banks of signals: what a match does.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The bank's name.")]
At = Annotated[str, typer.Option("--platform", help="Its platform; without: shared by all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
OnUpload = Annotated[str | None, typer.Option(help="block, hold or nothing.")]
OnRegistered = Annotated[str | None, typer.Option(help="hide, person or nothing.")]
Category = Annotated[str | None, typer.Option(help="What it is about: minor_sexual, ...")]
Trusted = Annotated[
    bool | None, typer.Option(help="What it knows byte for byte is decided unopened.")
]
Threshold = Annotated[int | None, typer.Option(help="Bits of 256 that may differ, 0 to 40.")]
Share = Annotated[float | None, typer.Option(help="For which share of files it is on, 0 to 1.")]
BY = "operator"


class Refused(Trouble):
    """The flow said no, and why."""


def _said(rows: Any, as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(rows, default=str) if as_json else "\n".join(lines))


def _flow() -> Any:
    from heed.flows import manage_banks

    return manage_banks


def _asked(run: Any, **given: Any) -> Any:
    """Run a flow now; what it refuses is one line for the operator."""
    from heed.flows.shared.bank_files import Unreadable

    flow = _flow()
    refusals = (flow.NoSuchBank, flow.NotTried, flow.PolicyRefused, flow.BankExists, Unreadable)
    try:
        return run(**given)
    except refusals as why:
        raise Refused(str(why)) from None


def _now() -> datetime:
    return datetime.now(UTC)


def _policy(**given: Any) -> Any:
    return _flow().Policy(**given)


@bank.command("list")
def list_banks(as_json: AsJson = False) -> None:
    """All lasting banks, what they do and how much is in them."""
    from heed.instance.boot import booted

    with booted():
        from heed.media.meeting import all_banks

        rows = all_banks()
    _said(rows, as_json, [_line(row) for row in rows] or ["There is no bank yet."])


def _line(row: dict[str, Any]) -> str:
    state = "on " if row["enabled"] else "off"
    where = row["platform"] or "shared"
    does = f"uploads: {row['on_upload']}, registered: {row['on_registered']}"
    return f"{state}  {row['name']} ({where})  {row['signals']} signals  {does}"


@bank.command("add")
def add(
    name: Name,
    platform: At = "",
    category: Category = None,
    on_upload: OnUpload = None,
    on_registered: OnRegistered = None,
    trusted: Trusted = None,
    threshold: Threshold = None,
    share: Share = None,
) -> None:
    """Make a bank. It is off until it was filled, tried and switched on."""
    from heed.instance.boot import booted

    with booted():
        policy = _policy(
            category=category, on_upload=on_upload, on_registered=on_registered, trusted=trusted,
            threshold_bits=threshold, enabled_share=share,
        )  # fmt: skip
        flow = _flow()
        _asked(flow.make_bank, name=name, platform_slug=platform, policy=policy, by=BY, now=_now())
    typer.echo(f"{name} is there, and off. Fill it, then: heed bank dry-run {name!r}")


@bank.command("set")
def change(
    name: Name,
    platform: At = "",
    rename: Annotated[str | None, typer.Option(help="Another name.")] = None,
    category: Category = None,
    on_upload: OnUpload = None,
    on_registered: OnRegistered = None,
    trusted: Trusted = None,
    threshold: Threshold = None,
    share: Share = None,
) -> None:
    """Change what a bank does. One that would do more is off until it was tried anew."""
    from heed.instance.boot import booted

    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        policy = _policy(
            category=category, on_upload=on_upload, on_registered=on_registered, trusted=trusted,
            threshold_bits=threshold, enabled_share=share, name=rename,
        )  # fmt: skip
        now = _asked(flow.change_bank, bank_id=found.id, policy=policy, by=BY, now=_now())
    typer.echo(f"{now.name} is {'on' if now.enabled else 'off'}.")


@bank.command("import")
def import_signals(
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV or JSON; - reads standard input.")],
    platform: At = "",
    kind: Annotated[str, typer.Option("--format", help="csv or json; else by the name.")] = "",
    refused: Annotated[Path | None, typer.Option(help="Write the refused rows here.")] = None,
) -> None:
    """Put signals in. Good rows go in; each bad one is named with its remedy, status 1."""
    from heed.instance.boot import booted

    text = _text_of(file)
    kind = _format(kind or ("csv" if file.suffix.lower() == ".csv" else "json"))
    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        done = _asked(
            flow.import_signals, bank_id=found.id, text=text, kind=kind, by=BY, now=_now()
        )
    typer.echo(f"{done.added} added, {done.known} known before, {len(done.refused)} refused")
    for row in done.refused[:50]:
        typer.echo(f"row {row.number}: {row.remedy}", err=True)
    if refused is not None and done.refused:
        rows = [{**row.said, "row": row.number, "remedy": row.remedy} for row in done.refused]
        refused.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if done.refused:
        raise typer.Exit(1)


def _format(kind: str) -> str:
    if kind not in ("csv", "json"):
        raise Refused(f"--format: csv or json, not {kind!r}")
    return kind


def _text_of(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8: save it so, and import it again") from None
    except OSError as why:
        raise Refused(f"{file} can't be read: {why.strerror or why}") from None


@bank.command("export")
def export(
    name: Name,
    platform: At = "",
    kind: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    everything: Annotated[bool, typer.Option("--all", help="Withdrawn ones too.")] = False,
) -> None:
    """Write a bank's signals out; `import` reads them again, but for those that are not live."""
    from heed.instance.boot import booted

    kind = _format(kind)
    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        for part in flow.export_signals(bank_id=found.id, kind=kind, withdrawn_too=everything):
            typer.echo(part, nl=False)


@bank.command("dry-run")
def dry_run(name: Name, platform: At = "", as_json: AsJson = False) -> None:
    """Count what the bank would touch now. Nothing is touched."""
    from heed.instance.boot import booted

    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        touched = flow.dry_run(bank_id=found.id, by=BY, now=_now())
    lines = [
        f"{one.platform}: {one.files} files on {one.items} items, {one.visible} of them visible;"
        f" would: {one.would}; e.g. {', '.join(one.sample)}"
        for one in touched
    ]
    rows = [{name: getattr(one, name) for name in one.__slots__} for one in touched]
    _said(rows, as_json, lines or ["It would touch nothing that is registered now."])


@bank.command("enable")
def enable(name: Name, platform: At = "") -> None:
    """Switch a bank on. It must have been tried as it stands."""
    _switch(name, platform, True)


@bank.command("disable")
def disable(name: Name, platform: At = "") -> None:
    """Switch a bank off, at once. What it did stays: see `heed rollback`."""
    _switch(name, platform, False)


def _switch(name: str, platform: str, on: bool) -> None:
    from heed.instance.boot import booted

    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        done = _asked(flow.switch_bank, bank_id=found.id, on=on, by=BY, now=_now())
    typer.echo(f"{name} is {'on' if on else 'off'}." if done else "It was so already.")


@bank.command("remove-signal")
def remove_signal(
    name: Name,
    value: Annotated[list[str], typer.Argument(help="The signal's value, in hexadecimal.")],
    platform: At = "",
) -> None:
    """Take signals out of a bank."""
    from heed.instance.boot import booted

    with booted():
        flow, found = _flow(), _asked(_flow().find_bank, name=name, platform_slug=platform)
        try:
            gone = flow.take_out(bank_id=found.id, values=value, by=BY, now=_now())
        except ValueError:
            raise Refused("a value is written in hexadecimal digits") from None
    if not gone:
        raise Refused(f"nothing was taken out: none of these is live in {name}")
    typer.echo(f"{gone} taken out")
