"""What `heed init` says in the end: what was written, and what is left to a person."""

import getpass
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from heed.instance.first_day.papers import Paper
from heed.instance.first_day.reading import NONE, is_near
from heed.instance.place import ROOT, Place

_SITES = {"caddy": ("Caddyfile", "/etc/caddy/Caddyfile"),
          "nginx": ("nginx.conf", "/etc/nginx/conf.d/heed.conf")}  # fmt: skip


def what_was_written(done: Sequence[tuple[Paper, str]], config: Path, added: bool) -> Iterator[str]:
    """Which files are new, and which were left as they were."""
    yield f"\n{'Written:' if added or any(state == 'new' for _, state in done) else 'Set up:'}"
    yield f"    {config}  (settings; edit it, then restart Heed)"
    for paper, state in done:
        kept = {"new": "", "same": "  (as it was)"}.get(
            state, "  (kept as it is; it is not what would be written now)"
        )
        yield f"    {paper.path}{kept}"


def what_is_left(said: Mapping[str, str], place: Place) -> Iterator[str]:
    """Steps for a person, in their order, as commands that can be copied."""
    steps = [
        ["Keep the keys as the lines above say."],
        _back_up(said),
        _start(said, place),
        _in_front(said, place),
        ["Open the link above, set a password and a second factor; then put yourself on the",
         "rota, at /console/duty."],
        [f"Put {place.var}/public-notice.html on your site, where everybody finds it."],
        ["./heed doctor    says what works, what does not, and what to do. Run it now and then."],
        ["docs/first-day.md walks through the rest, in under an hour."],
    ]  # fmt: skip
    yield "\nWhat is left:"
    for number, (first, *more) in enumerate(filter(None, steps), 1):
        yield f"  {number}. {first}"
        yield from (f"     {line}" for line in more)


def _back_up(said: Mapping[str, str]) -> list[str]:
    where = said.get("backup-to", NONE)
    goes = f"Backups go to {where}." if where != NONE else (
        "HEED_BACKUP_TO in the config file says where they go: to none yet."
    )  # fmt: skip
    return [
        "./heed backup key    prints the recovery key, once: it opens your backups, so keep it",
        f"away from this machine. {goes}",
    ]


def _start(said: Mapping[str, str], place: Place) -> list[str]:
    if is_near(said["address"]):
        return [f"./heed up    starts Heed at {said['address']}"]
    owned = f"sudo chown -R {said['service-user']}: {ROOT} {place.var}"
    return [
        "Start it, now and at boot:",
        *([] if said["service-user"] == getpass.getuser() else [owned]),
        f"sudo cp {place.var}/setup/heed.service /etc/systemd/system/",
        "sudo systemctl enable --now heed",
    ]


def _in_front(said: Mapping[str, str], place: Place) -> list[str]:
    if said["proxy"] == NONE:
        return []
    name, where = _SITES.get(said["proxy"], ("nginx.conf", ""))
    if where:
        return [f"Add {place.var}/setup/{name} to {where}; its first lines say how."]
    return [
        "Let your web server pass on to Heed: with the Host it was asked for, one address added",
        f"to X-Forwarded-For, and bodies up to 210 MB. {place.var}/setup/{name} does it so.",
    ]


NOTHING_WAS_MISSING = "\nNothing was missing. ./heed doctor says how it stands."
