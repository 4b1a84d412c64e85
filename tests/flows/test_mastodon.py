"""hear_peer, connect_platform: a Mastodon server's reports are notices, and it is told the end."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from examples import pictures
from heed.cases.models import Case, Deadline, Notice, PeerReport
from heed.flows import wiring
from heed.flows.connect_platform import connect_platform, examine_platform
from heed.flows.deliver_states import deliver_letters, deliver_states
from heed.flows.fetch_files import fetch_files
from heed.flows.hear_peer import ask_peers, take_report
from heed.flows.measure_account import measure_account, sign
from heed.flows.preserve import preserve
from heed.flows.shared import evidence
from heed.integrations.vault.sealing import AgeSeals
from heed.ledger.models import EntryBody
from heed.media.models import Account, Item
from heed.outbox.models import Letter
from heed.people.models import Role
from heed.ports import PeerBusy, PeerRefused, Purpose
from heed.rules.accounts import AccountMeasure
from heed.rules.decisions import Ruling
from tests.flows.mastodon_stage import RULES, Social, social
from tests.flows.stage import entries

PICTURE = pictures.picture(3)
MINUTES = timedelta(minutes=5)


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Social]:
    with social(monkeypatch) as stage:
        yield stage


def told(town: Social, *, words: str = "she is fourteen", rule: bool = True, **more: Any) -> Any:
    """Gil has reported a picture of Uri's."""
    uri, gil = town.there.join("uri"), town.there.join("gil")
    status = town.there.post(uri, "look", PICTURE)
    rules = {"category": "violation", "rules": RULES[1:]} if rule else {}
    return town.there.report(gil, uri, words, status, **{**rules, **more})


def deliver(town: Social) -> None:
    while deliver_letters(platform_id=town.platform_id, now=town.now):
        pass


def test_what_was_reported_there_is_one_notice_in_the_words_of_whoever_reported_it(
    town: Social,
) -> None:
    report = told(town)
    said = town.there.report_said(report)
    assert [town.hook("report.created", said) for _ in range(2)] == [204, 204]
    assert ask_peers(now=town.now) == 1  # and the sweep sees the same one again
    notice = Notice.objects.get()
    assert (notice.words, notice.category, notice.door) == (
        "she is fourteen",
        "minor_sexual",
        "peer",
    )
    item = Item.objects.get(ref=report.statuses[0].id)
    assert item.desired == "hidden" and item.files.count() == 1
    assert notice.targets.get().item == item
    everything = json.dumps([notice.verbatim, *EntryBody.objects.values_list("body", flat=True)],
                            default=str)  # fmt: skip
    assert "mail.example" not in everything and "203.0.113" not in everything
    assert entries("peer_report.taken") == 1


def test_a_body_is_never_claimed_by_a_guess(town: Social) -> None:
    report = told(town, words="child porn!!", rule=False)
    town.hook("report.created", town.there.report_said(report))
    assert Notice.objects.get().category == "other"
    assert Item.objects.get().desired == "visible"  # a person looks first


def test_whoever_does_not_know_the_secret_tells_us_nothing(town: Social) -> None:
    said = town.there.report_said(told(town))
    assert town.hook("report.created", said, HTTP_X_HUB_SIGNATURE="sha256=" + "0" * 64) == 401
    assert town.hook("report.created", said, HTTP_X_HUB_SIGNATURE="") == 401
    assert town.hook("report.created", {"id": "1"}) == 401  # signed, and no report
    assert town.hook("account.created", {}) == 204 and not Notice.objects.exists()


def test_a_lost_webhook_loses_no_report_and_a_busy_server_is_asked_again(town: Social) -> None:
    told(town)
    town.there.faults["/api/v1/admin/reports"] = [429, "half", "silent"]
    assert [ask_peers(now=town.now) for _ in range(4)] == [0, 0, 0, 1]
    assert Notice.objects.count() == 1


def test_what_is_added_to_a_report_later_is_added_to_its_notice(town: Social) -> None:
    report = told(town)
    first = town.there.report_said(report)
    town.hook("report.created", first)
    report.statuses.append(town.there.post(report.about, "and this", PICTURE))
    report.comment = "there is another one"
    assert town.hook("report.updated", first) == 204  # an old one, come late: it is asked for anew
    town.there.faults["/api/v1/admin/reports/"] = [500]
    ask = {"platform_id": town.platform_id, "ref": report.id, "now": town.now}
    with pytest.raises(PeerBusy):
        take_report(**ask)
    assert take_report(**ask) and take_report(**ask)
    notice = Notice.objects.get()
    assert notice.targets.count() == 2
    assert notice.words == "she is fourteen\nthere is another one"
    assert notice.supplements.count() == 1
    assert not take_report(**ask | {"ref": "404"}) and not take_report(**ask | {"ref": "../x"})


def test_a_report_about_nothing_published_goes_to_a_person(town: Social) -> None:
    uri, gil = town.there.join("uri"), town.there.join("gil")
    town.hook("report.created", town.there.report_said(town.there.report(gil, uri, "he threatens")))
    notice = Notice.objects.get()
    assert notice.targets.get().state == "not_an_item" and len(notice.joins.all()) == 1


def test_posts_are_known_as_they_are_published_and_messages_between_people_are_not(
    town: Social,
) -> None:
    uri = town.there.join("uri")
    post = town.there.post(uri, "a cat", PICTURE)
    again = town.there.post(uri, "", reblog=post)
    for status in (again, town.there.post(uri, "for you alone", PICTURE, visibility="direct")):
        assert town.hook("status.created", town.there.status_said(status)) == 204
    assert set(Item.objects.values_list("ref", "kind")) == {
        (post.id, "post"), (again.id, "reshare"),
    }  # fmt: skip
    assert Item.objects.get(ref=again.id).reshare_of == Item.objects.get(ref=post.id)
    assert Item.objects.get(ref=post.id).text == "a cat"


def test_words_can_not_be_hidden_there_and_files_are_by_the_gate(town: Social) -> None:
    report = told(town)
    words = town.there.post(report.about, "only words")
    report.statuses.append(words)
    town.hook("report.created", town.there.report_said(report))
    reviewer = town.staff("Rae")
    for ref in (report.statuses[0].id, words.id):
        town.remove(town.case(item=ref), reviewer, without_evidence=True)
    deliver_states(platform_id=town.platform_id, now=town.now)
    answers = dict(Item.objects.values_list("ref", "answer"))
    assert answers == {report.statuses[0].id: "applied", words.id: "unsupported"}


def test_without_a_gate_nothing_is_said_to_be_hidden(town: Social) -> None:
    connect_platform(platform_slug="social", connector="mastodon", by="test", now=town.now,
                     said={**town.said, "gate": "off"})  # fmt: skip
    town.hook("report.created", town.there.report_said(told(town)))
    deliver_states(platform_id=town.platform_id, now=town.now)
    item = Item.objects.get()
    assert (item.desired, item.acknowledged, item.answer) == ("hidden", "visible", "unsupported")


def test_a_decided_report_is_resolved_there_whatever_comes_between(town: Social) -> None:
    report = told(town)
    report.statuses.append(town.there.post(report.about, "and this"))
    town.hook("report.created", town.there.report_said(report))
    reviewer = town.staff("Rae")
    first, second = (town.case(item=one.id) for one in report.statuses)
    town.remove(first, reviewer, without_evidence=True)
    assert not Letter.objects.filter(kind="report.decided").exists()  # half of it is open
    town.decide(second, Ruling.REMOVE, reviewer, clause="threats", without_evidence=True)
    town.there.faults["/api/v1/admin/reports/"] = [500, "after"]
    for _ in range(3):
        deliver(town)
        town.later(MINUTES)
    assert report.resolved_at is not None
    letter = Letter.objects.get(kind="report.decided")
    assert letter.sent_at is not None and letter.payload["outcome"] == "removed"
    assert PeerReport.objects.get().settled_at is not None and entries("peer_report.settled") == 1


def test_reports_about_an_account_are_taken_before_an_action_resolves_them_all(
    town: Social,
) -> None:
    report = told(town)
    town.hook("report.created", town.there.report_said(report))
    case = town.case(item=report.statuses[0].id)
    town.remove(case, town.staff("Rae"), without_evidence=True)
    dana = town.there.join("dana")
    other = town.there.report(dana, report.about, "he did it to me too")  # its webhook was lost
    measure_account(
        case_id=case.id, account_id=Account.objects.get().id, measure=AccountMeasure.LIMIT,
        reasons="This was a child.", by=town.staff("Sam").id, now=town.now,
    )  # fmt: skip
    town.there.faults["/api/v1/admin/accounts/"] = ["silent", "after"]  # a second strike is none
    for _ in range(4):
        deliver(town)
        town.later(MINUTES)
    assert report.about.silenced and other.resolved_at is not None
    assert [one["type"] for one in report.about.strikes] == ["silence"]
    assert "This was a child." in report.about.strikes[0]["text"]
    assert set(Notice.objects.values_list("words", flat=True)) == {report.comment, other.comment}


def test_evidence_is_kept_before_a_suspension_takes_it_away_or_has_a_time_to_be(
    town: Social, decoder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=[Purpose.FILING]))
    report = told(town)
    town.hook("report.created", town.there.report_said(report))
    fetch_files(now=town.now)
    case = Case.objects.exclude(file=None).get()
    town.remove(case, town.staff("Rae"), without_evidence=True)
    row = measure_account(
        case_id=case.id, account_id=Account.objects.get().id, measure=AccountMeasure.SUSPEND,
        reasons="This was a child.", by=town.staff("Zed").id, now=town.now,
    )  # fmt: skip
    assert sign(measure_id=row.id, agrees=True, by=town.staff("Sam", Role.SENIOR).id, now=town.now)
    evidence.start(case)
    deliver(town)
    assert report.about.suspended_at is None  # its evidence is just being fetched
    places = {place: place.read_bytes() for place in town.there.disk.rglob("*.png")}
    for place in places:
        place.unlink()
    assert not preserve(case_id=case.id, now=town.now)
    town.later(timedelta(minutes=11))
    deliver(town)
    assert report.about.suspended_at is not None  # and that waits ten minutes at most
    clock = Deadline.objects.get(clock="heed.purge")
    assert clock.due_at == town.now + timedelta(days=30) and clock.met_at is None
    for place, data in places.items():
        place.write_bytes(data)
    assert preserve(case_id=case.id, now=town.now)
    clock.refresh_from_db()
    assert clock.met_at is not None


def test_what_it_has_no_way_to_say_is_given_up_in_sight(town: Social) -> None:
    town.hook("report.created", town.there.report_said(told(town)))
    town.work()
    deliver(town)
    letter = Letter.objects.get(kind="statements.issued")
    assert letter.dead_at is not None and letter.last_error == "not_on_mastodon"


def test_what_is_missing_is_named_with_its_remedy(
    town: Social, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = examine_platform(platform_slug="social", now=town.now)
    assert [one.about for one in tried if one.remedy] == ["media gate"]  # no proxy stands here
    town.there.scopes.remove("admin:write:reports")
    town.there.scopes.remove("admin:read:accounts")
    said = {one.about: one for one in examine_platform(platform_slug="social", now=town.now)}
    assert "admin:write:reports" in said["token"].says and "scopes" in said["token"].remedy
    assert said["admin:read:accounts"].remedy
    monkeypatch.setenv("HEED_CONNECTOR_SOCIAL", "")
    only, _ = examine_platform(platform_slug="social", now=town.now)
    assert "HEED_CONNECTOR_SOCIAL" in only.remedy
    assert town.platform.trouble
    for wrong in ({}, {"url": "social"}, {"url": town.at, "gate": "maybe"},
                  {"url": town.at, "rule_1": "porn"}, {"url": town.at, "else": "1"}):  # fmt: skip
        with pytest.raises(PeerRefused):
            connect_platform(
                platform_slug="social", connector="mastodon", said=wrong, by="test", now=town.now
            )
