"""Takes NCMEC's lists over, entry by entry.

Pages of a stretch of time come in no order of time: the stretch is done when its last page is. The
address of a next page is good for hours, not for ever; after that the stretch is begun again.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from lxml import etree

from heed.integrations.exchanges.base import Base
from heed.integrations.exchanges.credentials import credentials
from heed.integrations.exchanges.remote import NotThere, Remote, basic, private, words
from heed.integrations.exchanges.signals import signal
from heed.ports import ExchangeBusy, ExchangeRefused, SharedPage, SharedSignal, Word

ENVIRONMENTS = {
    "industry": "https://report.cybertip.org/hashsharing",
    "exploitative": "https://report.cybertip.org/exploitative-hashsharing",
    "npo": "https://hashsharing.ncmec.org/npo",
    "npo-exploitative": "https://hashsharing.ncmec.org/exploitative",
    "test": "https://exttest.cybertip.org/hashsharing",
    "test-npo": "https://hashsharing-test.ncmec.org/npo",
}
NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
FIRST_AT = datetime(2010, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)  # what was being written while the last stretch was read
NEXT_GOOD_FOR = timedelta(hours=6)
_COMPARED = {"md5": "md5", "pdq": "pdq", "sha1": "sha1"}
_FEEDBACK = {"md5": "MD5", "pdq": "PDQ", "sha1": "SHA1"}


class NcmecHashes(Base):
    """Keeps the promise of `ports.Exchange`."""

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return {
            "environment": f"which list: {', '.join(ENVIRONMENTS)} (required)",
            "members": "ids of members whose entries are taken; all when left out",
            "base": "another address than the environment's, for trying out",
            "private": "host:port of that address when it is your own",
            "reason": "guid of the reason for negative feedback, as NCMEC lists them",
        }

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused`, for credentials first."""
        credentials(name, ["user", "password"])
        if said.get("environment") not in ENVIRONMENTS and not said.get("base"):
            raise ExchangeRefused(f"environment: one of {', '.join(ENVIRONMENTS)}")

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """One page of the stretch that the cursor is in."""
        at = _stretch(cursor, now)
        remote = self._remote(name, said)
        if at.get("next"):
            body = remote.get(at["next"])
        else:
            body = remote.get("/v2/entries", {"from": at["from"], "to": at["to"]})
        root = _parsed(body)
        onward = (root.findtext("{*}paging/{*}next") or "").strip()
        entries, passed = _entries(root, set(words(said, "members")))
        if onward:
            began = at.get("began") or now.isoformat()
            further = {**at, "next": onward, "began": began}
            return SharedPage(entries=entries, cursor=further, more=True, passed_over=passed)
        done = {"from": at["to"]}
        return SharedPage(entries=entries, cursor=done, more=False, passed_over=passed)

    def tell(self, name: str, said: Mapping[str, Any], words: Sequence[Word]) -> int:
        """Affirmative, or negative with the reason that the operator chose; else not sent."""
        remote = self._remote(name, said)
        for word in words:
            if word.type not in _FEEDBACK or (not word.right and not said.get("reason")):
                continue
            member, _, entry = word.ref.partition(":")
            vote = "<affirmative/>" if word.right else _negative(str(said["reason"]))
            body = f'<feedbackSubmission xmlns="{NAMESPACE}">{vote}</feedbackSubmission>'
            where = f"/v2/entries/{quote(member)}/{quote(entry)}/{_FEEDBACK[word.type]}/feedback"
            with contextlib.suppress(NotThere):  # it was deleted there: nobody waits for a word
                remote.put_xml(where, body.encode())
        return len(words)

    def _remote(self, name: str, said: Mapping[str, Any]) -> Remote:
        known = credentials(name, ["user", "password"])
        base = said.get("base") or ENVIRONMENTS[str(said["environment"])]
        return Remote(str(base), basic(known["user"], known["password"]), private(said))


def _negative(reason: str) -> str:
    return f"<negative><reasonIds><guid>{escape(reason)}</guid></reasonIds></negative>"


def _stretch(cursor: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """From where to where. Instants are UTC, and say so."""
    began = cursor.get("began")
    if cursor.get("next") and began and now - datetime.fromisoformat(began) < NEXT_GOOD_FOR:
        return dict(cursor)
    start = FIRST_AT
    if cursor.get("from"):
        start = datetime.fromisoformat(cursor["from"]) - (timedelta(0) if began else OVERLAP)
    return {"from": _utc(start), "to": _utc(now)}


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise ExchangeBusy("half an answer: no XML") from None


def _entries(
    root: etree._Element, members: set[str]
) -> tuple[dict[str, list[SharedSignal]], Counter[str]]:
    entries: dict[str, list[SharedSignal]] = {}
    passed: Counter[str] = Counter()
    for one in [*root.iterfind("{*}images/{*}*"), *root.iterfind("{*}videos/{*}*")]:
        member = one.find("{*}member")
        number = "" if member is None else member.get("id") or ""
        entry = (one.findtext("{*}id") or "").strip()
        if not entry or (members and number not in members):
            continue
        deleted = etree.QName(one).localname.lower().startswith("deleted")
        entries[f"{number}:{entry}"] = [] if deleted else list(_signals(one, passed))
    return entries, passed


def _signals(one: etree._Element, passed: Counter[str]) -> Iterator[SharedSignal]:
    note = (one.findtext("{*}classification") or "").strip()
    for print_ in one.iterfind("{*}fingerprints/{*}*"):
        name = etree.QName(print_).localname.lower()
        kind = _COMPARED.get(name)
        found = signal(kind, print_.text or "", note) if kind else None
        if found is None:
            passed[name] += 1
        else:
            yield found
