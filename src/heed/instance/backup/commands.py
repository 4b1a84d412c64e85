"""`heed backup`, as an operator meets it."""

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.place import here
from heed.instance.trouble import Trouble

if TYPE_CHECKING:  # a command line that needs no backup loads none of it
    from heed.instance.backup.shelves import Note, Shelf

backup = typer.Typer(
    help="One encrypted file with all that this instance is.", invoke_without_command=True
)

To = Annotated[
    str, typer.Option("--to", help="A directory or s3://bucket/prefix; else HEED_BACKUP_TO.")
]
Identity = Annotated[
    Path | None, typer.Option("--identity", "-i", help="The file with the recovery secret.")
]
NEVER_HERE = "Keep it away from this machine: printed, or in a safe. It is not shown again."


class NotSaid(Trouble):
    """The command needs a word that was not given."""


@backup.callback()
def backup_now(
    context: typer.Context,
    to: To = "",
    unchecked: Annotated[
        bool, typer.Option(help="Do not restore it into a scratch database to see that it can be.")
    ] = False,
    without_vault: Annotated[
        bool, typer.Option(help="Leave sealed evidence out: it is backed up elsewhere.")
    ] = False,
) -> None:
    """Make a backup, restore it once into a scratch database, and remove those that are too old."""
    if context.invoked_subcommand is not None:
        return
    from heed.instance.backup import make as making
    from heed.instance.backup import recovery, shelves
    from heed.instance.backup.watching import watched
    from heed.instance.boot import booted

    place, now = here(), datetime.now(UTC)
    recovery.recipients(place)  # before anything is started
    with making.alone(place), booted(place) as urls, watched() as progress:
        made = making.make(
            place,
            urls,
            shelves.named(to, place),
            checked=not unchecked,
            vault_apart=without_vault or os.environ.get("HEED_BACKUP_VAULT", "") == "apart",
            kept_within=kept_within(),
            progress=progress,
            now=now,
        )
        _enter(made.note, now)
    where = shelves.named(to, place).where()
    print(f"{made.name} in {where}: {_size(made.note.bytes)}. {made.note.found or 'Unchecked.'}")
    for name in made.left_out:
        print(f"NOT IN IT  the key {name}: this user may not read it. Keep a copy of your own.")
    if made.missing:
        print(
            f"NOT IN IT  {len(made.missing)} objects that the vault has not got: heed vault status"
        )
    for name in made.removed:
        print(f"removed {name}")
    _tell_of_halves()


def kept_within() -> timedelta:
    """How long a backup may live: `HEED_BACKUPS_KEPT_DAYS`."""
    return timedelta(days=int(os.environ.get("HEED_BACKUPS_KEPT_DAYS", "") or 35))


def _enter(note: "Note", now: datetime) -> None:
    from heed.flows.note_backup import note_backup

    note_backup(
        sha256=note.sha256, size_bytes=note.bytes, checked=bool(note.checked_at),
        kept_within=kept_within(), now=now,
    )  # fmt: skip


def _tell_of_halves() -> None:
    """The halves of the seal are in no backup: whoever has only one copy should know."""
    from heed.instance.backup.contents import HALVES

    left = [name for name in HALVES if (here().vault_keys / name).exists()]
    if left:
        print(f"{' and '.join(left)} are in no backup. Give each to a person who keeps it.")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 10**9 else f"{count / 1e9:,.2f} GB"


@backup.command("key")
def make_key(
    anew: Annotated[bool, typer.Option(help="Replace the key that there is.")] = False,
) -> None:
    """Make the recovery key. Its secret half is printed once, and kept nowhere here."""
    from heed.instance.backup import recovery

    place = here()
    if recovery.public(place) and not anew:
        raise NotSaid(
            f"There is a recovery key already: {recovery.public(place)[0]}. With --anew, backups "
            f"are sealed for a new one from now on; older ones open with the old one alone."
        )
    secret = recovery.make(place)
    print("Whoever has this key and a backup has everything. Without it no backup opens.")
    print(f"{NEVER_HERE}\n\n# public key: {recovery.public(place)[0]}\n{secret}\n")


@backup.command("list")
def list_backups(to: To = "") -> None:
    """Say which backups there are, and which were checked. Status 1 when there is none."""
    from heed.instance.backup import shelves

    lying = shelves.named(to, here()).all()
    for one in lying:
        said = f"checked {one.note.checked_at[:16]}" if one.note and one.note.checked_at else ""
        print(f"{one.name}  {_size(one.bytes):>12}  {said or 'NEVER CHECKED'}")
    if not lying:
        print("There is no backup.")
    raise typer.Exit(0 if lying else 1)


@backup.command("check")
def check_backup(
    file: Annotated[str, typer.Argument(help="A backup's file, or its name on the shelf.")] = "",
    identity: Identity = None,
    to: To = "",
) -> None:
    """Open a backup with the recovery secret, and restore it into a scratch database.

    Needs no instance: run it where the secret is kept. Without FILE, the newest is checked.
    """
    from heed.instance.backup import make as making
    from heed.instance.backup import recovery, shelves
    from heed.instance.backup.watching import watched

    if identity is None:
        raise NotSaid("Say where the recovery secret is: --identity FILE")
    keys, place, now = recovery.identities(identity), here(), datetime.now(UTC)
    own_file = Path(file).is_file()
    shelf = shelves.Directory(Path(file).parent) if own_file else shelves.named(to, place)
    name = Path(file).name if file else _newest(shelf)
    with making.alone(place), shelf.here(name) as path, watched() as progress:
        if not path.is_file():
            raise NotSaid(f"There is no backup {file or name} in {shelf.where()}.")
        size, digest = shelves.measured(path)
        was = next((one.note for one in shelf.all() if one.name == name), None)
        if was is not None and was.sha256 != digest:
            raise NotSaid(f"{name} is not the file that was made: its SHA-256 is another one.")
        note = shelves.Note(made_at=was.made_at if was else "", bytes=size, sha256=digest)
        checked = making.check(place, path, keys, note, progress=progress, now=now)
        with contextlib.suppress(OSError):  # the file may lie where nothing can be written
            shelf.write_note(name, checked)
    print(f"{name} is whole. {checked.found}")


def _newest(shelf: "Shelf") -> str:
    lying = shelf.all()
    if not lying:
        raise NotSaid("There is no backup to check.")
    return lying[0].name
