"""Does the first evening of a small site end as promised, and how long does the machine need?

    PYTHONPATH=src python -m bench.first_evening [--pictures 2000] [--screenshots DIR]

On an empty directory: `heed init`, the first person with a second factor, a Mastodon server (the
stand-in, with a real nginx before its files), its pictures back-filled, a report of one of them
that ends verified behind the media gate, a backup, and a restore onto a second instance that
verifies its log. The clock runs for the machine's part; a person's reading and typing is not in it.
The status is 1 when a promise does not hold. Drawn pictures only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from bench.first_evening_parts import Browser, Nginx, Promise, drawn, free_port, printed
from heed.instance.compiling import kept_in
from heed.instance.place import ROOT, SHELTER, Place
from heed.integrations.mastodon.stand_in import StandIn
from heed.integrations.mastodon.stand_in import running as mastodon
from heed.integrations.mastodon.stand_in_state import SECRET, TOKEN, Status

SLUG, RULES = "social", [{"id": "1", "text": "Nothing sexual about minors."}]
WHOLE_SECONDS = 30 * 60.0
HIDDEN_SECONDS, VERIFIED_SECONDS = 10.0, 60.0
PASSWORD = "a sentence that is long enough"


@dataclass
class Evening:
    """One evening in `here`. Each part adds its promises, and the seconds that it took."""

    here: Path
    pictures: int
    screenshots: Path | None
    rows: list[Promise] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> Place:
        return Place(self.here / "var")

    def heed(
        self, *arguments: str, var: Path | None = None, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as an operator would, and keep what it said."""
        return subprocess.run(
            [sys.executable, "-m", "heed", *arguments], env=self.env(var), cwd=ROOT, input=typed,
            capture_output=True, text=True, check=False, timeout=1_200,
        )  # fmt: skip

    def env(self, var: Path | None = None) -> dict[str, str]:
        """Nothing of what this machine says of another Heed."""
        kept = {name: said for name, said in os.environ.items() if not name.startswith("HEED_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        compiled = str(kept_in(ROOT / "var" / "bench" / "compiled"))
        return kept | {"PYTHONPATH": path, "HEED_VAR": str(var or self.place.var),
                       "NUMBA_CACHE_DIR": compiled}  # fmt: skip

    def say(self, what: str, seconds: float | None, measured: str, held: bool | None) -> None:
        """One row, at once."""
        row = Promise(what, seconds, measured, held)
        self.rows.append(row)
        print(row.line(), flush=True)

    def must(self, done: subprocess.CompletedProcess[str], what: str, began: float) -> bool:
        """A row for a command that has to succeed; its last words where it did not."""
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        held = done.returncode == 0
        self.say(what, time.monotonic() - began, "" if held else " ".join(words[-2:]), held)
        return held

    def row(self, query: str, *values: Any) -> tuple[Any, ...]:
        """One row of the database, as its owner sees it."""
        from heed.instance import postgres

        with psycopg.connect(postgres.urls(self.place).owner) as connection:
            found = connection.execute(query.encode(), values).fetchone()
        assert found is not None
        return found


def main() -> int:
    """Plays it, and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=2_000)
    parser.add_argument("--screenshots", type=Path, default=None)
    parser.add_argument("--drawn", type=Path, default=None, help="where drawn pictures are kept")
    asked = parser.parse_args()
    with emptied() as here, ExitStack() as stack:
        evening = Evening(here, asked.pictures, asked.screenshots)
        server = stack.enter_context(mastodon(evening.here / "public" / "system"))
        posts = posted(server, asked.pictures, asked.drawn)
        began = time.monotonic()
        play(evening, stack, server, posts)
        took = time.monotonic() - began
        evening.say("the whole evening, for the machine", took, "", took < WHOLE_SECONDS)
    print("\n" + printed(evening.rows))
    return 0 if all(row.held is not False for row in evening.rows) else 1


@contextmanager
def emptied() -> Iterator[Path]:
    """A directory of its own, gone afterwards with what a root's database left elsewhere."""
    here = Path(tempfile.mkdtemp(prefix="heed-evening-"))
    here.chmod(0o755)
    try:
        yield here
    finally:
        for var in here.glob("var*"):
            shutil.rmtree(SHELTER / Place(var).name, ignore_errors=True)
        shutil.rmtree(here, ignore_errors=True)


def posted(server: StandIn, count: int, kept: Path | None) -> list[Status]:
    """What the site has from before: drawn pictures, in posts of a hundred members."""
    began = time.monotonic()
    members = [server.there.join(f"member{number}") for number in range(min(count, 100))]
    made = [
        server.there.post(members[number % len(members)], f"picture {number}", data)
        for number, data in enumerate(drawn(count, kept))
    ]
    print(f"({count:,} pictures drawn and posted in {time.monotonic() - began:.0f} s, not counted)")
    return made


def play(evening: Evening, stack: ExitStack, server: StandIn, posts: list[Status]) -> None:
    """Part by part; what a failed part makes impossible is not tried."""
    nginx = Nginx(evening.here, free_port())
    server.there.base = server.there.media = nginx.url
    link = set_up(evening, nginx)
    if not link:
        return
    stack.enter_context(up(evening))
    sign_in(evening, link)
    if not connect(evening, stack, server, nginx):
        return
    back_fill(evening, server, posts)
    report(evening, server, posts)
    doctor(evening)
    stored = back_up(evening)
    stack.close()  # the first instance is gone, as after a fire
    if stored is not None:
        restore(evening, *stored)


# ------------------------------------------------------------------ init, up, the first person


def set_up(evening: Evening, nginx: Nginx) -> str:
    """`heed init` from nothing, and once more. Returns the path of the invitation."""
    shelf = evening.here / "backups"
    shelf.mkdir()
    began = time.monotonic()
    said = {
        "service-user": "root" if os.geteuid() == 0 else "heed", "site": "Social", "slug": SLUG,
        "site-url": nginx.url, "address": evening.url, "listen": f"127.0.0.1:{evening.port}",
        "country": "US", "operator": "Social club", "contact-mail": "abuse@social.example",
        "person-mail": "rae@social.example", "person-name": "Rae", "hours": "always",
        "zone": "Europe/Berlin", "connection": "mastodon", "mastodon-token": TOKEN,
        "mastodon-secret": SECRET, "backup-to": str(shelf),
    }  # fmt: skip
    done = evening.heed("init", "--no-input", *(f"--{name}={one}" for name, one in said.items()))
    if not evening.must(done, "`heed init` in an empty directory", began):
        return ""
    config = (evening.place.var / "heed.env").read_bytes()
    began = time.monotonic()
    again = evening.heed("init", "--no-input")
    same = config == (evening.place.var / "heed.env").read_bytes()
    if evening.must(again, "... a second time", began):
        evening.say("... which changes nothing", None, "", same)
    found = [line.strip() for line in done.stdout.splitlines() if "/invitation/" in line]
    return found[0].removeprefix(evening.url) if found else ""


@contextmanager
def up(evening: Evening) -> Iterator[None]:
    """`heed up` until the block ends."""
    began = time.monotonic()
    log = (evening.here / "up.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "heed", "up"], env=evening.env(), cwd=ROOT, stdout=log, stderr=log
    )
    try:
        ready = wait(lambda: answers(f"{evening.url}/status"), 90)
        evening.say("`heed up` answers", time.monotonic() - began, "", ready)
        yield
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def answers(url: str, **headers: str) -> bool:
    """Whether it answers 200 now."""
    try:
        return httpx2.get(url, headers=headers, timeout=10, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def wait(holds: Callable[[], object], within_seconds: float) -> bool:
    """Asks again and again; whether it came to hold in time."""
    until = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def sign_in(evening: Evening, link: str) -> None:
    """The first person takes the invitation up, as a browser does it, with a second factor."""
    began = time.monotonic()
    with Browser(evening.url, evening.screenshots) as browser:
        browser.picture("first-invitation", link)
        browser.send(link, name="Rae", password=PASSWORD, again=PASSWORD)
        activate = "/console/sign-in/2fa/totp/activate/"
        before = browser.get("/console/").url.path
        browser.picture("first-second-factor", activate)
        browser.second_factor(activate, "/console/sign-in/2fa/reauthenticate/")
        inside = browser.get("/console/").url.path
        browser.picture("first-duty", "/console/duty")
    held = "/sign-in/" in before and inside == "/console/"
    where = "" if held else f"{before}, then {inside}"
    evening.say("first person in, by password and code", time.monotonic() - began, where, held)


# ------------------------------------------------------------------ the site


def connect(evening: Evening, stack: ExitStack, server: StandIn, nginx: Nginx) -> bool:
    """The media gate before its files, a rule that says what it is about, and webhooks."""
    began = time.monotonic()
    evening.heed("platform", "connect", SLUG, "mastodon", "--set", f"url={nginx.url}", "--set",
                 "gate=on", "--set", "rule_1=minor_sexual")  # fmt: skip
    lines = evening.heed("platform", "gate", SLUG, "nginx", "--heed", evening.url, "--files",
                         str(evening.here / "public"))  # fmt: skip
    stack.enter_context(nginx.running(lines.stdout, f"http://127.0.0.1:{server.server_port}"))
    server.hook = f"{evening.url}/connect/{SLUG}/hook"
    checked = evening.heed("platform", "check", SLUG)
    return evening.must(checked, "Mastodon connected, its proxy asks Heed", began)


def back_fill(evening: Evening, server: StandIn, posts: list[Status]) -> None:
    """All that the site has is registered, and hashed."""
    if evening.heed("backfill", "--help").returncode:
        evening.say("back-fill", None, "not played: there is no `heed backfill` yet", None)
        return
    began = time.monotonic()
    done = evening.heed("backfill", SLUG, "--listing")
    evening.must(done, f"back-fill of {len(posts):,} drawn pictures", began)
    hashed = wait(lambda: known(evening)[1] >= len(posts), 600)
    items, files = known(evening)
    took = time.monotonic() - began
    evening.say("... all registered and hashed", took, f"{files:,} of {len(posts):,}",
                hashed and items >= len(posts))  # fmt: skip


def known(evening: Evening) -> tuple[int, int]:
    """Items, and files with a PDQ value."""
    return (
        evening.row("SELECT count(*) FROM media_item")[0],
        evening.row("SELECT count(DISTINCT file_id) FROM media_signal WHERE type = 'pdq'")[0],
    )


def report(evening: Evening, server: StandIn, posts: list[Status]) -> None:
    """A member reports a picture to the site's moderators; every size of it goes out of sight."""
    there, named = server.there, posts[len(posts) // 3]
    number, others = named.files[0], posts[:: max(1, len(posts) // 50)]
    sizes = [there.url(number), there.url(number, "small")]
    began = time.monotonic()
    told = there.report(there.join("gil"), named.account, "she is fourteen", named,
                        category="violation", rules=RULES)  # fmt: skip
    status = server.tell("report.created", there.report_said(told))
    hidden = wait(lambda: not any(map(answers, sizes)), 60)
    took = time.monotonic() - began
    evening.say("from a Mastodon report to hidden, in every size", took, f"webhook {status}",
                hidden and took < HIDDEN_SECONDS)  # fmt: skip
    gone = wait(lambda: seen(evening, named.id) == ("hidden", "gone"), VERIFIED_SECONDS)
    evening.say("... and verified gone by Heed itself", time.monotonic() - began,
                " ".join(seen(evening, named.id)), gone)  # fmt: skip
    shown = [one for one in others if one is not named]
    still = sum(answers(there.url(one.files[0])) for one in shown)
    evening.say("other pictures are still served", None, f"{still} of {len(shown)} tried",
                still == len(shown))  # fmt: skip


def seen(evening: Evening, ref: str) -> tuple[str, str]:
    """What an item should be, and what Heed saw of it."""
    query = ("SELECT coalesce(max(desired), ''), coalesce(max(observed), '') "
             "FROM media_item WHERE ref = %s")  # fmt: skip
    desired, observed = evening.row(query, ref)
    return str(desired), str(observed)


def doctor(evening: Evening) -> None:
    """One page: what works, and what does not yet."""
    began = time.monotonic()
    said = evening.heed("doctor").stdout.splitlines()
    bad = [line.removeprefix("BAD  ").partition(":")[0] for line in said if line[:3] == "BAD"]
    good = sum(line.startswith("ok") for line in said)
    found = f"{good} ok, {len(bad)} to do" + (f" ({', '.join(bad)})" if bad else "")
    evening.say("`heed doctor`", time.monotonic() - began, found, good > 10)


# ------------------------------------------------------------------ backup and restore


def back_up(evening: Evening) -> tuple[Path, Path] | None:
    """One sealed file, which was restored once for a try. Returns it, and the recovery secret."""
    if evening.heed("backup", "--help").returncode:
        evening.say("backup and restore", None, "not played: there is no `heed backup` yet", None)
        return None
    key = evening.here / "recovery.key"
    made = evening.heed("backup", "key")
    key.write_text("\n".join(one for one in made.stdout.splitlines() if one.startswith("AGE-")))
    began, shelf = time.monotonic(), evening.here / "backups"
    done = evening.heed("backup")
    if not evening.must(done, "backup, restored once into a scratch database", began):
        return None
    files = sorted(shelf.iterdir(), key=lambda one: one.stat().st_size)
    evening.say("... its size", None, f"{files[-1].stat().st_size / 1e6:.1f} MB", None)
    return files[-1], key


def restore(evening: Evening, stored: Path, key: Path) -> None:
    """Another machine: nothing of the first one's directory is used but its checkpoints."""
    second = evening.here / "var-second"
    began = time.monotonic()
    checkpoints = ["--checkpoints", str(evening.place.var / "checkpoints")]
    done = evening.heed("restore", str(stored), "--identity", str(key), *checkpoints, var=second)
    if not evening.must(done, "restore onto a second instance", began):
        return
    began = time.monotonic()
    verified = evening.heed("verify", "--log", var=second)
    evening.must(verified, "... which verifies its log, entry by entry", began)


if __name__ == "__main__":
    sys.exit(main())
