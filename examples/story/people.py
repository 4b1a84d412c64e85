"""The people of the story, each with a browser of their own. They know only what pages show."""

import html
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx2

_HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|token)" value="([^"]*)"')
_NEAR = re.compile(r"<code>([0-9a-f]{12})</code>.*?near/([0-9a-f-]{36})", re.S)


class PageRefused(Exception):
    """A page answered otherwise than the story needs. What it said is in the message."""


class Browser:
    """Follows links, keeps cookies, fills in forms; no JavaScript.

    With patience, a page that does not answer or fails is asked for again, as people do. `address`
    is one of this machine's, where it is another person who asks.
    """

    def __init__(self, url: str, patience_seconds: float = 0, address: str | None = None) -> None:
        self.url, self._patience = url, patience_seconds
        transport = httpx2.HTTPTransport(local_address=address)
        self._http = httpx2.Client(
            base_url=url, timeout=60, follow_redirects=True, transport=transport
        )

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def get(self, path: str) -> str:
        """A page that must be there."""
        return self._text(self._ask("GET", path))

    def send(self, page: str, to: str, form: dict[str, Any], *, refused: bool = False) -> str:
        """Send a form that was read from `page`. With `refused`, a "no" is what we expect."""
        hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
        said, place = {**hidden, **form}, {"Referer": self.url + to}
        answer = self._ask("POST", to, data=said, headers=place)
        if refused and answer.status_code == 422:
            return answer.text
        return self._text(answer)

    def download(self, path: str) -> bytes:
        """A file that must be there."""
        answer = self._ask("GET", path)
        self._text(answer)
        return answer.content

    def _ask(self, method: str, path: str, **how: Any) -> httpx2.Response:
        until = time.monotonic() + self._patience
        while True:
            try:
                answer = self._http.request(method, path, **how)
            except httpx2.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                if answer.status_code < 500 or time.monotonic() > until:
                    return answer
            time.sleep(0.2)

    @staticmethod
    def _text(answer: httpx2.Response) -> str:
        if answer.status_code != 200:
            words = re.sub(r"<[^>]+>|\s+", " ", answer.text)
            raise PageRefused(f"{answer.url.path} answered {answer.status_code}: {words[:300]}")
        return answer.text


@dataclass(slots=True)
class Told:
    """What a notifier was given at once. Sent again, a form gives no words a second time."""

    number: str
    words: str
    page: str


class Notifier:
    """Dana, who is shown, or Gil, who looks after Dana."""

    def __init__(self, url: str, patience_seconds: float = 0, address: str | None = None) -> None:
        self.browser = Browser(url, patience_seconds, address)

    def give_notice(self, link: str, who: str) -> Told:
        """Step one of the form: the link, who is shown, what it is, one tick."""
        form = self.browser.get(f"/notice?url={link}")
        said = {"links": link, "who": who, "young": "yes", "what": "picture", "danger": "no"}
        page = self.browser.send(form, "/notice", {**said, "true": "yes"})
        number = re.search(r"\bH-[0-9A-Z]{4}-[0-9A-Z]{4}\b", page)
        words = re.search(r'class="words">([^<]+)<', page)
        if number is None:
            raise PageRefused("the form gave no number")
        return Told(number.group(), words.group(1) if words else "", page)

    def tell_more(self, number: str, said: dict[str, str]) -> None:
        """Step two: what else they know."""
        path = f"/n/{number}/more"
        self.browser.send(self.browser.get(path), path, said)

    def page(self, number: str) -> str:
        """Their private page."""
        return self.browser.get(f"/n/{number}")

    def receipt(self, number: str) -> bytes:
        """The receipt, with its proof once the entry is in the log."""
        return self.browser.download(f"/n/{number}/receipt")


class Reviewer:
    """Rae or Sam, signed in by the demonstration's link."""

    def __init__(self, url: str, sign_in: str, patience_seconds: float = 0) -> None:
        self.browser = Browser(url, patience_seconds)
        self.browser.get(sign_in)

    def first_in_queue(self) -> str:
        """The number of the case that comes first."""
        numbers = self.queue()
        if not numbers:
            raise PageRefused("the queue is empty")
        return numbers[0]

    def queue(self) -> list[str]:
        """The numbers of the cases that wait, in order."""
        found = re.findall(r"\bC-[0-9A-Z]{4}-[0-9A-Z]{4}\b", self.browser.get("/console/"))
        return list(dict.fromkeys(found))

    def case(self, number: str) -> str:
        """The case page."""
        return self.browser.get(f"/console/c/{number}/")

    def look(self, number: str, variant: str = "full") -> None:
        """Open the file of the case, knowing that it may be graver than what came before."""
        page = self.case(number)
        found = re.search(rf"/console/c/{number}/files/[0-9a-f-]+/{variant}", page)
        if found is None:
            raise PageRefused("the case page offers no file to open")
        self.browser.send(page, found.group(), {"warned": "1"})

    def decide(self, number: str, ruling: str, clause: str, reasons: str) -> str:
        """Decide, or propose to."""
        said = {"ruling": ruling, "clause": clause, "reasons": reasons, "scope": "file"}
        return self.browser.send(self.case(number), f"/console/c/{number}/decide", said)

    def second(self, number: str, agrees: bool, why: str, *, refused: bool = False) -> str:
        """Say whether they agree with what was proposed."""
        said = {"agrees": "yes" if agrees else "no", "reasons": why}
        to = f"/console/c/{number}/second"
        return self.browser.send(self.case(number), to, said, refused=refused)

    def prepare_tip(self, number: str, suspect: str, words: str) -> str:
        """Name one account, write a few words, and send it on; returns the tip's path."""
        path = f"/console/c/{number}/tips/new"
        page = self.browser.get(path)
        named = re.search(rf'name="suspect" value="([^"]+)"[^>]*>\s*<span>{suspect} \(', page)
        if named is None:
            raise PageRefused(f"nobody called {suspect} can be named")
        said = {"to": "ncmec", "kind": "material", "suspect": named.group(1), "words": words,
                "annotations": "sextortion", "urgent": "It was seen widely."}  # fmt: skip
        kept = self.browser.send(page, path, said)
        tip = re.search(rf"/console/c/{number}/tips/[0-9a-f-]{{36}}", kept)
        if tip is None:
            raise PageRefused("the draft was not kept")
        self.browser.send(kept, f"{tip.group()}/send", {})
        return tip.group()

    def approve_tip(self, path: str) -> None:
        """Approve what another prepared."""
        self.browser.send(self.browser.get(path), f"{path}/approve", {})

    def near(self, number: str) -> dict[str, str]:
        """Near copies that wait for a person: first digits of the SHA-256, and file."""
        page = self.case(number)
        section = page.partition('id="near-title"')[2].partition("</section>")[0]
        return dict(_NEAR.findall(section.partition("<details>")[0]))

    def judge(self, number: str, file_id: str, same: bool) -> None:
        """Look at both, and say whether they show the same."""
        path = f"/console/c/{number}/near/{file_id}"
        both = self.browser.send(self.browser.get(path), f"{path}/look", {"warned": "1"})
        self.browser.send(both, f"{path}/judge", {"same": "yes" if same else "no"})
