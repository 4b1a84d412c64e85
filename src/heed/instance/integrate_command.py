"""`heed integrate check`: does a site's callback keep its promises? Needs no database."""

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.trouble import Trouble

if TYPE_CHECKING:
    from heed.integrations.contract.check import Finding
    from heed.integrations.contract.stage import Evidence, Stage

app = typer.Typer(help="For those who put a site behind Heed.", no_args_is_help=True)
MARKS = {"held": "ok", "mind": "mind", "wrong": "WRONG", "not_played": "-"}


class NotChecked(Trouble):
    """Nothing was learnt of the callback: an option is wrong, or nothing listens there."""


@app.callback()
def integrate() -> None:
    """For those who put a site behind Heed."""


@app.command("check")
def check_command(
    url: Annotated[str, typer.Argument(help="The site's callback address.")],
    secret: Annotated[
        str, typer.Option(help="The callback secret, whsec_...; or in HEED_CALLBACK_SECRET.")
    ] = "",
    item: Annotated[
        str,
        typer.Option(help="The site's ref of a TEST post: it is hidden and shown several times."),
    ] = "",
    item_url: Annotated[
        list[str] | None,
        typer.Option(help="Where visitors see that post, its file, its preview; repeatable."),
    ] = None,
    evidence_url: Annotated[
        str, typer.Option(help="Where the bytes of that post's file are, for Heed alone.")
    ] = "",
    evidence_token: Annotated[str, typer.Option(help="The token for that.")] = "",
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds that the site's caches may take to follow.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Play Heed's part against a callback: hide, late restores, repeats, strangers, outages.

    Nothing but the test post is touched, and it is left visible. Use a post made for this, which
    nobody gave notice of. Status 0: it keeps its promises. 1: something is wrong. 2: not checked.
    """
    secret = secret or os.environ.get("HEED_CALLBACK_SECRET", "")
    try:
        stage = _stage(url, secret, item, item_url or [], settle)
        stage.evidence = _evidence(item, evidence_url, evidence_token)
        found = _played(stage, aloud=not as_json)
    except NotChecked as why:  # whose usual status would say that something is wrong with the site
        print(f"heed: {why}", file=sys.stderr)
        sys.exit(2)
    if as_json:
        plays = [{**asdict(finding), "mend": finding.mend} for finding in found]
        typer.echo(json.dumps({"url": url, "held": _held(found), "plays": plays}, indent=1))
    else:
        typer.echo(f"\n{_summary([finding.outcome for finding in found])}")
    sys.exit(0 if _held(found) else 1)


def _stage(url: str, secret: str, item: str, looks: list[str], settle: float) -> "Stage":
    from heed.integrations.contract.caller import Caller, Times
    from heed.integrations.contract.stage import Stage

    if not url.startswith(("http://", "https://")):
        raise NotChecked(f"{url} is no address: it begins with https://")
    if looks and not item:
        raise NotChecked("--item-url is of a test post: name it with --item")
    try:
        caller = Caller(url, secret=secret, times=Times(settle_seconds=settle))
    except Exception:  # the library has three names for it
        raise NotChecked("give the callback secret, whsec_..., with --secret") from None
    return Stage(caller=caller, item=item, looks=looks)


def _evidence(item: str, url: str, token: str) -> "Evidence | None":
    from heed.integrations.contract.stage import Evidence

    if not url and not token:
        return None
    if not url or not token or not item:
        raise NotChecked("--item, --evidence-url and --evidence-token go together")
    return Evidence(url=url, token=token)


def _played(stage: "Stage", *, aloud: bool) -> "list[Finding]":
    from heed.integrations.contract.caller import NotReached
    from heed.integrations.contract.check import check

    found = []
    try:
        for finding in check(stage):
            found.append(finding)
            if aloud:
                _say(finding)
    except NotReached as why:
        raise NotChecked(f"{why}. Nothing was checked.") from None
    finally:
        stage.caller.close()
    return found


def _held(found: "list[Finding]") -> bool:
    return all(finding.outcome != "wrong" for finding in found)


def _say(finding: "Finding") -> None:
    typer.echo(f"{MARKS[finding.outcome]:>5}  {finding.title}")
    for line in filter(None, (finding.words, finding.mend and f"Mend: {finding.mend}")):
        typer.echo(f"       {line}")


def _summary(outcomes: list[str]) -> str:
    wrong, left = outcomes.count("wrong"), outcomes.count("not_played")
    if wrong:
        return f"{wrong} things are wrong." if wrong > 1 else "One thing is wrong."
    rest = f" {left} plays were left out." if left else ""
    return f"Nothing wrong was found.{rest}"
