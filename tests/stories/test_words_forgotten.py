"""Dana was helped. Years later nobody needs her words, and they are gone; the proof is not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from pytest_django.live_server_helper import LiveServer

from heed.cases.models import Notice
from heed.filings import words
from heed.filings.models import CaseFile
from heed.flows.answer_back import answer_back
from heed.flows.forget_words import forget_words
from heed.flows.make_case_file import ask_for_case_file
from heed.flows.receive_notice import Received
from heed.flows.seal_ledger import seal_ledger
from heed.ledger import queries as ledger
from heed.ledger.models import EntryBody
from heed.ledger.verify import commit_to, verify_receipt
from heed.ledger.verify_case_file import verify_case_file
from heed.ledger.verify_cli import GOOD, WRONG, verify_command
from tests.flows.stage import Stage, picture
from tests.people import dana

SAID = "Quittenbaum"


class Visitor:
    """Somebody with a link, over HTTP: no session, no account."""

    def __init__(self, site: str, link: str) -> None:
        self.site, self.opener = site, build_opener(HTTPCookieProcessor(CookieJar()))
        self.page = link.partition("?")[0]
        self.get(link)

    def get(self, path: str) -> str:
        """What it says there, in one line and without marks on its times."""
        with self.opener.open(f"{self.site}{path}", timeout=60) as answer:
            return re.sub(r"\s+", " ", re.sub(r"</?time[^>]*>", "", answer.read().decode()))

    def json(self, part: str) -> Any:
        return json.loads(self.get(f"{self.page}/{part}"))


@dataclass
class Helped:
    """What Dana has kept, and the day on which nobody needs her words any more."""

    town: Stage
    visitor: Visitor
    heard: Received
    sent: Mapping[str, Any]
    receipt: Mapping[str, Any]
    until: datetime

    def forget(self) -> None:
        self.town.now = self.until
        assert forget_words(now=self.town.now) == 1
        seal_ledger(now=self.town.now)


def day(at: datetime) -> str:
    with translation.override("en-gb"):
        return date_format(at, "DATE_FORMAT")


@pytest.fixture
def helped(live_server: LiveServer, town: Stage) -> Helped:
    town.now = timezone.now()
    town.post("p1", picture("one"))
    said = dana(town.url("p1"), words=f"He posted it. {SAID}", email=f"dana.{SAID}@example.org")
    heard = town.hear(said)
    visitor = Visitor(live_server.url, heard.private_url.removeprefix(settings.PUBLIC_URL))
    first = words.shown_until(Notice.objects.get()).earliest
    assert f"We keep what you wrote until {day(first)} at least." in visitor.get(visitor.page)
    sent, receipt = visitor.json("said"), visitor.json("receipt")
    answer_back(notice_id=heard.notice_id, text=f"Please, {SAID}", now=town.now)
    town.remove(town.case(picture("one")), town.staff("Rae"), clause="intimate-without-consent")
    until = words.kept_until(Notice.objects.get()).until
    assert until is not None and until > first
    return Helped(town, visitor, heard, sent, receipt, until)


def test_the_page_says_until_when_words_are_kept_and_then_when_they_went(helped: Helped) -> None:
    visitor, page = helped.visitor, helped.visitor.get(helped.visitor.page)
    assert f"until {day(helped.until)} at least" in page and SAID in page
    assert forget_words(now=helped.until - timedelta(days=1)) == 0
    assert SAID in visitor.get(visitor.page)
    helped.forget()
    page = visitor.get(visitor.page)
    assert f"On {day(helped.until)} we deleted what you wrote, your name and your address." in page
    assert f"in our backups until {day(helped.until + settings.HEED_BACKUPS_KEPT)}" in page
    assert SAID not in page and "(deleted)" in page and "We keep what you wrote" not in page
    assert helped.heard.number in page and "We looked at it." in page  # our answer, with reasons
    assert "Save what I sent" not in page and "This would protect it more" not in page
    assert set(visitor.json("said")) == {"forgotten_at"}
    answer_back(notice_id=helped.heard.notice_id, text="Me again", now=helped.town.now)
    page = visitor.get(visitor.page)
    assert "we deleted what you wrote" in page and "We keep what you wrote until" in page
    for part in ("more", "contact", "codes", "close", "proof", "case-file"):
        assert SAID not in visitor.get(f"{visitor.page}/{part}")


def test_who_kept_what_they_sent_can_prove_it_for_ever(helped: Helped) -> None:
    helped.forget()
    receipt = helped.visitor.json("receipt")
    for part in ("promise", "salt", "signature"):
        assert receipt[part] == helped.receipt[part]
    assert verify_receipt(receipt, ledger.vkeys()[0], helped.sent).kind == "proof"
    opened = commit_to(helped.sent, bytes.fromhex(receipt["salt"]))
    assert opened.hex() == receipt["promise"]["commitment"]


def test_a_case_file_can_still_be_made_and_says_what_is_missing(helped: Helped) -> None:
    helped.forget()
    ask_for_case_file(notice_id=helped.heard.notice_id, language="en", now=helped.town.now)
    helped.town.work()
    made = CaseFile.objects.exclude(made_at=None).get()
    assert made.pdf is not None and SAID not in made.document
    document = json.loads(made.document)
    assert verify_case_file(document, ledger.vkeys()[0], bytes(made.pdf))
    assert document["file"]["notices"][0]["withheld"] == ["forgotten"]


def test_the_log_holds_after_it_and_still_finds_who_touched_it(
    helped: Helped, capsys: pytest.CaptureFixture[str]
) -> None:
    helped.forget()
    assert verify_command(None, None, log=True) == GOOD
    assert "as it was signed" in capsys.readouterr().out
    entry = EntryBody.objects.get(event="words.forgotten")
    EntryBody.objects.filter(entry=entry.entry_id).update(body='{"notices":2}')
    assert verify_command(None, None, log=True) == WRONG
    assert "the body is not the one that the leaf commits to" in capsys.readouterr().out
