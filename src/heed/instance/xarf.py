"""`heed xarf`: abuse as hosts and hotlines tell it to each other, in and out."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from heed.instance.trouble import Trouble

app = typer.Typer(help="XARF v4 messages, in and out. Never media.", no_args_is_help=True)


class XarfRefused(Trouble):
    """The message, or the case, can't be told in XARF."""


@app.command("in")
def take(
    message: Annotated[Path | None, typer.Argument(help="A file; without one, standard input.")] = (
        None
    ),
) -> None:
    """Take in one message as a notice, unverified; prints its number. Its media is dropped."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import exchange_xarf
        from heed.rules.xarf import NotXarf

        text = message.read_text() if message else sys.stdin.read()
        try:
            said = json.loads(text)
            if not isinstance(said, dict):
                raise NotXarf("one JSON object is asked for")
            taken = exchange_xarf.take_in(message=said, now=datetime.now(UTC))
        except (ValueError, exchange_xarf.NotOurs) as why:
            raise XarfRefused(str(why)) from None
    print(taken.number)


@app.command("out")
def tell(
    case: Annotated[str, typer.Argument(help="The case's number.")],
    contact: Annotated[str, typer.Option(help="Where the reader can write to you.")],
) -> None:
    """Print messages about a removed case of a child: addresses and hashes, one on each line."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import exchange_xarf
        from heed.rules.xarf import NotSayable

        try:
            made = exchange_xarf.tell_on(number=case, contact=contact, now=datetime.now(UTC))
        except (exchange_xarf.NothingToTell, NotSayable) as why:
            raise XarfRefused(str(why)) from None
    for one in made:
        print(json.dumps(one))
