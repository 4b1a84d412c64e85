"""The command line. Nothing heavy is imported before a command needs it."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from heed.instance import (
    backfill_command,
    bank_commands,
    env_file,
    exchange_commands,
    integrate_command,
    key_commands,
    manage,
    platform_commands,
    rollback_command,
    upgrade_command,
    vault,
    xarf,
)
from heed.instance.backup import commands as backup_commands
from heed.instance.backup import restore_commands
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
app.add_typer(platform_commands.platform, name="platform")
app.add_typer(key_commands.key, name="key")
app.add_typer(vault.app, name="vault")
app.add_typer(xarf.app, name="xarf")
app.add_typer(bank_commands.bank, name="bank")
app.add_typer(exchange_commands.exchange, name="exchange")
app.add_typer(integrate_command.app, name="integrate")
app.add_typer(backup_commands.backup, name="backup")
app.add_typer(restore_commands.log, name="log")
app.add_typer(restore_commands.restored, name="restored")
app.command("restore")(restore_commands.restore)
app.add_typer(upgrade_command.upgrade, name="upgrade")
app.command("backfill")(backfill_command.backfill)
app.command("rollback")(rollback_command.rollback)

stand_ins = typer.Typer(
    help="Stand-ins for others' services, to practise with.", no_args_is_help=True
)
app.add_typer(stand_ins, name="stand-in")

Host = Annotated[str, typer.Option(help="The address to listen on.", envvar="HEED_HOST")]
Port = Annotated[
    int, typer.Option(min=1, max=65535, help="The port to listen on.", envvar="HEED_PORT")
]
OWN_PLACE = {"demo", "test", "stand-in"}  # they never run on the settings of a real site


def main() -> None:
    """Runs a command. What an operator can put right is one line and status 1."""
    try:
        if sys.argv[1:2] and sys.argv[1] not in OWN_PLACE:
            env_file.take_up(os.environ, env_file.path())
        app(prog_name="heed")
    except Trouble as trouble:
        sys.exit(f"heed: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def init(context: typer.Context) -> None:
    """Set Heed up for a site, in questions or by flags; again for what is missing."""
    from heed.instance.first_day import run

    sys.exit(run.run(context.args))


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

    os.environ.setdefault("HEED_OPENS", "filing")  # the one process that holds the filer's key
    with booted():
        from heed.worker import run

        run.main()


@app.command()
def viewer() -> None:
    """Run the viewer alone (`up` runs it with the rest): it shows review copies to reviewers."""
    from heed.instance.viewer import serve

    serve()


@app.command()
def migrate() -> None:
    """Bring the database to what this version expects, as its owner."""
    from heed.instance import schema
    from heed.instance import upgrade as upgrading
    from heed.instance.backup.commands import kept_within
    from heed.instance.boot import booted
    from heed.instance.place import here

    with booted(as_owner=True) as urls:
        upgrading.check_not_newer(urls.owner)
        upgrading.keep(
            here(), urls.owner, now=datetime.now(UTC), kept_within=kept_within(), say=print
        )
        schema.migrate(here(), owner_url=urls.owner, app_url=urls.app)


@app.command("returned-mail")
def returned_mail() -> None:
    """Take a mail that came back, from standard input; the mail server's pipe calls this."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.send_mail import take_returned_mail

        noted = take_returned_mail(message=sys.stdin.buffer.read(), now=datetime.now(UTC))
    print("Noted." if noted else "Nothing to note: no address of ours, or not for good.")


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
    receipt: Annotated[Path | None, typer.Argument(help="A receipt or a case file (JSON).")] = None,
    key: Annotated[str | None, typer.Option(help="The log's public key, or its file.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Check this instance's whole log.")] = False,
    export: Annotated[Path | None, typer.Option(help="Check an exported log.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="The PDF that goes with a case file.")] = None,
) -> None:
    """Check a receipt, a case file or a log, or a receipt against a log.

    Only --log needs a database. Status 0: it holds, 1: something is false, 2: could not tell.
    """
    from heed.ledger.verify_cli import verify_command

    if not log:
        sys.exit(verify_command(receipt, key, log, export, pdf))
    from heed.instance.boot import booted

    try:
        with booted():
            code = verify_command(receipt, key, log, export, pdf)
    except Trouble as trouble:  # whose own status would say that the log is false
        print(f"COULD NOT TELL: {trouble}")
        code = 2
    sys.exit(code)


@stand_ins.command("ncmec")
def stand_in_ncmec(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8002,
    schema: Annotated[Path | None, typer.Option(help="NCMEC's schema, to check against.")] = None,
) -> None:
    """Stand in for NCMEC's CyberTipline, until Ctrl-C. Nothing is sent on to anybody."""
    from heed.integrations.ncmec import stand_in

    server = stand_in.StandIn("127.0.0.1", port, schema.read_bytes() if schema else None)
    print(
        f"HEED_NCMEC_ENVIRONMENT=test HEED_NCMEC_TEST_URL={server.url}"
        f" HEED_NCMEC_TEST_USER={stand_in.USER} HEED_NCMEC_TEST_PASSWORD={stand_in.PASSWORD}",
        flush=True,
    )
    server.serve_forever(poll_interval=0.1)


@stand_ins.command("dsa")
def stand_in_dsa(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8003,
) -> None:
    """Stand in for the DSA Transparency Database, until Ctrl-C. Nothing is sent on to anybody."""
    from heed.integrations.dsa import stand_in

    server = stand_in.StandIn("127.0.0.1", port)
    print(f"HEED_DSA_URL={server.url} HEED_DSA_TOKEN={stand_in.TOKEN}", flush=True)
    server.serve_forever(poll_interval=0.1)


@stand_ins.command("lemmy")
def stand_in_lemmy(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8005,
) -> None:
    """Stand in for a Lemmy server, until Ctrl-C. Nothing is sent on to anybody."""
    from heed.integrations.lemmy import stand_in, stand_in_state

    server = stand_in.StandIn("127.0.0.1", port)
    kept = {"token": stand_in_state.TOKEN}
    print(f"--set url={server.there.base}; credentials: {json.dumps(kept)}", flush=True)
    server.serve_forever(poll_interval=0.1)


@stand_ins.command("mastodon")
def stand_in_mastodon(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8004,
    disk: Annotated[Path, typer.Option(help="Where its files lie, for a proxy to serve.")] = Path(
        "var/stand-in-mastodon"
    ),
) -> None:
    """Stand in for a Mastodon server, until Ctrl-C. Nothing is sent on to anybody."""
    from heed.integrations.mastodon import stand_in, stand_in_state

    server = stand_in.StandIn("127.0.0.1", port, disk)
    kept = {"token": stand_in_state.TOKEN, "webhook_secret": stand_in_state.SECRET}
    print(f"--set url={server.there.base}; credentials: {json.dumps(kept)}", flush=True)
    server.serve_forever(poll_interval=0.1)


Files = Annotated[
    list[Path], typer.Argument(help="Files, and directories of them; links in those are left out.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each file.")]
CORES = os.cpu_count() or 1
Jobs = Annotated[int, typer.Option(min=1, max=256, help="How many are looked at at a time.")]


@app.command("hash")
def hash_command(
    files: Files,
    as_json: AsJson = False,
    exact: Annotated[
        bool, typer.Option(help="Read every pixel, for the very values that others compute.")
    ] = False,
    jobs: Jobs = CORES,
) -> None:
    """Print the signals of files: SHA-256, PDQ, and a video's frames. Needs no database.

    Status 2 if some file could not be looked at, or there was none.
    """
    from heed.instance.look_at_files import hash_files

    sys.exit(hash_files(files, as_json=as_json, exact_value=exact, jobs=jobs))


@app.command("match")
def match_command(
    files: Files,
    bank: Annotated[str, typer.Option(help="The bank's name.")],
    platform: Annotated[str, typer.Option(help="Whose bank, where several have one.")] = "",
    within: Annotated[
        int | None, typer.Option(min=0, max=40, help="Bits, instead of the bank's threshold.")
    ] = None,
    as_json: AsJson = False,
    jobs: Jobs = CORES,
) -> None:
    """Say which files a bank knows, by their bytes or their looks. Nothing is written down.

    Status 0 if some file matched, 1 if none did, 2 if some file could not be compared.
    """
    from heed.instance.boot import booted

    try:
        with booted():
            from heed.instance.match_files import match_files

            status = match_files(
                files,
                bank=bank,
                platform=platform,
                within_bits=within,
                as_json=as_json,
                jobs=jobs,
            )
    except Trouble as trouble:  # whose own status would say that nothing matched
        print(f"heed: {trouble}", file=sys.stderr)
        status = 2
    sys.exit(status)


@app.command()
def doctor() -> None:
    """Say whether this instance is in order, and what to do where it is not."""
    from heed.instance import doctor as examiner

    sys.exit(examiner.run())
