"""`heed vault`: how it stands, a drill, new keys, and opening what two people agreed to open."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from heed.instance.trouble import Trouble

app = typer.Typer(help="Sealed evidence: its state, its keys.", no_args_is_help=True)
Halves = Annotated[
    list[Path] | None,
    typer.Option("--half", help="A key file of the seal; two people bring one each.", exists=True),
]


class VaultRefused(Trouble):
    """The vault could not do what was asked; nothing was changed unless the message says so."""


def _texts(halves: list[Path] | None) -> list[str]:
    return [path.read_text(encoding="ascii") for path in halves or []]


@app.command()
def status() -> None:
    """Say what is kept and what is not, and which keys lie here. Status 1 when it is not well."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.check_vault import vault_state
        from heed.ports import KeyLost

        try:
            state = vault_state(now=datetime.now(UTC))
        except KeyLost as lost:
            raise VaultRefused(str(lost)) from None
    print("  ".join(f"{name} {count}" for name, count in state.counts.items()))
    for one in state.trouble:
        print(f"BAD  case {one.case_id}, {one.copy} copy, {one.state}: {one.reason}")
    for purpose, here in state.keys.items():
        print(f"key for {purpose}: {'here' if here else 'not on this machine'}")
    for purpose, count in state.old_keys.items():
        if count:
            print(
                f"BAD  {count} for an older key of {purpose}: heed vault rotate {purpose} --go-on"
            )
    for name in state.unknown:
        print(f"left over in the vault: {name}")
    raise typer.Exit(1 if state.trouble or any(state.old_keys.values()) else 0)


@app.command()
def drill(
    half: Halves = None,
    at_most: Annotated[int, typer.Option(help="How many copies to open.")] = 100,
) -> None:
    """Open copies, compare them, and throw away what comes out. Status 1 when one fails."""
    from heed.instance.boot import booted

    os.environ["HEED_OPENS"] = "filing"
    with booted():
        from heed.flows import check_vault

        found = check_vault.drill(at_most=at_most, halves=_texts(half), now=datetime.now(UTC))
    print(f"{found.opened} opened by the filer's key, {found.by_seal} by both halves of the seal.")
    for line in found.failed:
        print(f"BAD  {line}")
    raise typer.Exit(1 if found.failed else 0)


@app.command()
def rotate(
    purpose: Annotated[str, typer.Argument(help="review, filing or seal.")],
    half: Halves = None,
    go_on: Annotated[bool, typer.Option(help="Take up one that was cut short.")] = False,
) -> None:
    """Give everything to new keys and destroy the old ones. Back up the new ones first thing."""
    from heed.instance.boot import booted

    os.environ["HEED_OPENS"] = "review,filing,seal"
    with booted():
        from heed.flows.rotate_keys import rotate_keys
        from heed.ports import KeyLost, NotOpened, Purpose

        if purpose not in list(Purpose):
            raise VaultRefused(f"there is no purpose {purpose!r}: {', '.join(Purpose)}")
        try:
            done = rotate_keys(
                purpose=Purpose(purpose),
                halves=_texts(half),
                anew=not go_on,
                now=datetime.now(UTC),
            )
        except (KeyLost, NotOpened) as lost:
            raise VaultRefused(f"{lost}. Nothing was changed") from None
    print(f"{done.moved} wrapped for {done.recipient}; {done.forgotten} old key(s) destroyed.")
    for one in done.failed:
        print(f"BAD  {one} could not be opened: the old keys are kept. See heed vault status")
    raise typer.Exit(1 if done.failed else 0)


@app.command("open")
def open_(
    request: Annotated[UUID, typer.Argument(help="The request that two people agreed on.")],
    half: Halves = None,
    out: Annotated[Path, typer.Option(help="Where to write the package.")] = Path("sealed.tar.age"),
) -> None:
    """Open what was agreed to, encrypted for who asked. Needs both halves of the seal."""
    from heed.instance.boot import booted

    with booted():
        from heed.filings.holding import NotWaiting
        from heed.flows import unseal
        from heed.ports import KeyLost

        try:
            opened = unseal.open_seals(
                unsealing_id=request, halves=_texts(half), now=datetime.now(UTC)
            )
        except (unseal.MayNotUnseal, NotWaiting, KeyLost) as why:
            raise VaultRefused(str(why)) from None
    with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(opened.package)
    print(f"{opened.count} file(s) in {out}, for who asked alone: age -d -i KEY {out} | tar x")
    for line in opened.failed:
        print(f"BAD  {line}")
