"""The command line. Nothing heavy is imported before a command needs it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from heed.instance import manage
from heed.instance.trouble import Trouble

app = typer.Typer(
    name="heed",
    help="Heed hears people who ask for abuse material to come down.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,  # its tracebacks print local variables: people's data
)

app.add_typer(manage.staff, name="staff")
app.add_typer(manage.platform, name="platform")
app.add_typer(manage.key, name="key")

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]


def main() -> None:
    """Runs a command. What an operator can put right is one line and status 1."""
    try:
        app(prog_name="heed")
    except Trouble as trouble:
        sys.exit(f"heed: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run Heed: database, web and worker, until Ctrl-C."""
    from heed.instance import processes

    processes.up(host=host, port=port)


@app.command()
def web(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the web server alone (`up` runs it with the rest)."""
    from heed.instance.boot import prepared
    from heed.instance.web import serve

    with prepared():
        serve(host, port)


@app.command()
def worker() -> None:
    """Run the worker alone (`up` runs it with the rest)."""
    from heed.instance.boot import booted

    with booted():
        from heed.worker import run

        run.main()


@app.command()
def migrate() -> None:
    """Bring the database to what this version expects, as its owner."""
    from heed.instance import schema
    from heed.instance.boot import booted
    from heed.instance.place import here

    with booted(as_owner=True) as urls:
        schema.migrate(here(), owner_url=urls.owner, app_url=urls.app)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="End after the story; status 0 if all held.")] = False,
    port: Annotated[int, typer.Option(help="Heed's port.")] = 8000,
    site_port: Annotated[int, typer.Option(help="The example platform's port.")] = 8001,
) -> None:
    """Play a case against Heed and an example platform, and show what happened."""
    from heed.instance import demo as story

    story.run(once=once, port=port, site_port=site_port)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Check everything; with arguments, run pytest alone with them."""
    from heed.instance import checks

    sys.exit(checks.run(context.args))


@app.command()
def verify(
    receipt: Annotated[Path | None, typer.Argument(help="A receipt, as a JSON file.")] = None,
    key: Annotated[str | None, typer.Option(help="The log's public key, or its file.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Check this instance's whole log.")] = False,
    export: Annotated[Path | None, typer.Option(help="Check an exported log.")] = None,
) -> None:
    """Check a receipt or a log. A receipt and an export need no database and no network."""
    from heed.ledger.verify_cli import verify_command

    if not log:
        sys.exit(verify_command(receipt, key, log, export))
    from heed.instance.boot import booted

    with booted():
        code = verify_command(receipt, key, log, export)
    sys.exit(code)


@app.command()
def doctor() -> None:
    """Say whether this instance is in order, and what to do where it is not."""
    from heed.instance import doctor as examiner

    sys.exit(examiner.run())
