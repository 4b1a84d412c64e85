"""forget_words: what a notifier wrote goes when its time is over, and not before."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from heed.cases.models import Appeal, Case, Join, Message, Notice, PeerReport, Supplement
from heed.cases.services import deadlines, peer_reports
from heed.filings import context, danger, gathering, holding, words
from heed.filings.models import CaseFile, Dispute, Hold, Officer, Order, SealedObject, Tip
from heed.flows import forget_words as flow
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.forget_words import behind, forget_words
from heed.flows.make_case_file import ask_for_case_file
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.protect_target import protect
from heed.flows.receive_notice import Received
from heed.flows.seal_ledger import seal_ledger
from heed.flows.shared.tip_text import as_text, sections
from heed.flows.supplement_notice import supplement_notice
from heed.flows.translate_notice import translate
from heed.flows.withdraw_notice import withdraw_notice
from heed.flows.write_to_notifier import write_to_notifier
from heed.instance.place import ROOT
from heed.ledger import queries as ledger
from heed.ledger.models import EntryBody
from heed.ledger.receipts import upgraded
from heed.ledger.verify import verify_receipt
from heed.media.services import FileIn
from heed.people import devices
from heed.people.duty_models import Call
from heed.people.models import Contact
from heed.ports import Reported
from heed.rules.claims import AgeThen, Category
from heed.rules.clocks import Clock, Kind, Stop
from heed.rules.tips.authorities import authority
from heed.rules.tips.document import (
    Document,
    Guardian,
    Operator,
    Suspect,
    Victim,
    frozen,
    thawed,
)
from heed.rules.tips.document import Kind as TipKind
from heed.worker.sweeps import SWEEPS
from tests.flows.stage import Stage, entries, facts_now, picture
from tests.killed import Killed, die
from tests.people import dana, gil, somebody

pytestmark = pytest.mark.django_db
SAID = "Quittenbaum"  # stands in all that anybody writes here, and nowhere else
DAY = timedelta(days=1)
OVER = timedelta(days=184 + 730 + 2)  # six months to contest it, and the time that is set


def adult(town: Stage, *urls: str) -> Received:
    """Everything that a form can say, with the same word in each field."""
    town.post("p1", picture("one"))
    return town.hear(
        dana(
            town.url("p1"), *urls, words=f"He posted it. {SAID}", signature=f"Dana {SAID}",
            email=f"dana.{SAID}@example.org", time_given=f"by eight {SAID}", stated_age=25,
            police_reference=f"K-{SAID}", police_agency=f"Police of {SAID}",
            other_app=f"{SAID} on chat", their_account=f"@{SAID}", remembered={"what": SAID},
        )
    )  # fmt: skip


def decided(town: Stage, heard: Received) -> Case:
    """Removed and answered; whatever clock could be met is met."""
    case = Case.objects.get(id=town.cases_of(heard).pop())
    if case.state != Case.State.DECIDED:
        town.remove(case, town.staff("Rae"), clause="intimate-without-consent")
    Call.objects.update(ended_at=town.now)  # she was set a time, so somebody was rung
    case.refresh_from_db()
    return case


def closed(town: Stage, *said: str) -> list[Received]:
    """Notices about nothing that is here, whose cases are decided."""
    heard = [
        town.hear(somebody(f"https://elsewhere.example/{n}", words=f"{one} {SAID}"))
        for n, one in enumerate(said)
    ]
    Case.objects.update(state=Case.State.DECIDED, decided_at=town.now)
    return heard


def notice(heard: Received) -> Notice:
    return Notice.objects.get(id=heard.notice_id)


def places_of(word: str) -> set[str]:
    """Every table of the database in which this word stands, in letters or in bytes."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT 1 FROM "{table}" t WHERE t::text ILIKE %s OR t::text ILIKE %s LIMIT 1',
                [f"%{word}%", f"%{word.encode().hex()}%"],
            )
            if cursor.fetchone():
                found.add(table)
    return found


def tip(town: Stage, case: Case, **more: Any) -> Tip:
    """What was told to an authority, with words of the notice wherever they may stand."""
    document = Document(
        kind=TipKind.MATERIAL, case_ref=case.number, platform="Town", at=town.now, at_means="now",
        operator=Operator(name="Town"), urgent=SAID, agency=SAID, agency_ref=SAID, words=SAID,
        suspects=(Suspect(account_ref="uri"), Suspect(screen_name=SAID, elsewhere=True)),
        victims=(
            Victim(age=13, first_name=SAID, school=SAID, elsewhere=SAID, note=SAID,
                   guardian=Guardian(email=f"{SAID}@example.org")),
        ),
    )  # fmt: skip
    return Tip.objects.create(
        platform_id=town.platform_id, case_id=case.id, authority="ncmec",
        chosen={"words": SAID, "school": SAID, "suspect": "uri"}, document=frozen(document),
        context=SAID, account_ref=f"elsewhere:{SAID}", prepared_by=uuid4(), prepared_at=town.now,
        **{"state": Tip.State.FINISHED, "finished_at": town.now, "report_ref": "4711"} | more,
    )  # fmt: skip


def everything(town: Stage) -> tuple[Received, Case]:
    """A notice with words in every place where anybody can write some."""
    heard = adult(town, f"https://elsewhere.example/search?q={SAID}", f"no address {SAID}")
    rae = town.staff("Rae")
    supplement_notice(
        notice_id=heard.notice_id, now=town.now,
        said={"words": f"And {SAID}", "school": SAID, "email": f"other.{SAID}@example.org"},
    )  # fmt: skip
    write_to_notifier(notice_id=heard.notice_id, text=f"Dear {SAID}", by=rae.id, now=town.now)
    answer_back(notice_id=heard.notice_id, text=f"I am {SAID}", now=town.now)
    case = Case.objects.get(id=town.cases_of(heard).pop())
    translate(notice_id=heard.notice_id, from_language="de", text=SAID, by=rae.id, now=town.now)
    reported = Reported(
        ref="77", open=True, category=Category.OTHER, age_then=AgeThen.UNSURE, words=SAID,
        said={}, posts=(), account_ref="uri", profile_url="", reporter_ref="",
    )  # fmt: skip
    peer_reports.keep(notice(heard), reported, now=town.now)
    town.remove(case, rae, clause="intimate-without-consent")
    appeal_as_notifier(notice_id=heard.notice_id, text=f"Look again, {SAID}", now=town.now)
    Appeal.objects.update(state=Appeal.State.STANDS, decided_at=town.now, decided_by=rae.id)
    ask_for_case_file(notice_id=heard.notice_id, language="en", now=town.now)
    town.work()
    case.refresh_from_db()
    case.known_facts = [["police", f"K-{SAID}"], ["standing", "depicted"]]
    case.save(update_fields=["known_facts"])
    tip(town, case)
    Call.objects.update(ended_at=town.now)
    seal_ledger(now=town.now)
    return heard, case


def test_nothing_that_anybody_wrote_is_left_in_any_table(town: Stage) -> None:
    heard, _ = everything(town)
    before = places_of(SAID)
    assert before >= {
        "cases_notice", "cases_target", "cases_supplement", "cases_message", "cases_translation",
        "cases_appeal", "cases_peerreport", "cases_case", "filings_casefile", "filings_tip",
    }  # fmt: skip
    town.later(OVER)
    assert forget_words(now=town.now) == 1
    assert places_of(SAID) == set()
    index = Contact.objects.get(notice_id=heard.notice_id)
    assert (bytes(index.blind_index), index.address_sealed) == (b"", None)


def test_no_device_is_told_of_what_was_forgotten(town: Stage) -> None:
    heard, _ = everything(town)
    devices.add(heard.notice_id, "https://updates.push.services.mozilla.com/x", now=town.now)
    town.later(OVER)
    assert forget_words(now=town.now) == 1
    assert devices.of_all() == {}


def test_what_is_no_word_stays(town: Stage) -> None:
    heard, case = everything(town)
    was, answers = notice(heard), case.decisions.values_list("reasons", "facts")
    kept = [*answers]
    town.later(OVER)
    forget_words(now=town.now)
    now = notice(heard)
    for name in ("number", "category", "standing", "age_then", "received_at", "receipt", "country",
                 "language", "link_hash", "good_faith", "danger_now", "door"):  # fmt: skip
        assert getattr(now, name) == getattr(was, name)
    assert [*case.decisions.values_list("reasons", "facts")] == kept and kept
    assert list(now.targets.order_by("position").values_list("url", flat=True)) == [
        town.url("p1"), "https://elsewhere.example/", "",
    ]  # fmt: skip
    assert Message.objects.count() == 2 and Supplement.objects.count() == 1
    assert now.words_forgotten_at == town.now and now.stated_age is None
    told = Tip.objects.get()
    assert (told.report_ref, told.chosen) == ("4711", {"suspect": "uri"})
    assert [one["account_ref"] for one in told.document["suspects"]] == ["uri", ""]
    case.refresh_from_db()
    assert case.known_facts == [["standing", "depicted"]]


def test_of_an_address_stays_what_is_the_platforms_own(town: Stage) -> None:
    at = town.url("files/1")
    town.post("p1", FileIn(url=at, sha256=picture("one").sha256))
    typed = [f"{town.url('p1')}#{SAID}", at, f"https://elsewhere.example:8443/{SAID}", SAID]
    heard = town.hear(dana(*typed, words=SAID))
    items = list(notice(heard).targets.order_by("position").values_list("item__ref", flat=True))
    assert items == ["p1", "p1", None, None]
    for case in Case.objects.filter(id__in=town.cases_of(heard)):
        Case.objects.filter(id=case.id).update(state=Case.State.DECIDED, decided_at=town.now)
    town.later(OVER)
    assert forget_words(now=town.now) == 1
    kept = list(notice(heard).targets.order_by("position").values_list("url", flat=True))
    assert kept == [town.url("p1"), at, "https://elsewhere.example/", ""]
    assert places_of(SAID) == set()


def test_a_stated_age_leaves_that_it_was_about_a_child(town: Stage) -> None:
    town.post("p1", picture("one"))
    heard = town.hear(dana(town.url("p1"), stated_age=15, category=Category.INTIMATE_IMAGE))
    case = decided(town, heard)
    case.deadlines.filter(stops=Stop.CYBERTIP_FINISHED).update(met_at=town.now)
    Notice.objects.update(age_then=AgeThen.ADULT)
    case.deadlines.exclude(stops=Stop.TIME_PASSED.value).update(met_at=town.now)
    town.later(OVER + OVER)
    assert forget_words(now=town.now) == 1
    assert (notice(heard).age_then, notice(heard).stated_age) == (AgeThen.UNDER_18, None)


def test_the_log_says_that_it_was_done_and_never_whose(town: Stage) -> None:
    heard, _ = everything(town)
    town.later(OVER)
    forget_words(now=town.now)
    entry = EntryBody.objects.get(event="words.forgotten")
    assert entry.body == '{"kept_days":730,"notices":1,"rules":"1"}'
    assert entry.subject == "words"
    assert str(heard.notice_id) not in entry.body + entry.subject


def test_the_receipt_still_proves_that_the_notice_was_received(town: Stage) -> None:
    heard, _ = everything(town)
    sent = dict(notice(heard).verbatim)
    town.later(OVER)
    forget_words(now=town.now)
    seal_ledger(now=town.now)
    receipt = upgraded(notice(heard).receipt or {})
    assert verify_receipt(receipt, ledger.vkeys()[0], sent).findings  # of who kept what they sent
    assert "proof" in receipt


def test_a_second_time_there_is_nothing_more_to_forget(town: Stage) -> None:
    everything(town)
    town.later(OVER)
    assert forget_words(now=town.now) == 1
    first = Notice.objects.get().words_forgotten_at
    town.later(DAY)
    assert forget_words(now=town.now) == 0
    assert entries("words.forgotten") == 1 and Notice.objects.get().words_forgotten_at == first
    assert first is not None


# ------------------------------------------------------------------ when


def test_the_time_is_counted_from_the_end_of_all_that_could_still_come(town: Stage) -> None:
    heard = adult(town)
    decided(town, heard)
    until = words.kept_until(notice(heard)).until
    assert until is not None
    assert until >= town.now + timedelta(days=180) + timedelta(days=730)
    assert forget_words(now=until - timedelta(seconds=1)) == 0
    assert forget_words(now=until) == 1


def test_what_the_page_shows_is_never_later_than_what_is_done(town: Stage) -> None:
    heard = adult(town)
    for _ in range(2):
        whole, shown = words.kept_until(notice(heard)), words.shown_until(notice(heard))
        assert shown.earliest <= whole.earliest
        decided(town, heard)
    assert shown.until is not None


def test_nothing_unseen_moves_the_day_that_the_page_shows(town: Stage) -> None:
    heard = adult(town)
    case = decided(town, heard)
    before = words.shown_until(notice(heard))
    for why, hold in HOLDS.items():
        if why != "its notifier asks again":  # that stands on the page
            hold(town, case, notice(heard))
    assert words.shown_until(notice(heard)) == before
    assert words.kept_until(notice(heard)).until is None


def test_a_shorter_setting_is_taken_and_never_a_shorter_one_than_a_year(
    town: Stage, settings: Settings
) -> None:
    heard = adult(town)
    case = decided(town, heard)
    settings.HEED_WORDS_KEPT = DAY
    assert case.decided_at is not None
    assert forget_words(now=case.decided_at + timedelta(days=180 + 360)) == 0
    assert forget_words(now=case.decided_at + timedelta(days=184 + 366)) == 1


def test_a_notice_without_a_case_is_forgotten_too(town: Stage) -> None:
    town.hear(somebody("https://elsewhere.example/p/1", words=SAID))
    Join.objects.all().delete()
    assert forget_words(now=town.now + timedelta(days=729)) == 0
    assert forget_words(now=town.now + timedelta(days=732)) == 1
    assert places_of(SAID) == set()


def test_one_that_was_withdrawn_stays_as_long_as_its_case_is_open(town: Stage) -> None:
    heard = adult(town)
    withdraw_notice(notice_id=heard.notice_id, now=town.now)
    town.later(OVER + OVER)
    assert forget_words(now=town.now) == 0


# ------------------------------------------------------------------ what holds them


def _reopened(town: Stage, case: Case, of: Notice) -> None:
    Case.objects.filter(id=case.id).update(state=Case.State.OPEN)


def _proposed(town: Stage, case: Case, of: Notice) -> None:
    Case.objects.filter(id=case.id).update(state=Case.State.PROPOSED)


def _once_joined(town: Stage, case: Case, of: Notice) -> None:
    town.post("p9", picture("nine"))
    other = Case.objects.get(id=town.cases_of(town.hear(gil(town.url("p9")))).pop())
    Join.objects.create(notice=of, case=other, joined_at=town.now, undone_at=town.now)


def _appealed(town: Stage, case: Case, of: Notice) -> None:
    assert appeal_as_notifier(notice_id=of.id, text="again", now=town.now)


def _appealed_by_the_uploader(town: Stage, case: Case, of: Notice) -> None:
    Appeal.objects.create(case=case, statement_id=uuid4(), opened_at=town.now)


def _disputed(town: Stage, case: Case, of: Notice) -> None:
    Dispute.objects.create(
        case_id=case.id, side="notifier", body="A body", dispute_ref="1", opened_at=town.now,
        noted_by=uuid4(),
    )  # fmt: skip


def _held(town: Stage, case: Case, of: Notice) -> None:
    holding.place_hold(case.id, reason="court order 77", by=uuid4(), now=town.now)


def _ordered(town: Stage, case: Case, of: Notice) -> None:
    ola = Officer.objects.create(
        name="Ola", agency="Police", mail_sealed=b"", phone_sealed=b"", mail_index=b"",
        made_at=town.now,
    )  # fmt: skip
    Order.objects.create(
        number="O-1", platform_id=town.platform_id, officer=ola, kind="preserve",
        instrument_ref="1", legal_basis="law", link_hash=b"", code_hash=b"", received_at=town.now,
        cases=[case.id],
    )  # fmt: skip


def _sealed(town: Stage, case: Case, of: Notice) -> None:
    SealedObject.objects.create(
        copy="context", platform_id=town.platform_id, case_id=case.id, state="kept",
        asked_at=town.now,
    )  # fmt: skip


def _tip_under_way(town: Stage, case: Case, of: Notice) -> None:
    tip(town, case, state=Tip.State.DRAFT, finished_at=None, report_ref="")


def _report_owed(town: Stage, case: Case, of: Notice) -> None:
    _clock(town, case, Stop.CYBERTIP_FINISHED, town.now + DAY)


def _in_danger(town: Stage, case: Case, of: Notice) -> None:
    danger.find(
        town.platform_id, case_id=case.id, call_id=None, why="he said so", by=uuid4(), now=town.now
    )


def _called(town: Stage, case: Case, of: Notice) -> None:
    _call(town, of)


def _called_and_not_told(town: Stage, case: Case, of: Notice) -> None:
    call = _call(town, of, ended_at=town.now)
    danger.find(
        town.platform_id, case_id=None, call_id=call.id, why="she said so", by=uuid4(),
        now=town.now,
    )  # fmt: skip


def _not_gone_through(town: Stage, case: Case, of: Notice) -> None:
    Notice.objects.filter(id=of.id).update(protected_at=None)


def _call(town: Stage, of: Notice, **more: Any) -> Call:
    return Call.objects.create(
        platform_id=town.platform_id, kind=Call.Kind.DANGER, cause=f"{uuid4()}", notice_id=of.id,
        opened_at=town.now, due_at=town.now, next_at=town.now, **more,
    )  # fmt: skip


def _clock(town: Stage, case: Case, stops: Stop, due_at: datetime) -> None:
    one = Clock(
        id="test", citation=f"Law of {stops}", cause=f"decision:{uuid4()}", due_at=due_at,
        stops=stops, kind=Kind.FLOOR,
    )  # fmt: skip
    deadlines.set_clocks(case, [one], now=town.now)


HOLDS: dict[str, Callable[[Stage, Case, Notice], None]] = {
    "its case is open": _reopened,
    "its case waits for a second person": _proposed,
    "a case that it once was joined to is open": _once_joined,
    "its notifier asks again": _appealed,
    "the uploader asks again": _appealed_by_the_uploader,
    "a dispute is open": _disputed,
    "a legal hold": _held,
    "an order is not answered": _ordered,
    "evidence is sealed": _sealed,
    "a tip is on its way": _tip_under_way,
    "a report is owed": _report_owed,
    "a danger was found": _in_danger,
    "a call of danger is open": _called,
    "a danger was found by a call": _called_and_not_told,
    "it was not gone through": _not_gone_through,
}


def test_nothing_that_reads_notices_stumbles_over_it(town: Stage, client: Client) -> None:
    heard, case = everything(town)
    town.later(OVER)
    forget_words(now=town.now)
    before = facts_now()
    protect(notice_id=heard.notice_id, now=town.now)
    town.work()
    assert facts_now() == before and town.seen("p1") == ["removed"]
    told = thawed(Tip.objects.get().document)
    day = f"{town.now:%d %B %Y}"
    assert f"Its words were forgotten on {day}." in context.text(case, told)
    assert sections(told) and as_text(told, authority("ncmec"))
    again = gathering.document(case, gathering.Chosen(), Operator(name="Town"))
    assert SAID not in repr(again) and day in again.words
    for path in ("/measures", "/policy"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("why", HOLDS)
def test_while_anything_holds_them_no_word_goes(town: Stage, why: str) -> None:
    heard = adult(town)
    case = decided(town, heard)
    HOLDS[why](town, case, notice(heard))
    town.later(OVER * 5)
    assert forget_words(now=town.now) == 0
    assert SAID in notice(heard).words


def test_nothing_in_these_tests_holds_them_unasked(town: Stage) -> None:
    decided(town, adult(town))
    town.later(OVER * 5)
    assert forget_words(now=town.now) == 1


@pytest.mark.parametrize("stops", [Stop.TIME_PASSED, Stop.UPDATE_SENT])
def test_a_time_that_a_law_sets_runs_out_first(town: Stage, stops: Stop) -> None:
    heard = adult(town)
    case = decided(town, heard)
    _clock(town, case, stops, town.now + timedelta(days=1_500))  # a year from a CyberTip, say
    assert forget_words(now=town.now + timedelta(days=1_500 + 729)) == 0
    assert forget_words(now=town.now + timedelta(days=1_500 + 731)) == 1


def test_what_has_ended_counts_from_its_end(town: Stage) -> None:
    heard = adult(town)
    case = decided(town, heard)
    _held(town, case, notice(heard))
    town.later(OVER)
    assert forget_words(now=town.now) == 0
    holding.lift_hold(Hold.objects.get().id, by=uuid4(), now=town.now)
    assert forget_words(now=town.now + timedelta(days=729)) == 0
    assert forget_words(now=town.now + timedelta(days=731)) == 1


# ------------------------------------------------------------------ what comes in between and after


def test_killed_in_the_middle_it_goes_on_with_the_others(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(town, "one", "two", "three")
    town.later(OVER)
    with monkeypatch.context() as patch:
        patch.setattr(flow, "reached", die)
        with pytest.raises(Killed):
            forget_words(now=town.now)
    assert Notice.objects.filter(words="").count() == entries("words.forgotten") == 1
    assert forget_words(now=town.now) == 2
    assert places_of(SAID) == set() and entries("words.forgotten") == 3


def test_one_that_fails_keeps_no_other_waiting(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = closed(town, "one", "two", "three")
    town.later(OVER)
    forget = flow.filings.forget_words

    def fails(notice_id: Any, case_ids: Any) -> None:
        if notice_id == heard[1].notice_id:
            raise RuntimeError("no")
        forget(notice_id, case_ids)

    with monkeypatch.context() as patch:
        patch.setattr(flow.filings, "forget_words", fails)
        assert forget_words(now=town.now) == 2
    assert notice(heard[1]).words == f"two {SAID}"  # whole, as it was: nothing was half forgotten
    assert behind(now=town.now + flow.LATE_AFTER) == 1
    assert forget_words(now=town.now) == 1
    assert behind(now=town.now + flow.LATE_AFTER) == 0


def test_what_is_said_afterwards_has_a_time_of_its_own(town: Stage) -> None:
    heard = adult(town)
    case = decided(town, heard)
    town.later(OVER)
    forget_words(now=town.now)
    answer_back(notice_id=heard.notice_id, text=f"It is me again, {SAID}", now=town.now)
    town.later(OVER)
    assert forget_words(now=town.now) == 0  # the case is open again
    town.remove(case, town.staff("Sam"), clause="intimate-without-consent")
    assert forget_words(now=town.now + OVER) == 1
    assert places_of(SAID) == set()


def test_a_new_place_after_it_protects_as_ever(town: Stage) -> None:
    heard = adult(town)
    decided(town, heard)
    town.later(OVER)
    forget_words(now=town.now)
    town.post("p2", picture("one"))
    it_is_back(notice_id=heard.notice_id, urls=[town.url("p2")], text="", now=town.now)
    town.work()
    assert town.seen("p1", "p2") == ["removed", "removed"]


def test_a_report_of_a_peer_is_not_taken_in_again_with_its_words(town: Stage) -> None:
    heard, _ = everything(town)
    town.later(OVER)
    forget_words(now=town.now)
    known = peer_reports.of(town.platform, "77")
    assert known is not None and known.notice_id == heard.notice_id
    said = Reported(
        ref="77", open=True, category=Category.OTHER, age_then=AgeThen.UNSURE, words=SAID,
        said={}, posts=(), account_ref="uri", profile_url="", reporter_ref="",
    )  # fmt: skip
    assert not peer_reports.says_new_words(known, said)
    PeerReport.objects.update(words="others by now")
    known.refresh_from_db()
    assert peer_reports.says_new_words(known, said)


@pytest.mark.django_db(transaction=True)
def test_somebody_who_is_just_writing_is_waited_for_until_the_next_round(
    town: Stage, app_database_url: str
) -> None:
    heard = adult(town)
    decided(town, heard)
    town.later(OVER)
    with psycopg.connect(app_database_url) as other:
        other.execute("SELECT 1 FROM cases_notice FOR KEY SHARE")  # as an insert beneath it does
        assert forget_words(now=town.now) == 0
    with psycopg.connect(app_database_url) as other:
        other.execute("SELECT 1 FROM cases_case FOR NO KEY UPDATE")  # as who holds a case does
        assert forget_words(now=town.now) == 0
    assert SAID in notice(heard).words
    assert forget_words(now=town.now) == 1


SWEEP = """
import sys, datetime, django
django.setup()
from heed.flows.forget_words import forget_words
print(forget_words(now=datetime.datetime.fromisoformat(sys.argv[1])))
"""


def as_a_process(url: str, now: datetime, failpoints: Path) -> subprocess.CompletedProcess[str]:
    """One round in a process of its own, with the rights of the application."""
    more = {"HEED_DATABASE_URL": url, "HEED_FAILPOINT": str(failpoints),
            "DJANGO_SETTINGS_MODULE": "heed.settings",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", SWEEP, now.isoformat()], cwd=ROOT, env={**os.environ, **more},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_has_half_forgotten_nothing(
    town: Stage, app_database_url: str, tmp_path: Path
) -> None:
    """By the rights of the application, which are enough, and are no more for that."""
    everything(town)
    closed(town, "one", "two")
    town.later(OVER)
    (tmp_path / "words-forgotten").touch()
    died = as_a_process(app_database_url, town.now, tmp_path)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert Notice.objects.exclude(words_forgotten_at=None).count() == entries("words.forgotten")
    assert entries("words.forgotten") == 1
    went_on = as_a_process(app_database_url, town.now, tmp_path)
    assert went_on.stdout == "2\n", went_on.stderr
    assert places_of(SAID) == set() and entries("words.forgotten") == 3
    assert as_a_process(app_database_url, town.now, tmp_path).stdout == "0\n"


def test_the_worker_does_it_once_a_day_and_not_for_a_backup_that_is_only_tried_out() -> None:
    (sweep,) = [one for one in SWEEPS if one.run is forget_words]
    assert (sweep.every_seconds, sweep.quiet) == (DAY.total_seconds(), False)


def test_case_files_are_gone_with_the_words(town: Stage) -> None:
    everything(town)
    assert CaseFile.objects.count() == 1
    town.later(OVER)
    forget_words(now=town.now)
    assert CaseFile.objects.count() == 0
