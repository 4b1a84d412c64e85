"""The story under fire: told round after round while processes are killed, and nothing may be lost.

People do what people do when a page does not come: they try again.
"""

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count

from examples import pictures
from examples.story.backstage import (
    KILLED,
    Backstage,
    disagreements,
    out_of_order,
    wait_until,
)
from examples.story.people import Notifier, PageRefused, Reviewer
from examples.story.play import Stage
from examples.story.town import Posted, Town

PATIENCE_SECONDS = 90.0
COPIES, RESHARES = 3, 12
ROUNDS_EACH = 20  # of whoever tells of more in a day, a person looks before anything is hidden
_SEEDS = count(2_000)  # of the pictures that are drawn: what was removed once is never posted


class RoundStuck(Exception):
    """A round did not come to its end: the message says at what it waited."""


class Siege:
    """One instance, its platform, and what was promised to whom."""

    def __init__(self, stage: Stage, behind: Backstage) -> None:
        self.behind, self.town = behind, Town(stage.town_url)
        self._heed_url = stage.heed_url
        self.people: list[Notifier] = []
        self.rae = Reviewer(stage.heed_url, stage.rae, PATIENCE_SECONDS)
        self.numbers: list[tuple[Notifier, str]] = []  # of notices that were answered, and whose
        self.copies: set[str] = set()
        self.late: list[Posted] = []
        self.rounds = 0

    def close(self) -> None:
        """Everybody goes home."""
        self.town.close()
        for person in self.people:
            person.browser.close()
        self.rae.browser.close()

    def round(self) -> None:
        """Posted, spread, told, hidden, removed, and tried again. Raises `RoundStuck`."""
        drawn = pictures.picture(next(_SEEDS))
        self.rounds += 1
        copies = self._spread(drawn)
        person = self._person()
        self.numbers.append((person, person.give_notice(copies[0].url, "me-child").number))
        refs = {post.id for post in copies} | self._reshares
        self._wait("everything hidden", lambda: self._serves(refs) <= {404, 410})
        self._wait("everything removed", lambda: self._removed(refs))
        self.copies |= refs
        self.late.append(self.town.post("late", "again", drawn))

    def losses(self) -> list[str]:
        """Everything that is not as it was promised, in words; best when nothing is under way."""
        facts = self.town.facts()
        found = [f"{count} {what} lost" for what, count in self.behind.lost().items() if count]
        found += [f"applied out of order: {row}" for row in out_of_order(facts)]
        found += [f"{ref} is {is_}, not {asked}" for ref, asked, is_ in self._wrong()]
        gone = {item["id"] for item in facts["items"] if item["visibility"] == "removed"}
        found += [f"copy {ref} is not removed" for ref in sorted(self.copies - gone)]
        shown = {item["id"] for item in facts["items"] if item["serves"] == 200}
        found += [f"late upload {post.id} is shown" for post in self.late if post.id in shown]
        found += [
            f"notice {number} has no page"
            for person, number in self.numbers
            if not _has(person, number)
        ]
        holds, said = self.behind.verify_log()
        return found + ([] if holds else [f"the log: {said}"])

    # ------------------------------------------------------------------ steps

    def _spread(self, drawn: bytes) -> list[Posted]:
        posts = [(f"uri{n}", "look", drawn) for n in range(COPIES)]
        copies = self.town.post_many(posts)
        refs = {post.id for post in copies}
        self._wait("posts published", lambda: self._serves(refs) == {200})
        self._reshares = set(self.town.seed_reshares(copies[0].id, RESHARES, 3, 10))
        self._wait("posts registered", lambda: not self.town.facts(brief=True)["unregistered"])
        return copies

    def _removed(self, refs: set[str]) -> bool:
        """Rae decides whatever waits, then looks whether the copies are gone for good."""
        try:
            for number in self.rae.queue():
                self.rae.look(number)
                self.rae.decide(number, "remove", "child-sexual", "It shows a child.")
        except PageRefused:  # decided already, by the try whose answer was lost
            pass
        return wait_until(lambda: self._serves(refs) == {410}, 3)

    def _serves(self, refs: set[str]) -> set[int]:
        return {item["serves"] for item in self.town.facts()["items"] if item["id"] in refs}

    def _wrong(self) -> list[tuple[str, str, str]]:
        return disagreements(self.behind, self.town)

    def _person(self) -> Notifier:
        """Who tells of this round's pictures."""
        if self.rounds > ROUNDS_EACH * len(self.people):
            address = f"127.0.0.{len(self.people) + 1}"
            self.people.append(Notifier(self._heed_url, PATIENCE_SECONDS, address))
        return self.people[-1]

    def _wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for it; what waits for a process that was killed has waited long enough."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not wait_until(holds, 2):
            if time.monotonic() > until:
                raise RoundStuck(what)
            self.behind.time_goes_by()


def _has(person: Notifier, number: str) -> bool:
    try:
        return number in person.page(number)
    except PageRefused:
        return False


class Killer(threading.Thread):
    """Kills processes at random moments, by a seed. `killed` counts them by name."""

    def __init__(self, behind: Backstage, seed: int, kills: int, each_seconds: float) -> None:
        super().__init__(name="killer", daemon=True)
        self._behind, self._kills, self._each_seconds = behind, kills, each_seconds
        self._dice = random.Random(seed)
        self.killed = dict.fromkeys(KILLED, 0)

    def run(self) -> None:
        """In every stretch of `each_seconds` one kill, each process in its turn of the dice.

        One that is not there just then is waited for, and lives for a random while first: killed
        as it starts, again and again, nothing could ever be done.
        """
        names: list[str] = []
        for _ in range(self._kills):
            names = names or self._dice.sample(KILLED, len(KILLED))
            pause = self._dice.uniform(0, self._each_seconds)
            time.sleep(pause)
            name = names.pop()
            while not self._behind.kill(name):
                wait_until(partial(self._behind.is_up, name), PATIENCE_SECONDS)
                time.sleep(self._dice.uniform(0, self._each_seconds))
            self.killed[name] += 1
            time.sleep(self._each_seconds - pause)
