"""The papers of a first day: a service, what stands before Heed, and the notice for the public.

Each is written once. One that is there stays, whoever wrote it; that today's would be another is
said, and no more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from heed.instance.first_day.reading import NONE
from heed.instance.place import ROOT, Place

KEEP_THESE = "keep-these.txt"
_PAPERS = Path(__file__).with_name("papers")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Paper:
    """A file, what stands in it, and what became of it."""

    path: Path
    text: str

    @property
    def state(self) -> str:
        """`new`, `same`, or `other`: what is there is not what would be written now."""
        if not self.path.exists():
            return "new"
        return "same" if self.path.read_text(encoding="utf-8") == self.text else "other"


def papers(said: Mapping[str, str], place: Place, config: Path) -> Iterator[Paper]:
    """All of them, for these answers."""
    facts = {
        "user": said["service-user"], "root": str(ROOT), "config": str(config),
        "host": urlsplit(said["address"]).hostname or "", "listen": said["listen"],
        "address": said["address"], "site": said["site"], "SITE": said["site"].upper(),
        "contact": _contact(said), "keys": str(place.keys),
    }  # fmt: skip
    for name in ("heed.service", "Caddyfile", "nginx.conf", KEEP_THESE):
        yield Paper(place.var / "setup" / name, filled(name, facts))
    yield Paper(place.var / "public-notice.txt", filled("public-notice.txt", facts))
    safe = {name: escape(fact) for name, fact in facts.items()}
    safe["contact"] = safe["contact"].replace("\n", "<br>\n")
    yield Paper(place.var / "public-notice.html", filled("public-notice.html", safe))


def filled(name: str, facts: Mapping[str, str]) -> str:
    """A paper with its places filled in. A place that nobody has a fact for is a `KeyError`."""
    text = (_PAPERS / name).read_text(encoding="utf-8")
    return _PLACE.sub(lambda found: facts[found[1]], text)


def _contact(said: Mapping[str, str]) -> str:
    """Who runs the site, and how to reach them: a line each."""
    asked = ("operator", "street", "city", "country", "contact-mail", "phone")
    return "\n".join(said[one] for one in asked if said.get(one, NONE) != NONE)


def write(papers: Iterator[Paper]) -> list[tuple[Paper, str]]:
    """Writes those that are not there. Returns each with its state before."""
    done = []
    for paper in papers:
        state = paper.state
        if state == "new":
            paper.path.parent.mkdir(parents=True, exist_ok=True)
            paper.path.write_text(paper.text, encoding="utf-8")
        done.append((paper, state))
    return done
