"""prepare_tip, file_cybertip, hand_over_tip, refresh_schema, manage_operator: what an authority is
told of a finding, and that it is told once, whatever goes wrong on the way.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from lxml import etree

from heed.cases.models import Case, Copy, Deadline
from heed.filings import tip_queries
from heed.filings.gathering import MOST_NEAR, Chosen
from heed.filings.models import Tip
from heed.filings.tips import AlreadyUnderWay, TipChanged
from heed.flows import file_cybertip, hand_over_tip, prepare_tip, refresh_schema, wiring
from heed.flows.find_copies import find_copies
from heed.flows.manage_operator import set_operator
from heed.flows.prepare_tip import MayNotApprove, NoFinding
from heed.flows.shared import tipline
from heed.flows.shared.tipline import NotReady
from heed.flows.supplement_notice import supplement_notice
from heed.integrations.ncmec.client import Client
from heed.integrations.ncmec.stand_in import PASSWORD, USER, StandIn, running
from heed.ledger.models import EntryBody
from heed.media.models import Account, File, Item
from heed.media.uploaders import UploaderIn
from heed.people import services as people
from heed.people.models import Role, Staff
from heed.ports import TiplineLocked
from tests.flows.conftest import close_ports, listening
from tests.flows.stage import HOUR, SECOND, Stage, entries, picture
from tests.flows.stand_in_platform import StandInPlatform, open_platform
from tests.integrations.test_ncmec_documents import OPERATOR, the_schema
from tests.people import dana, gil

ONE = picture("one")
CAME = UploaderIn(ip="192.0.2.10", port=51234, screen_name="uri99")


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with running(the_schema()) as stand_in:
        yield stand_in


@pytest.fixture
def ncmec(server: StandIn, settings: Any) -> Iterator[StandIn]:
    """The stand-in, emptied, as production of this operator; its clock is the test's."""
    tipline = server.tipline
    tipline.reports.clear(), tipline.faults.clear(), tipline.calls.clear()
    tipline.ahead = timedelta()
    settings.HEED_NCMEC = {
        "environment": "production", "url": server.url, "user": USER, "password": PASSWORD,
    }  # fmt: skip
    wiring.tipline.cache_clear()
    yield server
    made = wiring.tipline("square")
    assert isinstance(made, Client)
    made.close()
    wiring.tipline.cache_clear()


class Desk:
    """Rae and Sam, both seniors, and a case with a finding."""

    def __init__(self, town: Stage, platform: StandInPlatform) -> None:
        self.town, self.platform = town, platform
        roles = (Role.REVIEWER, Role.CHILD_SAFETY, Role.SENIOR)
        self.rae, self.sam = town.staff("Rae", *roles), town.staff("Sam", *roles)
        set_operator(platform_id=town.platform_id, operator=OPERATOR, by=None, now=town.now)
        at = town.now - HOUR
        post = {"account_ref": "uri", "uploader": replace(CAME, at=at), "published_at": at}
        town.post("post", ONE, **post)
        town.post("again", ONE, account_ref="olga", published_at=town.now)
        town.reshare("reshare", "post", ONE)
        said = {"stated_age": 13, "words": "They want money.", "time_given": "tonight"}
        town.hear(dana(town.url("post"), **said))
        self.gil = town.hear(
            gil(town.url("post"), police_agency="City police", police_reference="2026-0117",
                other_app="ghost99 on another app", stated_age=13, email="gil@example.org")
        )  # fmt: skip
        self.case = town.case(ONE)
        town.remove(self.case, self.rae)
        self.began = town.now

    def anew(self) -> "Desk":
        """As it was when it was made: rows read again, time and platform set back."""
        self.town.now = self.began
        self.rae, self.sam = (Staff.objects.get(id=one.id) for one in (self.rae, self.sam))
        self.case = self.town.case(ONE)
        self.platform.bytes = {"post.0": b"one", "again.0": b"one"}
        return self

    def account(self, ref: str) -> str:
        return str(Account.objects.get(platform_id=self.town.platform_id, ref=ref).id)

    def prepare(self, by: Staff | None = None, **chosen: Any) -> Tip:
        who, now = (by or self.rae).id, self.town.now
        return prepare_tip.prepare(case_id=self.case.id, chosen=Chosen(**chosen), by=who, now=now)

    def approved(self, **chosen: Any) -> Tip:
        tip = self.prepare(**chosen)
        prepare_tip.send_on(tip_id=tip.id, by=self.rae.id, now=self.town.now)
        return prepare_tip.approve(tip_id=tip.id, by=self.sam.id, now=self.town.now)

    def work(self, tip: Tip, tries: int = 40) -> Tip:
        """The worker, for as long as there is something to do; between tries time goes by."""
        for _ in range(tries):
            while file_cybertip.file_cybertip(tip_id=tip.id, now=self.town.now):
                pass
            tip.refresh_from_db()
            if tip.state not in ("ready", "open", "finishing"):
                break
            self.town.now = max(tip.due_at or self.town.now, tip.leased_until or self.town.now)
        return tip

    def deadline(self, clock: str) -> Deadline:
        return Deadline.objects.filter(case=self.case, clock=clock).latest("set_at")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """Made once: what a test does to it lies in a savepoint, and is gone after the test."""
    with django_db_blocker.unblock(), open_platform() as platform, transaction.atomic():
        yield Desk(listening(platform), platform)
        transaction.set_rollback(True)
    close_ports()


@pytest.fixture
def desk(world: Desk, db: None, ncmec: StandIn) -> Desk:
    return world.anew()


def who_did(event: str) -> list[UUID]:
    """Whom the log names, entry by entry."""
    bodies = EntryBody.objects.filter(event=event).order_by("at").values_list("body", flat=True)
    return [UUID(json.loads(one)["by"]) for one in bodies]


def sha256_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def finished(ncmec: StandIn) -> list[etree._Element]:
    """What NCMEC has for good, each with its files whole and described."""
    done = [one for one in ncmec.tipline.reports.values() if one.finished_at]
    for report in done:
        sent = [file.sha256 for file in report.files.values()]
        assert sent[:1] == [ONE.sha256.hex()] and len(sent) == 2  # type: ignore[union-attr]
        assert all(file.details for file in report.files.values())
    return [etree.fromstring(report.xml.encode()) for report in done]


# ------------------------------------------------------------------ the story


def test_a_finding_is_told_with_all_that_the_case_knows(desk: Desk, ncmec: StandIn) -> None:
    tip = desk.work(desk.approved(
        suspect=desk.account("uri"), guardian=str(desk.gil.notice_id), school="Example School",
        urgent="It still spreads.", annotations=["sextortion"], words="We think it is one group.",
    ))  # fmt: skip
    assert (tip.state, tip.trouble, tip.practice) == ("finished", "", False)
    [report] = finished(ncmec)
    said = {name: report.findtext(name) for name in (
        "lawEnforcement/agencyName", "lawEnforcement/caseNumber", "victim/victimPerson/age",
        "victim/schoolName", "personOrUserReported/espIdentifier",
        "personOrUserReported/ipCaptureEvent/ipAddress", "personOrUserReported/ipCaptureEvent/port",
        "victim/associatedAccount/email", "incidentSummary/escalateToHighPriority",
    )}  # fmt: skip
    assert list(said.values()) == [
        "City police", "2026-0117", "13", "Example School", "uri", "192.0.2.10", "51234",
        "gil@example.org", "It still spreads.",
    ]  # fmt: skip
    assert report.find("incidentSummary/reportAnnotations/sextortion") is not None
    words = report.findtext("additionalInfo") or ""
    for part in ("one group", "They want money.", "ghost99", "tonight", "2026-0117"):
        assert part in words
    assert len(report.findall("internetDetails/webPageIncident/url")) == 3
    assert "3 places" in (report.findtext("internetDetails/webPageIncident/additionalInfo") or "")
    kept = next(iter(ncmec.tipline.reports.values()))
    details = etree.fromstring(next(iter(kept.files.values())).details.encode())
    assert details.findtext("fileViewedByEsp") == "true"  # Rae opened it in full
    assert details.findtext("exifViewedByEsp") == "false"
    assert details.findtext("ipCaptureEvent/port") == "51234"
    assert b"reportDoneResponse" in bytes(tip.answer or b"")
    assert len(tip.request_refs) == 6 and all(tip.request_refs)


def test_what_no_form_has_room_for_goes_with_it_as_a_text(desk: Desk, ncmec: StandIn) -> None:
    """Every word, place, hash and earlier report; and nobody whom no person named."""
    near = [picture(f"near {n}", like=ONE, bits=n + 1) for n in range(MOST_NEAR + 2)]
    for n, one in enumerate(near):
        desk.town.post(f"near{n}", one, account_ref="olga")
    desk.town.work()
    find_copies(case_id=desk.case.id, now=desk.town.now)
    Copy.objects.filter(how="near").update(same=True)
    other = desk.town.post("unsure", picture("unsure", like=ONE, bits=20))
    find_copies(case_id=desk.case.id, now=desk.town.now)
    desk.work(desk.approved(suspect=desk.account("uri"), without_files=True))
    said = {"words": "He wrote again.", "signature": "G. Gil", "email": "new@example.org"}
    supplement_notice(notice_id=desk.gil.notice_id, said=said, now=desk.town.now)
    tip = desk.work(desk.approved(suspect=desk.account("uri"), without_files=True))
    [_, report] = [one for one in ncmec.tipline.reports.values() if one.finished_at]
    [sent] = report.files.values()
    assert sent.name == "case-context.txt" and sent.sha256 == sha256_of(tip.context)
    details = etree.fromstring(sent.details.encode())
    assert details.findtext("fileRelevance") == "Supplemental Reported"
    assert details.find("fileViewedByEsp") is None and details.find("exifViewedByEsp") is None
    told = tip.context
    for words in ("They want money.", "He wrote again.", "ghost99", "2026-0117", desk.case.number):
        assert words in told
    for url in ("post", "again", "reshare", *(f"near{n}" for n in range(len(near)))):
        assert desk.town.url(url) in told
    assert all(one.sha256.hex() in told for one in (ONE, *near))  # type: ignore[union-attr]
    assert "2 more files" in (tip.document["words"]) and near[-1].sha256.hex() not in report.xml  # type: ignore[union-attr]
    assert f"{other.url} | near, 20 of 256 bits away, no person has said yet" in told
    assert "account uri" in told
    for nobody in ("olga", "G. Gil", "example.org", "192.0.2.10"):
        assert nobody not in told
    assert Tip.objects.exclude(id=tip.id).get().report_ref in told


def test_one_question_waits_for_the_answer_to_the_one_before(
    desk: Desk, ncmec: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is described when it came, the next is sent when that is done, finish is last."""
    asked: list[str] = []
    begun = desk.approved()
    for name in ("open", "upload", "inform", "finish"):
        ask = getattr(Client, name)

        def noted(*args: Any, ask: Any = ask, name: str = name) -> Any:
            asked.append(f"{name}?")
            answer = ask(*args)
            asked.append(name)
            return answer

        monkeypatch.setattr(Client, name, noted)
    desk.work(begun)
    calls = ["open", "upload", "inform", "upload", "inform", "finish"]
    assert asked == [one for call in calls for one in (f"{call}?", call)]


def test_finishing_meets_the_clock_and_starts_the_year(desk: Desk, ncmec: StandIn) -> None:
    owed = desk.deadline("us.2258a.report")
    assert owed.met_at is None and owed.due_at == desk.town.now + 24 * HOUR
    desk.work(desk.approved())
    assert desk.deadline("us.2258a.report").met_at == desk.town.now
    assert desk.deadline("us.ispws.open_report").met_at == desk.town.now
    year = desk.deadline("us.2258a.preserve")
    assert year.due_at.year == desk.town.now.year + 1 and year.met_at is None
    for event in ("prepared", "approved", "opened", "finished"):
        assert entries(f"cybertip.{event}") == 1


# ------------------------------------------------------------------ faults

TROUBLES = [
    (call, fault)
    for call in ("submit", "upload", "fileinfo", "finish")
    for fault in ("silent", "error", "busy", "locked", "vanish")
] + [("upload", "half")]


def test_whatever_goes_wrong_it_is_filed_once_and_whole(desk: Desk, ncmec: StandIn) -> None:
    """One tip after the other, each met by another trouble."""
    for filed, (call, fault) in enumerate(TROUBLES, 1):
        ncmec.tipline.faults[call] = [fault]
        tip = desk.work(desk.approved(words=f"{call} {fault}"))
        assert (tip.state, call, fault) == ("finished", call, fault)
        assert len(finished(ncmec)) == filed, (call, fault)
        assert ncmec.tipline.faults[call] == []
    assert desk.deadline("us.2258a.report").met_at is not None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_neither_loses_nor_doubles_it(
    desk: Desk, ncmec: StandIn, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Killed just before each question is sent, or just after it was answered."""
    for filed, step in enumerate(("open", "upload", "inform", "finish"), 1):
        tip = desk.approved(words=step)
        with monkeypatch.context() as once, pytest.raises(KeyboardInterrupt):
            _crashes(once, step, when)
            desk.work(tip)
        tip = desk.work(tip)
        assert (tip.state, step) == ("finished", step)
        assert len(finished(ncmec)) == filed, step
        assert entries("cybertip.finished") == filed


def _crashes(once: pytest.MonkeyPatch, step: str, when: str) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def reached(name: str) -> None:
        if name != f"tip-{step}":
            return
        if when == "before":
            raise KeyboardInterrupt
        target = file_cybertip.tip_ends if step == "finish" else file_cybertip
        once.setattr(target, "finished" if step == "finish" else "_answered", crash)

    once.setattr(file_cybertip, "reached", reached)


def test_a_report_that_was_deleted_in_silence_is_opened_again(desk: Desk, ncmec: StandIn) -> None:
    """Down for a day after opening: NCMEC has forgotten it, and says so to nobody."""
    tip = desk.approved()
    file_cybertip.file_cybertip(tip_id=tip.id, now=desk.town.now)
    desk.town.later(23 * HOUR)
    file_cybertip.file_due(now=desk.town.now)
    assert entries("cybertip.endangered") == 1
    file_cybertip.file_due(now=desk.town.now)
    assert entries("cybertip.endangered") == 1
    desk.town.later(2 * HOUR)
    ncmec.tipline.ahead = 25 * HOUR
    tip = desk.work(tip)
    assert (tip.state, tip.openings) == ("finished", 2)
    assert len(ncmec.tipline.reports) == 2 and len(finished(ncmec)) == 1


def test_what_may_have_been_filed_is_never_filed_again_by_a_machine(
    desk: Desk, ncmec: StandIn
) -> None:
    """Asked to finish, no answer; then NCMEC does not know it: a person has to ask there."""
    ncmec.tipline.faults["finish"] = ["error", "vanish"]
    tip = desk.work(desk.approved())
    assert tip.state == "stalled" and "may have been filed" in tip.trouble
    assert len(ncmec.tipline.reports) == 1
    with pytest.raises(TipChanged, match="may be filed"):
        prepare_tip.withdraw(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    assert desk.deadline("us.2258a.report").met_at is None


def test_other_files_in_the_answer_are_said_aloud(desk: Desk, ncmec: StandIn) -> None:
    ncmec.tipline.faults["finish"] = ["other-files"]
    tip = desk.work(desk.approved())
    assert tip.state == "finished" and "other files" in tip.trouble


def test_a_refused_tip_waits_for_a_person_who_changes_it(
    desk: Desk, ncmec: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("heed.integrations.ncmec.schema.faults", lambda *_: ["the platform is odd"])
        with pytest.raises(NotReady, match="odd"):
            desk.approved()
    tip = Tip.objects.get()
    prepare_tip.send_on(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    prepare_tip.approve(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    with monkeypatch.context() as at_ncmec:  # newer rules there than the copy we have
        at_ncmec.setattr("heed.integrations.ncmec.stand_in.Tipline._faults", lambda *_: ["too new"])
        tip = desk.work(tip)
    assert tip.state == "stalled" and "too new" in tip.trouble
    assert entries("cybertip.stalled") == 1
    prepare_tip.take_back(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    assert who_did("cybertip.taken_back") == [desk.rae.id]
    changed = prepare_tip.prepare(
        case_id=desk.case.id, chosen=Chosen(words="Shorter."), by=desk.rae.id, tip_id=tip.id,
        now=desk.town.now,
    )  # fmt: skip
    prepare_tip.send_on(tip_id=changed.id, by=desk.rae.id, now=desk.town.now)
    prepare_tip.approve(tip_id=changed.id, by=desk.sam.id, now=desk.town.now)
    assert desk.work(changed).state == "finished"


def test_what_is_withdrawn_is_retracted_where_it_is_open(desk: Desk, ncmec: StandIn) -> None:
    tip = desk.approved()
    file_cybertip.file_cybertip(tip_id=tip.id, now=desk.town.now)
    assert (
        prepare_tip.withdraw(tip_id=tip.id, by=desk.sam.id, now=desk.town.now).state == "withdrawn"
    )
    assert [one.ended for one in ncmec.tipline.reports.values()] == ["retracted"]
    assert who_did("cybertip.withdrawn") == [desk.sam.id]
    assert desk.prepare().state == "draft"  # and may be told after all


def test_a_reversed_finding_stops_it(desk: Desk, ncmec: StandIn) -> None:
    tip = desk.approved()
    Case.objects.get(id=desk.case.id).decisions.update(state="reversed")
    assert desk.work(tip).state == "stalled"
    with pytest.raises(NoFinding):
        desk.prepare(suspect=desk.account("olga"))
    assert not ncmec.tipline.reports


def test_bytes_that_nobody_keeps_are_told_as_hashes_if_a_person_says_so(
    desk: Desk, ncmec: StandIn
) -> None:
    desk.platform.bytes.clear()
    tip = desk.work(desk.approved())
    assert tip.state == "stalled" and "without the bytes" in tip.trouble
    prepare_tip.withdraw(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    assert desk.work(desk.approved(without_files=True)).state == "finished"
    [report] = [one for one in ncmec.tipline.reports.values() if one.finished_at]
    assert [file.name for file in report.files.values()] == ["case-context.txt"]
    assert ONE.sha256.hex() in report.xml  # type: ignore[union-attr]


# ------------------------------------------------------------------ who is named, who approves


def test_nobody_is_named_whom_no_person_named(desk: Desk) -> None:
    document, _ = prepare_tip.preview(case_id=desk.case.id, chosen=Chosen(), now=desk.town.now)
    assert document.suspects == ()
    [child] = document.victims
    assert (child.account_ref, child.guardian, child.age) == ("", None, 13)


def test_an_uploader_who_may_be_the_child_stands_with_the_child(desk: Desk) -> None:
    chosen = Chosen(child=desk.account("uri"), taken_over=True)
    document, wrong = prepare_tip.preview(case_id=desk.case.id, chosen=chosen, now=desk.town.now)
    assert document.suspects == () and wrong is None
    assert (document.victims[0].account_ref, document.victims[0].taken_over) == ("uri", True)
    both = replace(chosen, suspect=desk.account("uri"))
    _, wrong = prepare_tip.preview(case_id=desk.case.id, chosen=both, now=desk.town.now)
    assert wrong is not None and "both" not in str(wrong) and "same account" in str(wrong)


def test_the_account_elsewhere_is_named_as_one_elsewhere(desk: Desk) -> None:
    chosen = Chosen(suspect="elsewhere")
    document, _ = prepare_tip.preview(case_id=desk.case.id, chosen=chosen, now=desk.town.now)
    assert document.suspects[0].elsewhere and "ghost99" in document.suspects[0].screen_name


def test_another_senior_approves_and_one_alone_may(desk: Desk) -> None:
    tip = desk.prepare()
    prepare_tip.send_on(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    ola = desk.town.staff("Ola", Role.LIAISON)
    for nobody in (ola, desk.rae):
        with pytest.raises(MayNotApprove):
            prepare_tip.approve(tip_id=tip.id, by=nobody.id, now=desk.town.now)
    desk.sam.is_active = False
    desk.sam.save()
    assert prepare_tip.approve(tip_id=tip.id, by=desk.rae.id, now=desk.town.now).state == "ready"


def test_what_was_not_read_is_not_approved(desk: Desk) -> None:
    """Somebody adds a fact while it waits: it goes in, and has to be read."""
    tip = desk.prepare()
    prepare_tip.send_on(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    supplement_notice(
        notice_id=desk.gil.notice_id, said={"police_reference": "2026-9999"}, now=desk.town.now
    )
    with pytest.raises(MayNotApprove, match="Read it again"):
        prepare_tip.approve(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    done = prepare_tip.approve(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    assert done.document["agency_ref"] == "2026-9999"


def test_where_no_approval_is_asked_for_it_goes_at_once(desk: Desk, settings: Any) -> None:
    settings.HEED_TIP_APPROVAL = "none"
    tip = desk.prepare()
    assert prepare_tip.send_on(tip_id=tip.id, by=desk.rae.id, now=desk.town.now).state == "ready"


def test_production_takes_nothing_until_the_operator_is_complete(desk: Desk) -> None:
    half = replace(OPERATOR, fax="", phone="")
    set_operator(platform_id=desk.town.platform_id, operator=half, by=None, now=desk.town.now)
    with pytest.raises(NotReady, match="fax number") as refused:
        desk.approved()
    assert {fault.field for fault in refused.value.faults} >= {"operator: a telephone number"}


def test_one_account_has_one_tip_under_way_and_later_facts_name_the_earlier(
    desk: Desk, ncmec: StandIn
) -> None:
    uri = desk.account("uri")
    first = desk.approved(suspect=uri)
    with pytest.raises(AlreadyUnderWay):
        desk.prepare(suspect=uri)
    first = desk.work(first)
    later = desk.work(desk.approved(suspect=uri, words="He has written again."))
    assert later.adds_to == first.id
    report = finished(ncmec)[1]
    assert report.findtext("personOrUserReported/priorCTReports") == first.report_ref
    assert first.report_ref in (report.findtext("additionalInfo") or "")


def test_the_clock_waits_for_the_last_of_several_tips(desk: Desk, ncmec: StandIn) -> None:
    other = desk.approved(suspect=desk.account("olga"))
    desk.work(desk.approved(suspect=desk.account("uri")))
    assert desk.deadline("us.2258a.report").met_at is None
    desk.work(other)
    assert desk.deadline("us.2258a.report").met_at is not None


def test_each_platform_files_with_its_own_credentials_and_the_others_with_the_servers(
    desk: Desk, ncmec: StandIn, settings: Any
) -> None:
    server = settings.HEED_NCMEC
    settings.HEED_NCMEC = {"environment": "", "url": "", "user": "", "password": ""}
    town = Stage()
    assert tipline.environment("ncmec", desk.town.platform_id) == "hand"
    settings.HEED_NCMEC_PLATFORMS = {"square": server}
    assert tipline.environment("ncmec", desk.town.platform_id) == "production"
    assert tipline.environment("ncmec", town.platform_id) == "hand"
    assert tipline.environments() == {"production": "square"}
    assert desk.work(desk.approved()).state == "finished"
    settings.HEED_NCMEC_PLATFORMS = {"square": {**server, "password": "wrong"}}
    wiring.tipline.cache_clear()
    assert "TiplineLocked" in desk.work(desk.approved(words="Again."), tries=1).trouble


def test_practice_meets_nothing(desk: Desk, ncmec: StandIn, settings: Any) -> None:
    settings.HEED_NCMEC = settings.HEED_NCMEC | {"environment": "test"}
    tip = desk.work(desk.approved())
    assert (tip.state, tip.practice) == ("finished", True)
    assert desk.deadline("us.2258a.report").met_at is None
    owed = [case.id for case in tip_queries.owed([desk.town.platform_id])]
    assert owed == [desk.case.id]


# ------------------------------------------------------------------ what was viewed


def test_viewed_is_what_our_own_people_saw_in_full_in_this_case(desk: Desk) -> None:
    def told() -> tuple[bool, bool]:
        document, _ = prepare_tip.preview(case_id=desk.case.id, chosen=Chosen(), now=desk.town.now)
        return document.files[0].viewed, document.files[0].exif_viewed

    from heed.people.models import Viewing

    def looked(by: Staff, variant: str, case: Any = None) -> None:
        people.note_viewing(
            staff_id=by.id, file_id=desk.case.file_id, case_id=case or desk.case.id,  # type: ignore[arg-type]
            variant=variant, whole=variant == "full", now=desk.town.now,
        )  # fmt: skip

    Viewing.objects.all().delete()
    outside = desk.town.staff("Zed", Role.REVIEWER)
    outside.is_outside = True
    outside.save()
    looked(desk.rae, "blurred")
    looked(desk.rae, "exif")
    looked(outside, "full")
    looked(desk.sam, "full", case=desk.gil.notice_id)  # the same bytes, in another case
    assert told() == (False, False)
    document, _ = prepare_tip.preview(case_id=desk.case.id, chosen=Chosen(), now=desk.town.now)
    assert any("identical SHA-256 was viewed" in note for note in document.files[0].notes)
    looked(desk.sam, "full")
    assert told() == (True, True)
    Item.objects.filter(ref="post").update(seen_before=True)
    File.objects.filter(id=desk.case.file_id).update(kind="video")
    Viewing.objects.update(whole=False)
    assert told() == (False, False)  # of a video, a still is not the whole
    Viewing.objects.filter(staff=desk.sam, case_id=desk.case.id).update(whole=True)
    assert told()[0]  # and to its end it is


# ------------------------------------------------------------------ by hand


def test_without_credentials_a_package_is_ready_to_be_filed_by_hand(
    desk: Desk, settings: Any
) -> None:
    settings.HEED_NCMEC = {"environment": "", "url": "", "user": "", "password": ""}
    tip = desk.work(desk.approved(), tries=1)
    assert (tip.state, tip.environment) == ("ready", "hand")
    held = hand_over_tip.package(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        assert sorted(archive.namelist()) == [
            "case-context.txt", "manifest.json", "report.json", "report.txt", "report.xml",
        ]  # fmt: skip
        assert "2026-0117" in archive.read("report.txt").decode()
        assert b"one" not in [archive.read(name) for name in archive.namelist()]
        assert set(json.loads(archive.read("manifest.json"))["sha256"]) == {
            "case-context.txt", "report.json", "report.txt", "report.xml",
        }  # fmt: skip
    with pytest.raises(hand_over_tip.NotFiledYet):
        hand_over_tip.filed_by_hand(
            tip_id=tip.id, report_ref="9", filed_at=desk.town.now + HOUR, by=desk.rae.id,
            now=desk.town.now,
        )  # fmt: skip
    desk.town.later(HOUR)
    done = hand_over_tip.filed_by_hand(
        tip_id=tip.id, report_ref=" 99887 ", filed_at=desk.town.now - SECOND, by=desk.rae.id,
        now=desk.town.now,
    )  # fmt: skip
    assert (done.state, done.report_ref) == ("finished", "99887")
    assert desk.deadline("us.2258a.report").met_at is not None


def test_another_authority_is_told_by_package_with_the_same_states(desk: Desk) -> None:
    tip = prepare_tip.prepare(
        case_id=desk.case.id, chosen=Chosen(), by=desk.rae.id, to="nca", now=desk.town.now
    )
    prepare_tip.send_on(tip_id=tip.id, by=desk.rae.id, now=desk.town.now)
    prepare_tip.approve(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    held = hand_over_tip.package(tip_id=tip.id, by=desk.sam.id, now=desk.town.now)
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        assert "National Crime Agency" in archive.read("report.txt").decode()
        assert "report.xml" not in archive.namelist()
    assert desk.deadline("us.2258a.report").met_at is None


# ------------------------------------------------------------------ schema and credentials


def test_the_operators_own_copy_of_the_schema_is_kept_and_its_changes_shown(
    desk: Desk, ncmec: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n<!-- 1 -->\n</xs:schema>'
    monkeypatch.setattr(ncmec.tipline, "schema", first)
    assert refresh_schema.refresh_daily(now=desk.town.now) is True
    assert refresh_schema.refresh_daily(now=desk.town.now + HOUR) is False
    assert refresh_schema.difference(tipline.environments()) == ""
    monkeypatch.setattr(ncmec.tipline, "schema", first.replace(b"1 ", b"2 "))
    assert refresh_schema.refresh_daily(now=desk.town.now + 25 * HOUR) is True
    assert "-<!-- 1 -->" in refresh_schema.difference(tipline.environments())
    monkeypatch.setattr(ncmec.tipline, "schema", b"<html/>")
    with pytest.raises(refresh_schema.NoSchema, match="no schema"):
        refresh_schema.refresh_schema(now=desk.town.now)


def test_wrong_credentials_are_the_operators_to_mend(ncmec: StandIn) -> None:
    client = Client(ncmec.url, USER, "wrong")
    with pytest.raises(TiplineLocked):
        client.status()
    client.close()
    assert wiring.tipline("square").status().startswith("Remote User")
