"""`heed restore` and `heed log`, as an operator meets them."""

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.backup.commands import Identity, NotSaid, kept_within
from heed.instance.place import Place, here

if TYPE_CHECKING:
    from heed.instance.backup.restore import Restored

log = typer.Typer(
    help="The log: a copy of it; how it goes on after a restore.", no_args_is_help=True
)
restored = typer.Typer(hidden=True)  # what a restore runs in a process of its own


@restored.callback()
def _() -> None:
    """Not for people: `heed restore` runs it."""


def restore(
    file: Annotated[str, typer.Argument(help="The backup; or s3://bucket/prefix/NAME.")] = "",
    identity: Identity = None,
    into: Annotated[Path | None, typer.Option(help="A directory instead of HEED_VAR.")] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option(help="A surviving var/checkpoints: what was signed and destroyed since."),
    ] = None,
    live: Annotated[bool, typer.Option(help="It may tell others again.")] = False,
    even_expired: Annotated[
        bool, typer.Option(help="Take a backup that should have been removed by now.")
    ] = False,
) -> None:
    """Put a backup back onto an empty instance. It signs nothing, and tells nobody, until told to.

    Without FILE and with --live: what was restored before may tell others from now on.
    """
    if into is not None:
        os.environ["HEED_VAR"] = str(into.expanduser().absolute())
    if not file and not live:
        raise NotSaid("Say which backup: heed restore FILE --identity KEY")
    if file:
        if identity is None:
            raise NotSaid("Say where the recovery secret is: --identity FILE")
        _restore(file, identity, here(), checkpoints, even_expired)
    if live:
        _live()


def _restore(
    file: str, identity: Path, place: Place, checkpoints: Path | None, even_expired: bool
) -> None:
    from heed.instance.backup import make as making
    from heed.instance.backup import recovery, shelves
    from heed.instance.backup import restore as restoring
    from heed.instance.backup.watching import watched
    from heed.rules import backups

    keys = recovery.identities(identity)
    where, name = file.rpartition("/")[::2]
    s3 = file.startswith("s3://")
    shelf = shelves.named(where, place) if s3 else shelves.Directory(Path(file).parent)
    made_at = backups.made_at_of(name)
    if made_at and datetime.now(UTC) - made_at > kept_within() and not even_expired:
        raise NotSaid(
            f"This backup is older than {kept_within().days} days (HEED_BACKUPS_KEPT_DAYS): it may "
            f"bring back what people were told is gone. If it must be, say --even-expired."
        )
    with making.alone(place), shelf.here(name) as path, watched() as progress:
        if not path.is_file():
            raise NotSaid(f"There is no file {file}.")
        done = restoring.restore(path, keys, place, checkpoints=checkpoints, progress=progress)
    _say_restored(done, place)


def _say_restored(done: "Restored", place: Place) -> None:
    told = done.taken_up
    print(f"Restored into {place.var}, as it was at {done.made_at[:16]} UTC. {done.verdict}")
    if told["lost"]:
        print(f"LOST TO THE LOG  {told['lost']} entries that were signed after the backup.")
    elif not told["known"]:
        print("Nothing here knows what was signed after the backup. That may be a lot.")
    if told["destroyed"]:
        print(f"{told['destroyed']} sealed copies had been destroyed since, and were again.")
    if told["tips"]:
        print(f"{told['tips']} tips wait for a person: they may have been filed since.")
    if done.vault_apart:
        print("Sealed evidence is not in this backup: bring var/vault back, or set HEED_VAULT.")
    for name in done.left_out:
        print(f"The key {name} is not in it: bring it back from your own copy.")
    if done.config:
        print(f"The settings are in {done.config}: look at their addresses before you start.")
    print("\nIt signs nothing, and tells nobody outside, until you say:")
    print("  heed log go-on --newest-checkpoint FILE   nothing was signed after the backup; or")
    print("  heed log begin-anew NAME                  something was, or nobody knows")
    print("  heed restore --live                       states, mails and calls go out again")


def _live() -> None:
    from heed.instance.boot import booted

    with booted():
        from heed.flows.go_live import NothingHeldBack, go_live

        try:
            told = go_live(now=datetime.now(UTC))
        except NothingHeldBack as why:
            raise NotSaid(str(why)) from None
    print(f"Live. {told} items that are not to be visible are told to their platforms again.")


@restored.command("finish")
def finish(made_at: str) -> None:
    """Bring what was put back up to date, verify its log, and bring it to rest.

    Prints what is wrong, the verdict on the log, and last what was found, as JSON.
    """
    from heed.instance import schema
    from heed.instance.boot import booted

    with booted(as_owner=True) as urls:
        schema.migrate(here(), owner_url=urls.owner, app_url=urls.app)
        from heed.flows.take_up_restored import take_up_restored
        from heed.ledger.verify_cli import verify_restored_log

        if code := verify_restored_log():
            sys.exit(code)
        found = take_up_restored(
            backup_made_at=datetime.fromisoformat(made_at), now=datetime.now(UTC)
        )
    print(json.dumps(asdict(found)))


# ------------------------------------------------------------------ the log afterwards


@log.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A folder; what is new is added to an old one.")],
) -> None:
    """Write the public log out, to be checked elsewhere: heed verify --export FOLDER --key KEY."""
    from heed.instance.boot import booted

    with booted():
        from heed.ledger.export import NothingToExport, export_log

        try:
            size = export_log(folder)
        except NothingToExport:
            raise NotSaid(
                "Nothing was ever sealed in this log: there is nothing to write."
            ) from None
        except OSError as why:
            raise NotSaid(f"{folder} can't be written: {why.strerror}. It is not whole.") from None
    print(f"{size} entries, with all their checkpoints, are in {folder}. It names nobody.")


@log.command("go-on")
def go_on(
    newest_checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="The newest checkpoint that anybody has, or a var/checkpoints.", exists=True
        ),
    ] = None,
    nothing_was_signed: Annotated[
        bool, typer.Option(help="Your word that the old instance was stopped before the backup.")
    ] = False,
) -> None:
    """The restored log is the newest there is: sign on, under the same name."""
    from heed.instance.boot import booted

    if newest_checkpoint is None and not nothing_was_signed:
        raise NotSaid(
            "Show the newest checkpoint that anybody has (--newest-checkpoint FILE: from a copy of "
            "var/checkpoints, or /log/checkpoint as somebody saved it), or give your word that "
            "nothing was signed after the backup: --nothing-was-signed."
        )
    with booted():
        from heed.flows import continue_log

        now = datetime.now(UTC)
        try:
            if newest_checkpoint is not None:
                continue_log.take_in(checkpoints=_notes(newest_checkpoint), now=now)
            size = continue_log.go_on(now=now)
        except (
            continue_log.NotACheckpoint, continue_log.MoreWasSigned, continue_log.NothingToSay
        ) as why:  # fmt: skip
            raise NotSaid(str(why)) from None
    print(f"The log goes on, with {size} entries.")


def _notes(path: Path) -> list[str]:
    """A note, the file `newest` or `history` of checkpoints, or their directory."""
    if path.is_dir():
        return [note for name in ("history", "newest") if (path / name).exists()
                for note in _notes(path / name)]  # fmt: skip
    text = path.read_text(errors="replace")
    try:
        said = json.loads(text)
        return [str(one) for one in said] if isinstance(said, list) else [str(said)]
    except ValueError:
        pass
    try:
        return [str(json.loads(line)) for line in text.splitlines()]
    except ValueError:
        return [text]


@log.command("begin-anew")
def begin_anew(
    name: Annotated[str, typer.Argument(help="The new name, such as heed.example/log-2.")],
    word: Annotated[
        str, typer.Option("--word", help="The same name once more, instead of being asked for it.")
    ] = "",
) -> None:
    """Begin the log anew under another name, in the open. What was signed and lost stays lost."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import continue_log
        from heed.ledger import queries
        from heed.ledger.services import CannotSign, OriginUnusable

        lost = queries.lost_count()
        known = f"{lost} entries are known to be lost" if lost else "How many are lost is not known"
        print(f"{known}. Whoever holds a receipt for a lost entry can show it.")
        if not word and sys.stdin.isatty():
            word = typer.prompt("This can't be undone. Type the new name once more")
        if word != name:
            raise NotSaid(f"Nothing was changed. If you mean it: --word {name}")
        try:
            continue_log.begin_anew(name=name, now=datetime.now(UTC))
        except (OriginUnusable, CannotSign) as why:
            raise NotSaid(f"{why}. Nothing was begun.") from None
        key = queries.vkeys()[0]
    print(f"The log is now {name}. Publish its key, and that it follows another one:\n{key}")
