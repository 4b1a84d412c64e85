"""`heed init`: asks, writes the config file, makes keys and records, and says what is left to do.

1. Read flags, the file of answers, the config file, and what the database holds already.
2. Ask what is missing; each answer is kept as it is given.
3. Write the config file: lines are added, none is changed.
4. Make the keys; bring the database up to date; add platform, contact point, hours, first person.
5. Write service, proxy and public notice where they are not there.
6. Say what must be kept where, and what is left.

Each step finds what an earlier run has done, and leaves it as it is.
"""

import argparse
import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from heed.instance import boot, env_file, processes
from heed.instance.first_day import asking, papers, records, telling
from heed.instance.first_day.asking import Asker, Draft
from heed.instance.first_day.questions import EMBEDDED, QUESTIONS
from heed.instance.first_day.reading import NONE
from heed.instance.first_day.settings_file import answers_of, with_answers
from heed.instance.first_day.trying import CHECKS
from heed.instance.place import Place, here, runs_as_root
from heed.instance.trouble import Trouble

WHAT_IS_SET = "--what-is-set"  # a run of its own, in which Django is set up as things are now
_LOOK_WITHIN_SECONDS = 120


class AsRoot(Trouble):
    """Root would make a database that no service of another user can open."""


def run(arguments: Sequence[str]) -> int:
    """Sets this instance up, or what is missing of it. 1 when a flag says otherwise than is set."""
    if list(arguments) == [WHAT_IS_SET]:
        return _say_what_is_set()
    flags = _flags(arguments)
    given = _given(flags)
    place, config = here(), env_file.path()
    _not_as_root(given, place)
    draft = Draft(place.var / "init-answers.toml")
    asker = Asker(
        given=given, known=_known(place, config, given), draft=draft,
        checks={} if flags.no_check else CHECKS, say=print,
        type_in=None if flags.no_input else asking.keyboard(),
    )  # fmt: skip
    print("Heed's first day. Enter takes what stands in [ ]; Ctrl-C ends, and nothing is lost.")
    asker.ask()
    if not flags.no_input:
        asker.look_again()
    _set_up(asker, place, config, new_link=flags.new_link)
    draft.forget()
    return _otherwise(asker, config)


# ------------------------------------------------------------------ 1 what is said and set


def _flags(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="heed init",
        description="Set this instance up, or what is missing of it. Asks for what no flag says; "
        "a second run changes nothing that is set.",
    )
    a_file = 'a file with lines such as site = "Square" (TOML)'
    parser.add_argument("--answers", metavar="FILE", type=Path, help=a_file)
    asks_nothing = "ask nothing: take flags and usual answers, or say what is missing"
    parser.add_argument("--no-input", action="store_true", help=asks_nothing)
    stays_in = "reach out to no database, bucket or mail server"
    parser.add_argument("--no-check", action="store_true", help=stays_in)
    lost = "a new link for the first person, when nobody has taken up theirs"
    parser.add_argument("--new-link", action="store_true", help=lost)
    for question in QUESTIONS:
        asks = f"{question.asks} ({question.help})".replace("%", "%%")
        parser.add_argument(f"--{question.name}", metavar="ANSWER", dest=question.name, help=asks)
    return parser.parse_args(list(arguments))


def _given(flags: argparse.Namespace) -> dict[str, str]:
    """The answers of the file, and those of the flags over them."""
    told = asking.answers_in(flags.answers) if flags.answers else {}
    said = {name: getattr(flags, name) for name in (one.name for one in QUESTIONS)}
    return told | {name: answer for name, answer in said.items() if answer is not None}


def _not_as_root(given: Mapping[str, str], place: Place) -> None:
    if runs_as_root() and given.get("service-user") != "root" and not _service(place).exists():
        raise AsRoot(
            "you are root. A real site gives Heed a user of its own, who owns the checkout:\n"
            "    useradd --system --create-home --home-dir /srv/heed heed\n"
            "    sudo -u heed ./heed init        (in a checkout that belongs to that user)\n"
            "To try it out as root all the same: heed init --service-user root"
        )


def _known(place: Place, config: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What is set: by the environment and the config file, in the database, in the papers."""
    said = answers_of(os.environ)
    made = said.get("database", EMBEDDED) != EMBEDDED or os.path.lexists(place.var / "postgres")
    if made:
        print("Looking at what is set up already ...", flush=True)
        said |= _asked_of_the_database()
    if _service(place).exists():
        said["service-user"] = given.get("service-user") or getpass.getuser()
    if said.get("mail"):
        said.setdefault("test-mail", NONE)
        said.setdefault("mail-returns", NONE)
    return said


def _service(place: Place) -> Path:
    return place.var / "setup" / "heed.service"


def _asked_of_the_database() -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "heed", "init", WHAT_IS_SET],
        capture_output=True, text=True, check=False, timeout=_LOOK_WITHIN_SECONDS,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise Trouble(f"What is set up already can't be read: {said.removeprefix('heed: ')}")
    told: dict[str, str] = json.loads(done.stdout)
    return told


def _say_what_is_set() -> int:
    from django.db import ProgrammingError, connection

    with boot.booted():
        begun = "django_migrations" in connection.introspection.table_names()
        try:
            said = records.known(now=datetime.now(UTC)) if begun else {}
        except ProgrammingError:
            raise Trouble(
                "The database is of another version than this program: run heed up, then again."
            ) from None
    print(json.dumps(said))
    return 0


# ------------------------------------------------------------------ 3 to 6


def _set_up(asker: Asker, place: Place, config: Path, *, new_link: bool) -> None:
    added = _write_config(asker, config)
    env_file.take_up(os.environ, config)
    print("\nMaking keys and database (the first time takes some seconds) ...", flush=True)
    with _ready(place):
        now = datetime.now(UTC)
        records.add_missing(asker.said, say=print, new_link=new_link, now=now)
        _make_log_key()
    done = papers.write(papers.papers(asker.said, place, config))
    for line in telling.what_was_written(done, config, added):
        print(line)
    for paper, state in done:
        if paper.path.name == papers.KEEP_THESE and state == "new":
            print(f"\n{paper.text.rstrip()}")
    fresh = added or any(state == "new" for _, state in done)
    left = telling.what_is_left(asker.said, place) if fresh else [telling.NOTHING_WAS_MISSING]
    for line in left:
        print(line)


def _write_config(asker: Asker, config: Path) -> bool:
    """Lines that the file lacks. What the environment says by itself is not written down."""
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    fresh = {
        name: said for name, said in asker.said.items()
        if name in asker.fresh or name not in answers_of(os.environ)
    }  # fmt: skip
    after = with_answers(text, fresh)
    if after != text:
        env_file.write(config, after)
    return after != text


@contextmanager
def _ready(place: Place) -> Iterator[None]:
    """The database, up to date, and Django on it. Keys are made on the way."""
    place.logs.mkdir(parents=True, exist_ok=True)
    with boot.prepared(place) as urls:
        processes.bring_up_to_date(place, urls, boot.environment(place, database_url=urls.app))
        import django

        django.setup()
        try:
            yield
        finally:
            boot.disconnect()


def _make_log_key() -> None:
    from heed.ledger.keys import CannotSign, signing_key

    try:
        signing_key()
    except CannotSign as why:
        raise Trouble(str(why)) from None


def _otherwise(asker: Asker, config: Path) -> int:
    if not asker.otherwise:
        return 0
    print(f"\nNot changed, for it is set already: {', '.join(asker.otherwise)}. Settings are "
          f"changed in {config}, the rest in the console.")  # fmt: skip
    return 1
