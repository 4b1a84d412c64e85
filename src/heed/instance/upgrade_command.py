"""`heed upgrade`, as an operator meets it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.place import here
from heed.instance.trouble import Trouble

if TYPE_CHECKING:
    from heed.instance.addresses import Urls
    from heed.instance.upgrade import Kept

upgrade = typer.Typer(help="Before and after a new version.", no_args_is_help=True)


class StillRuns(Trouble):
    """`heed up` runs: nobody changes the database under it."""


@upgrade.callback()
def _() -> None:
    """Before and after a new version."""


@upgrade.command("back")
def back(
    lose: Annotated[
        bool,
        typer.Option("--lose-what-came-since", help="Restore the dump, whatever came after it."),
    ] = False,
) -> None:
    """Take the database back to what the version before this upgrade expects.

    With the newer code in place its changes are undone one by one, and nothing that people wrote
    is lost. With the older code in place the dump is restored.
    """
    from heed.instance import schema
    from heed.instance import upgrade as upgrading
    from heed.instance.boot import prepared

    place = here()
    if at := place.runs_at():
        raise StillRuns(f"Heed runs at {at}: stop it first.")
    kept = upgrading.newest(place)
    with prepared(place, as_owner=True) as urls:
        applied = schema.applied(urls.owner)
        if set(applied) <= set(kept.applied):
            raise upgrading.NoWayBack(
                f"The database is as it was before the upgrade of {kept.made_at[:16]} UTC."
            )
        if not schema.unknown(applied):
            _undo(kept)
        else:
            _put_back(kept, urls, lose)
    schema.forget(place)


def _undo(kept: "Kept") -> None:
    import django

    django.setup()
    from heed.instance import upgrade as upgrading
    from heed.instance.boot import disconnect

    try:
        undone = upgrading.reverse(kept)
    finally:
        disconnect()
    print(f"Undone: {', '.join(undone)}. Nothing that people wrote was lost.")
    print("Now put the version before this one in place, and start it: heed up")


def _put_back(kept: "Kept", urls: "Urls", lose: bool) -> None:
    from heed.instance import upgrade as upgrading
    from heed.instance.backup.scratch import own_environment, run_heed

    lost = upgrading.restore_dump(here(), urls, kept, lose=lose, now=datetime.now(UTC))
    env = own_environment(here(), urls, as_set=True)
    if lost:
        run_heed(["restored", "finish", kept.made_at], env, "What was restored does not hold")
        print(f"{lost} entries are lost. See docs/operate.md, 'Restoring': the log, and --live.")
    else:
        run_heed(["migrate"], env, "The rights could not be given again")
    print(f"The database is as it was at {kept.made_at[:16]} UTC; the newer one lies beside it.")
