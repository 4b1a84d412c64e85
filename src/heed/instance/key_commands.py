"""Commands for the keys that there are: which, and no more of one."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from heed.instance.connecting import BY
from heed.instance.manage import AsJson, NotAdded
from heed.instance.manage import key as key

if TYPE_CHECKING:
    from heed.media.models import ApiKey


@key.command("list")
def list_keys(
    platform_slug: Annotated[str, typer.Argument(help="The site's short name.")],
    as_json: AsJson = False,
) -> None:
    """The keys that were made for a site, the newest first; never a secret."""
    from heed.instance.boot import booted

    now = datetime.now(UTC)
    with booted():
        from heed.media.models import ApiKey, Platform

        if not Platform.objects.filter(slug=platform_slug).exists():
            raise NotAdded(f"there is no platform {platform_slug!r}: see `heed platform list`")
        found = ApiKey.objects.filter(platform__slug=platform_slug).order_by("-made_at", "prefix")
        rows = [_row(one, now) for one in found]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        scopes = ",".join(row["scopes"])
        typer.echo(f"heed_{row['prefix']}_...  {row['state']:<22}  {scopes}  {row['name']}")
    if not rows:
        typer.echo("There is no key: heed key add")


@key.command("withdraw")
def withdraw_key(
    which: Annotated[str, typer.Argument(metavar="KEY", help="As `list` has it, or all of it.")],
) -> None:
    """Take a key back, at once and for good: nothing with it gets in any more."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import manage_platforms
        from heed.media import keys

        found = keys.named(which)
        if found is None:
            raise NotAdded("there is no such key: see `heed key list SLUG`. Nothing was withdrawn.")
        done = manage_platforms.withdraw_key(
            platform_id=found.platform_id, key_id=found.id, by=BY, now=datetime.now(UTC)
        )
    typer.echo("Withdrawn: nothing with it gets in." if done else "It was withdrawn before.")


def _row(one: "ApiKey", now: datetime) -> dict[str, str | list[str]]:
    from heed.media import keys

    ends = one.revoked_at or one.expires_at
    state = "works"
    if ends is not None:
        state = f"{'until' if keys.is_live(one, now) else 'ended'} {ends:%Y-%m-%d %H:%M}"
    return {"prefix": one.prefix, "name": one.name, "scopes": one.scopes, "state": state,
            "made_at": one.made_at.isoformat()}  # fmt: skip
