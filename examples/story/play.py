"""Play the case: planted, told, hidden, found, decided, answered, proved.

Everything that is measured here is measured at Townsquare or on pages that its people see.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from examples import pictures
from examples.story.people import Notifier, Reviewer, Told
from examples.story.planting import CLAIMED, Plan, Planted, altered, plant
from examples.story.promises import Table
from examples.story.tipline import CONTEXT, Tipline, said_in
from examples.story.town import Json, Town

Say = Callable[[str], None]
FIRST_WITHIN = 1.0  # seconds from notice to hidden, for the named post
ALL_WITHIN = 10.0  # seconds until every copy is hidden
LATER = 10  # uploads of the same that are tried once it is removed
HIDDEN = ("hidden", "removed")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays, and who may sign in."""

    heed_url: str
    town_url: str
    rae: str
    sam: str
    tipline_url: str = ""  # of the stand-in for NCMEC


class Story:
    """One telling of the case, chapter by chapter. `table` fills as it goes."""

    def __init__(self, stage: Stage, plan: Plan, say: Say) -> None:
        self.stage, self.plan, self.say = stage, plan, say
        self.town, self.table = Town(stage.town_url), Table()
        self.dana, self.gil = Notifier(stage.heed_url), Notifier(stage.heed_url)
        self.rae = Reviewer(stage.heed_url, stage.rae)
        self.sam = Reviewer(stage.heed_url, stage.sam)
        self.notice_at = 0.0
        self.filed: Json = {}  # the CyberTip, as the stand-in for NCMEC has it

    def play(self) -> Table:
        """All chapters in order; the table says what held."""
        with closing(self):
            self.before()
            told = self.dana_tells()
            self.gil_tells()
            self.copies_go()
            self.reviewers_decide()
            self.it_stays_gone()
            self.everybody_is_told(told)
            self.ncmec_is_told()
            self.it_can_be_proved(told)
        return self.table

    def close(self) -> None:
        """Everybody goes home."""
        self.town.close()
        for one in (self.dana, self.gil, self.rae, self.sam):
            one.browser.close()

    # ------------------------------------------------------------------ chapters

    def before(self) -> None:
        """The picture is posted and spreads; nobody has said a word yet."""
        self.say("A picture is posted, and spreads")
        self.planted: Planted = plant(self.town, self.plan, lambda what: self.say(f"  {what}"))
        self._wait_looked()
        self.views_before = self._views(self.planted.copies())

    def dana_tells(self) -> Told:
        """Dana, 13, pastes the link. Until the answer is there, the post is hidden already."""
        self.say("Dana, 13, tells Heed: the link, “me, under 18”, one tick")
        first = self.planted.first.url
        self.notice_at, began = time.time(), time.monotonic()
        told = self.dana.give_notice(first, "me-child")
        self.town.wait_gone([first], 30)
        seconds = time.monotonic() - began
        self.table.say("from notice to hidden, the post itself", f"{seconds:.2f} s",
                       seconds <= FIRST_WITHIN)  # fmt: skip
        self.table.say("number, private page and receipt, in the same answer", told.number, True)
        return told

    def gil_tells(self) -> None:
        """Gil tells as well, with the age and the number that the police gave."""
        self.say("Gil tells as well, with the age and the police number")
        told = self.gil.give_notice(self.planted.first.url, "my-child")
        facts = {"age": "13", "police_agency": "City police", "police_reference": "2026-0117"}
        self.gil.tell_more(told.number, {**facts, "words": "They threaten to post more."})
        self.gil_number = told.number

    def copies_go(self) -> None:
        """Every copy is found, and hidden at Townsquare."""
        self.say("Heed looks for every copy")
        facts = self._wait_set(self.planted.copies(), HIDDEN)
        times = [_at(row) for row in facts["applied"] if row["item"] in self.planted.copies()]
        seconds = max(times) - self.notice_at
        self.table.say("from notice to hidden, all copies", f"{seconds:.1f} s",
                       seconds <= ALL_WITHIN)  # fmt: skip
        self._found("reshares", set(self.planted.reshares), facts)
        self._found("identical re-uploads", {one.id for one in self.planted.identical}, facts)
        self._found("altered re-uploads", {one.id for one in self.planted.altered}, facts)
        unrelated = {one.id for one in self.planted.unrelated}
        touched = {row["item"] for row in facts["applied"]} & unrelated
        self.table.say("unrelated pictures touched", f"{len(touched)} of {len(unrelated)}",
                       not touched)  # fmt: skip

    def reviewers_decide(self) -> None:
        """One person's "no violation" changes nothing; near copies are looked at; it is removed."""
        self.say("Rae proposes “no violation”; alone, that changes nothing")
        number = self.rae.first_in_queue()
        self.rae.look(number)
        reasons = "I see no rule broken."
        self.rae.decide(number, "keep", "none", reasons)
        alone = self.rae.second(number, True, "", refused=True)
        still = self.town.status_of(self.planted.first.url) == 404
        self.table.say("“no violation” by one reviewer alone", "refused, still hidden",
                       still and "different person" in alone)  # fmt: skip
        self.say("Sam looks, does not agree, and decides: removed")
        self.sam.look(number)
        self.sam.second(number, False, "It is a child, as both notices say.")
        self._judge_near(number)
        self.sam.decide(number, "remove", "child-sexual", "It shows a child. It is removed.")
        self.number = number

    def _judge_near(self, number: str) -> None:
        """A person confirms what a machine found near, and lets go what is another picture."""
        confusers = {one.id for one in self.planted.confusers}
        before = self.town.facts()
        caught = _hidden(before) & confusers
        innocent = {
            digest: self._url(ref) for ref in confusers for digest in _digests(before, {ref})
        }
        waits = 0.0
        for digest, file_id in self.sam.near(number).items():
            began = time.monotonic()
            self.sam.judge(number, file_id, same=digest not in innocent)
            if digest in innocent:
                self._until(lambda: self.town.status_of(innocent[digest]) == 200)  # noqa: B023
                waits = max(waits, time.monotonic() - began)
        left = _hidden(self.town.facts()) & confusers
        self.table.say("confusers provisionally hidden", f"{len(caught)} of {len(confusers)}")
        self.table.say("… and back, once a person had looked", f"{waits:.1f} s", not left)

    def it_stays_gone(self) -> None:
        """Removed, seen to be gone, and it does not come back."""
        self.say("Everything is removed, looked at again, and tried again")
        copies = self.planted.copies()
        self._wait_set(copies, ("removed",))
        tried = sorted(copies)[:100]
        gone = sum(self.town.status_of(self._url(ref)) == 410 for ref in tried)
        found = f"{gone} of {len(tried)} tried"
        self.table.say("a visitor finds them gone", found, gone == len(tried))
        verified = self._verified()
        self.table.say("verified gone by Heed itself", f"{verified} of {len(copies)}",
                       verified == len(copies))  # fmt: skip
        removed = _count(self.town.facts(), {one.id for one in self.planted.confusers}, "removed")
        self.table.say("confusers removed", str(removed), removed == 0)
        after = self._views(copies) - self.views_before
        self.table.say("views before the notice, and after", f"{self.views_before}, {after}")
        self._try_again()

    def _try_again(self) -> None:
        tried = [(f"late{n}", "again", pictures.picture(CLAIMED)) for n in range(LATER // 2)]
        tried += [(f"late{n}", "again", altered(n)) for n in range(LATER // 2, LATER)]
        answers = [post.status for post in self.town.post_many(tried)]
        blocked, held = answers.count(422), answers.count(202)
        self.table.say("later uploads of it", f"{blocked} blocked, {held} held, of {LATER}",
                       blocked + held == LATER)  # fmt: skip
        refused = self.town.reshare("late", self.planted.first.id)
        self.table.say("a late reshare of it", "refused", refused in (404, 409, 410))

    def everybody_is_told(self, told: Told) -> None:
        """Both have an answer with reasons; the uploader has a statement that tells no tales."""
        self.say("Everybody is told")
        self._until(lambda: "It shows a child" in self.dana.page(told.number))
        both = "It shows a child" in self.gil.page(self.gil_number)
        self.table.say("Dana and Gil answered, with reasons", "yes" if both else "no", both)
        self._until(lambda: self.planted.first.id in self._stated())
        letter = str(self._stated()[self.planted.first.id]["statement"])
        quiet = not re.search(r"notice|told us|somebody|\bDana\b|\bGil\b", letter, re.I)
        self.table.say("the uploader has a statement of reasons", "and learns of no notice", quiet)

    def ncmec_is_told(self) -> None:
        """Sam prepares a CyberTip, Rae approves it; two things go wrong, and it is filed once."""
        self.say("NCMEC's stand-in is told, and loses half an upload and an answer")
        tipline = Tipline(self.stage.tipline_url)
        tipline.pretend("upload", "half")
        tipline.pretend("finish", "silent")
        path = self.sam.prepare_tip(self.number, "uri", "They threaten to post more.")
        self.rae.approve_tip(path)
        self._until(lambda: "Filed " in self.sam.browser.get(path))
        filed = tipline.filed()
        what = f"{len(filed)} filed, of {tipline.opened()} opened"
        self.table.say("a CyberTip, in spite of two faults", what, len(filed) == 1)
        facts = filed[0] if filed else {}
        page = self.sam.case(self.number)
        looked = int("full" in page.partition("Who has looked")[2].partition("</details>")[0])
        files = sum(one["name"] != CONTEXT for one in facts.get("files", {}).values())
        true = f"13; 2026-0117; {looked} of {files} files viewed"  # by the viewing log
        self.table.say("… with age, police number, and flags as the log has them",
                       said_in(facts), said_in(facts) == true)  # fmt: skip
        self._evidence_opens(page, facts)
        places, whole = self._context_of(path, facts)
        self.table.say("… and all that the case knows, as a text", f"{places} places", whole)
        kept = re.search(r"until <strong>([^<]+)</strong> at least", self.sam.case(self.number))
        until = kept.group(1) if kept else ""
        self.table.say("… and what was told is kept for a year", until, _is_a_year(until))
        self.filed = facts
        tipline.close()

    def _evidence_opens(self, page: str, facts: Json) -> None:
        """What was sealed at the first hide is opened for the report, byte for byte."""
        copies = self.planted.copies()
        posted = _digests(self.town.facts(), copies)
        files = facts.get("files", {}).values()
        sent = [str(one["sha256"]) for one in files if one["name"] != CONTEXT]
        same = sum(one[:12] in posted for one in sent)
        kept = page.partition('id="evidence"')[2].partition("</section>")[0]
        lost = kept.count("It can't be opened") + kept.count("tag-late") + kept.count("note-bad")
        self.table.say("… and the evidence, opened for it as it was posted",
                       f"{same} of {len(sent)} files; {lost} copies lost",
                       bool(sent) and same == len(sent) and not lost)  # fmt: skip

    def _context_of(self, path: str, facts: Json) -> tuple[int, bool]:
        """How many places the text names that came with it, and whether the stand-in has it whole.

        The stand-in keeps no bytes: the text is read on the tip's page, and its hash compared.
        """
        text = self.sam.browser.get(f"{path}/context")
        places = len(re.findall(r"^https?://\S+ \| ", text, re.M))
        sent = {one["name"]: one["sha256"] for one in facts.get("files", {}).values()}
        same = sent.get(CONTEXT) == hashlib.sha256(text.encode()).hexdigest()
        return places, same and places >= len(self.planted.copies()) and "2026-0117" in text

    def it_can_be_proved(self, told: Told) -> None:
        """The receipt proves the notice with no server at hand; the whole log checks."""
        self.say("The receipt is checked with nothing but the log's public key")
        receipt = self.dana.receipt(told.number)
        verdict = _verify(receipt, self.dana.browser.get("/log/key").splitlines()[0])
        self.table.say("Dana's receipt verifies offline", verdict, verdict.startswith("PROOF"))
        for owed, states in _deadlines(self.sam.case(self.number)).items():
            said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            self.table.say(f"due: {owed}", said, None if "open" in states else "late" not in states)

    # ------------------------------------------------------------------ measuring

    def _wait_looked(self) -> None:
        """Only what was seen can be seen to be gone: Heed looks at new items once, in its time."""
        self.say("  Heed looks at what was posted, once")
        innocent = len(self.planted.unrelated) + len(self.planted.confusers)
        wanted = len(self.planted.copies()) + innocent
        self._until(lambda: int(self.town.facts(brief=True)["looked"]) >= wanted, 120)

    def _wait_set(self, copies: set[str], levels: tuple[str, ...]) -> Json:
        """All facts, once these copies are so. Until then only counts are asked for: those lists
        would keep the site busy that is being measured."""
        self._until(lambda: self._tally(levels) >= len(copies))
        self._until(lambda: _count(self.town.facts(), copies, *levels) == len(copies), pause=1)
        return self.town.facts()

    def _tally(self, levels: tuple[str, ...]) -> int:
        tally = self.town.facts(brief=True)["tally"]
        return sum(n for key, n in tally.items() if key.partition("/")[2] in levels)

    def _until(
        self, holds: Callable[[], bool], within_seconds: float = 60, pause: float = 0.1
    ) -> None:
        """Wait for it; a promise that is not kept in time is measured as it then stands."""
        until = time.monotonic() + within_seconds
        while not holds() and time.monotonic() < until:
            time.sleep(pause)

    def _found(self, name: str, planted: set[str], facts: Json) -> None:
        hidden = len(_hidden(facts) & planted)
        self.table.say(f"{name} found", f"{hidden} of {len(planted)}", hidden == len(planted))

    def _views(self, ids: set[str]) -> int:
        return sum(item["views"] for item in self.town.facts()["items"] if item["id"] in ids)

    def _url(self, ref: str) -> str:
        return f"{self.stage.town_url}/p/{ref}"

    def _verified(self) -> int:
        """As the case page says it, once it says the same twice: looking takes its time."""
        last, now = -1, self._seen_gone()
        until = time.monotonic() + 120
        while time.monotonic() < until and (now != last or now < len(self.planted.copies())):
            last = now
            time.sleep(2)
            now = self._seen_gone()
        return now

    def _seen_gone(self) -> int:
        found = re.findall(r"seen gone: ([0-9,]+)", self.sam.case(self.number))
        return sum(int(number.replace(",", "")) for number in found)

    def _stated(self) -> dict[str, Json]:
        return {row["item"]: row for row in self.town.facts()["messages"]}


def _at(row: Json) -> float:
    return datetime.fromisoformat(str(row["at"])).timestamp()


def _hidden(facts: Json) -> set[str]:
    return {item["id"] for item in facts["items"] if item["visibility"] in HIDDEN}


def _count(facts: Json, ids: set[str], *levels: str) -> int:
    return sum(
        item["id"] in ids and item["visibility"] in (levels or HIDDEN) for item in facts["items"]
    )


def _digests(facts: Json, ids: set[str]) -> set[str]:
    """First digits of the files of these items, as the console shows them."""
    return {
        str(file["sha256"])[:12]
        for item in facts["items"]
        if item["id"] in ids
        for file in item["files"]
    }


def _deadlines(page: str) -> dict[str, Counter[str]]:
    """What the case page says is owed, and how much of it is met, open or late."""
    section = page.partition('id="deadlines-title"')[2].partition("</section>")[0]
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for row in re.findall(r"<li\b.*?</li>", section, re.S):
        owed = re.search(r"<strong>(.*?)</strong>", row, re.S)
        words = re.sub(r"<[^>]+>", " ", row)
        state = "late" if "late" in words or "missed" in words else "open"
        if owed is not None:
            told[owed.group(1)]["in time" if "met in time" in words else state] += 1
    return told


def _verify(receipt: bytes, key: str) -> str:
    """`heed verify`, in a process of its own without database or network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receipt.json"
        path.write_bytes(receipt)
        command = [sys.executable, "-m", "heed", "verify", str(path), "--key", key]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]


def _is_a_year(said: str) -> bool:
    """Whether this day is a year from today; at midnight it may be a day off."""
    try:
        day = datetime.strptime(said, "%d %b %Y").replace(tzinfo=UTC)
    except ValueError:
        return False
    return 364 <= (day - datetime.now(UTC)).days <= 366
