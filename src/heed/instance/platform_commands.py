"""Commands for how a platform is heard and told. Each calls one flow."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from heed.instance.connecting import BY, Refused, asked, next_steps, said
from heed.instance.manage import AsJson
from heed.instance.manage import platform as platform

Slug = Annotated[str, typer.Argument(help="The platform's short name.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="name=value, for the connector; repeatable.")
]


@platform.command("connectors")
def connectors(as_json: AsJson = False) -> None:
    """The connectors there are, with their settings."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.connect_platform import known_connectors

        known = known_connectors()
    if as_json:
        typer.echo(json.dumps(known))
        return
    for name, settings in known.items():
        typer.echo(name if settings else f"{name}: our own interface; see docs/integrate.md")
        for setting, what in settings.items():
            typer.echo(f"    {setting}: {what}")


@platform.command("connect")
def connect(
    slug: Slug,
    connector: Annotated[str, typer.Argument(help="See `heed platform connectors`.")],
    setting: Settings = None,
) -> None:
    """Say how a platform is heard and told, in place of what was said before.

    Credentials come from the environment or a file, never from here.
    """
    from heed.instance.boot import booted

    with booted():
        from heed.flows.connect_platform import connect_platform

        asked(
            connect_platform, platform_slug=slug, connector=connector, said=said(setting), by=BY,
            now=datetime.now(UTC),
        )  # fmt: skip
        typer.echo(next_steps(slug, connector))


@platform.command("check")
def check(slug: Slug, as_json: AsJson = False) -> None:
    """Try what the connector needs, changing nothing there. Status 1 where something is missing."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows.connect_platform import examine_platform

        tried = asked(examine_platform, platform_slug=slug, now=datetime.now(UTC))
    if as_json:
        rows = [{"about": one.about, "says": one.says, "remedy": one.remedy} for one in tried]
        typer.echo(json.dumps(rows))
    else:
        for one in tried:
            typer.echo(f"{'BAD ' if one.remedy else 'ok  '} {one.about}: {one.says}")
            if one.remedy:
                typer.echo(f"     -> {one.remedy}")
    if any(one.remedy for one in tried):
        raise typer.Exit(1)


@platform.command("gate")
def gate(
    slug: Slug,
    proxy: Annotated[str, typer.Argument(help="nginx or caddy.")] = "nginx",
    files: Annotated[
        str,
        typer.Option(help="Where they lie: a directory, or the address of a store or the site."),
    ] = "",
    heed: Annotated[
        str, typer.Option(help="Where that proxy reaches Heed.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Print the lines that put a media gate into a platform's proxy."""
    from heed.instance.boot import booted
    from heed.instance.gate_snippets import FILES, MASTODON, USUALLY, snippet

    if proxy not in FILES:
        raise Refused(f"there are lines for {' and '.join(FILES)}, not for {proxy!r}")
    with booted():
        from urllib.parse import urlsplit

        from django.conf import settings

        from heed.flows.connect_platform import guarded_platform

        guarded = asked(guarded_platform, platform_slug=slug)
        host = urlsplit(settings.PUBLIC_URL).netloc
    kind = guarded.connector if guarded.connector in USUALLY else MASTODON
    typer.echo(
        snippet(
            proxy,
            slug=slug,
            name=guarded.name,
            heed=heed,
            host=host,
            files=files or USUALLY[kind],
            kind=kind,
        )
    )


@platform.command("list")
def list_platforms(as_json: AsJson = False) -> None:
    """The sites that this server protects, and where each is reached; never a secret."""
    from heed.instance.boot import booted

    with booted():
        from heed.media.models import Platform

        fields = ("slug", "name", "url_prefixes", "connector", "callback_url", "evidence_url")
        rows = list(Platform.objects.order_by("slug").values(*fields))
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['slug']}: {row['name']}, {' '.join(row['url_prefixes'])}")
        told = row["callback_url"] or "nowhere: it asks for its events itself"
        typer.echo(f"    told at {told if row['connector'] == 'webhook' else row['connector']}")
    if not rows:
        typer.echo("There is none: heed platform add")
