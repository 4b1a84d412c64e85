"""The rota can be kept by people, and in an emergency everything needed is on one page."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django import forms
from django.core.mail import EmailMessage
from django.test import Client

from heed.filings.models import Danger, Order
from heed.filings.ordering import OrderIn
from heed.flows.check_again import note_outage
from heed.flows.check_upload import check_url
from heed.flows.keep_rota import add_shifts
from heed.flows.receive_order import receive_order
from heed.flows.withdraw_notice import withdraw_notice
from heed.media.models import Platform, Unchecked
from heed.outbox.models import Letter
from heed.people.duty_models import Call, Coverage, Emergency, Shift
from heed.people.models import Membership, Role
from heed.web.console.duty_forms import LongSelect
from tests.web.console.test_custody_and_orders import OLA
from tests.web.console.world import World


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_the_emergency_page_has_the_clock_the_protocol_and_the_contacts(world: World) -> None:
    case = world.case(danger_now=True, time_given="tonight at nine")
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    call = Call.objects.get()
    assert "call about danger that nobody has taken" in text(rae.get("/console/counts"))
    found = text(rae.get(f"/console/calls/{call.id}"))
    for words in ("Danger to life", "data-clock", "112 (EU)", "Nobody has taken this call",
                  "tonight at nine", case.number, "Next, at", "Rae"):  # fmt: skip
        assert words in found
    step = "Then decide the case, or hand it on."
    taken = text(rae.post(f"/console/calls/{call.id}/take", follow=True))
    assert "You see to it" in taken
    assert "✓ Rae" in text(rae.post(f"/console/calls/{call.id}/step", {"step": step}, follow=True))
    assert rae.post(f"/console/calls/{call.id}/step", {"step": "Go home"}).status_code == 404
    assert "Rae sees to it" in text(rae.get(f"/console/c/{case.number}/"))


def test_the_call_says_that_a_notice_was_taken_back_perhaps_under_force(world: World) -> None:
    world.case(danger_now=True)
    rae, call = world.as_("Rae", Role.CHILD_SAFETY), Call.objects.get()
    assert "taken back" not in text(rae.get(f"/console/calls/{call.id}"))
    assert call.notice_id is not None
    withdraw_notice(notice_id=call.notice_id, now=world.now)
    assert "may have been made to do that" in text(rae.get(f"/console/calls/{call.id}"))


def test_danger_is_found_told_and_shown_on_the_case_and_on_the_call(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    at = f"/console/c/{case.number}/danger"
    assert "who is in what danger" in text(rae.post(at, {}, follow=True))
    found = text(rae.post(at, {"danger-why": "He stands on a roof."}, follow=True))
    assert "Nobody has written down yet that an authority was told" in found
    assert "tell the police of the place" in found.lower() and "found by Rae" in found
    call, danger = Call.objects.get(), Danger.objects.get()
    assert "He stands on a roof." in text(rae.get(f"/console/calls/{call.id}"))
    said = {f"told-{danger.id}-told": "112, by telephone", "what": "told"}
    told = text(rae.post(f"/console/danger/{danger.id}", said, follow=True))
    assert "112, by telephone" in told and "Nobody has written down" not in told
    late = text(rae.post(f"/console/danger/{danger.id}", said, follow=True))
    assert "in the meantime" in late and "Not sent yet" in late  # and the words are there still
    world.add_platform("elsewhere", "Elsewhere")
    zed = world.as_("Zed", Role.SENIOR, platform="elsewhere")
    assert zed.post(f"/console/danger/{danger.id}", said).status_code == 404
    assert zed.post(f"/console/calls/{call.id}/danger", said).status_code == 404


def test_the_call_of_an_emergency_request_shows_it_to_those_who_may_read_it(world: World) -> None:
    said = OrderIn(kind="emergency", instrument_ref="7", legal_basis="18 U.S.C. 2702(b)(8)",
                   identifiers="uri", sought="his address", danger="He has a knife.")  # fmt: skip
    receive_order(platform_id=world.platform.id, said=said, by=OLA, now=world.now)
    call, number = Call.objects.get(), Order.objects.get().number
    for name, role, sees in (("Lee", Role.LIAISON, True), ("Rae", Role.REVIEWER, False)):
        client = world.as_(name, role)
        found = text(client.get(f"/console/calls/{call.id}"))
        assert "An authority asks in an emergency" in found and (number in found) == sees
        assert ("wake a liaison" in found) != sees and "Nothing is left to do" not in found


def test_a_call_of_another_platform_does_not_exist(world: World) -> None:
    world.case(danger_now=True)
    world.add_platform("elsewhere", "Elsewhere")
    zed = world.as_("Zed", Role.SENIOR, platform="elsewhere")
    assert zed.get(f"/console/calls/{Call.objects.get().id}").status_code == 404
    assert zed.post("/console/duty/square/hours").status_code == 404


def test_an_administrator_sees_the_call_and_nothing_of_the_case(world: World) -> None:
    case = world.case(danger_now=True)
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    found = text(dana.get(f"/console/calls/{Call.objects.get().id}"))
    assert case.number not in found
    assert "He is 13" not in found


def test_somebody_names_their_own_telephone_and_tries_it(
    world: World, mailoutbox: list[EmailMessage]
) -> None:
    sam = world.as_("Sam", Role.REVIEWER)
    wrong = sam.post("/console/duty/telephone", {"push_url": "no address"})
    assert wrong.status_code == 422 and "https://ntfy.example/topic" in text(wrong)
    sam.post("/console/duty/telephone", {"push_url": "http://127.0.0.1:9/topic"})
    said = text(sam.post("/console/duty/try", follow=True))
    assert "Mail was taken" in said and "Push did not get through: push: address_refused" in said
    assert "127.0.0.1:9/topic" in said and len(mailoutbox) == 1
    sam.post("/console/duty/telephone", {"push_url": ""})
    assert "by push" not in text(sam.get("/console/duty"))
    nobody = world.as_("Zed", Role.AUDITOR)
    assert nobody.post("/console/duty/try").status_code in (403, 404)


def test_a_senior_keeps_rota_hours_and_protocol(world: World) -> None:
    rae = world.person("Rae", Role.SENIOR)
    client = world.signed_in(rae)
    assert "nobody" in text(client.get("/console/"))
    begins, ends = world.now - timedelta(hours=1), world.now + timedelta(hours=6)
    said = {"staff": rae.id, "place": 1, "begins": f"{begins:%Y-%m-%dT%H:%M}", "weeks": 2}
    late = {**said, "ends": f"{begins - timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    refused = client.post("/console/duty/square/shifts", late)
    assert refused.status_code == 422
    assert "ends after it begins" in text(refused)
    whole = {**said, "ends": f"{ends:%Y-%m-%dT%H:%M}"}
    client.post("/console/duty/square/shifts", whole)
    assert Shift.objects.count() == 2
    assert "On duty now: <strong>Rae" in text(client.get("/console/"))
    half = client.post("/console/duty/square/hours", {"from_0": "09:00"})
    assert "give both times" in text(half)
    client.post("/console/duty/square/hours", {"from_0": "09:00", "until_0": "00:00"})
    assert Coverage.objects.get().until_minute == 1440
    assert "Monday 09:00 \u2013 24:00" in text(Client().get("/policy"))
    wrong = client.post("/console/duty/square/protocol", {"steps": "Call 112", "zone": "UTC",
                                                          "contacts": "Police"})  # fmt: skip
    assert "write who | number | what for" in text(wrong)
    client.post("/console/duty/square/protocol", {"steps": "Call 112\n\nWait", "zone": "UTC",
                                                  "contacts": "Police | 112"})  # fmt: skip
    assert Emergency.objects.get().steps == ["Call 112", "Wait"]


def test_a_danger_that_is_sent_twice_is_one_with_one_clock(world: World) -> None:
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    for _ in range(2):
        rae.post(f"/console/c/{case.number}/danger", {"danger-why": "He stands on a roof."})
    danger = Danger.objects.get()
    assert case.deadlines.filter(cause=f"danger:{danger.id}").count() <= 1
    rae.post(f"/console/c/{case.number}/danger", {"danger-why": "Now she does, too."})
    assert Danger.objects.count() == 2


def test_a_shift_that_is_sent_twice_rings_nobody_twice(world: World) -> None:
    rae = world.person("Rae", Role.SENIOR)
    client, day = world.signed_in(rae), world.now + timedelta(days=1)
    said = {"staff": rae.id, "place": 1, "begins": f"{day:%Y-%m-%dT%H:%M}", "weeks": 1,
            "ends": f"{day + timedelta(hours=6):%Y-%m-%dT%H:%M}"}  # fmt: skip
    client.post("/console/duty/square/shifts", said)
    again = client.post("/console/duty/square/shifts", said)
    assert "They are on the rota then already." in text(again)
    more = client.post("/console/duty/square/shifts", {**said, "weeks": 3}, follow=True)
    assert "2 shifts on the rota." in text(more)
    assert Shift.objects.count() == 3


def test_whose_role_has_ended_is_on_duty_no_more(world: World) -> None:
    """They were shown as on duty tonight, and rung about a case that they may not open."""
    rae, sam = world.person("Rae", Role.SENIOR), world.person("Sam", Role.REVIEWER)
    begins, ends = world.now - timedelta(hours=1), world.now + timedelta(hours=6)
    add_shifts(
        platform_id=world.platform.id, staff_id=sam.id, place=1, begins_at=begins, ends_at=ends,
        by=rae.id, now=world.now,
    )  # fmt: skip
    client = world.signed_in(rae)
    assert "On duty now: <strong>Sam" in text(client.get("/console/"))
    Membership.objects.filter(staff=sam).update(ended_at=world.now)
    assert "On duty now: <strong>Sam" not in text(client.get("/console/"))
    page = text(client.get("/console/duty"))
    assert "no role here any more: not rung" in page
    assert "Nobody is on duty now." in page


def test_what_could_not_be_checked_is_on_a_page_and_somebody_says_what_becomes_of_it(
    world: World,
) -> None:
    rae, admin = world.as_("Rae", Role.REVIEWER), world.as_("Dana", Role.ADMINISTRATOR)
    assert "None. Every upload" in text(rae.get("/console/unchecked"))
    asked: dict[str, Any] = {"platform_id": world.platform.id, "account_ref": "account-of-uri"}
    for ref in ("a", "b"):
        url = f"http://{world.server.host}:{world.server.port}/missing/{ref}?token=hush-hush"
        check_url(**asked, url=url, upload_ref=ref, now=world.now)
    note_outage(
        platform_id=world.platform.id, reason="database-away", uploads=41, since=world.now,
        now=world.now,
    )  # fmt: skip
    shown = text(rae.get("/console/unchecked"))
    for words in ("<code>a</code>", "41 uploads", "Our database was away", "or not whole", "Due"):
        assert words in shown
    for kept_away in ("hush-hush", "account-of-uri", "/missing/"):
        assert kept_away not in shown
    assert "3 could not be checked" in text(rae.get("/console/outbox"))
    assert "Refuse the chosen" not in text(admin.get("/console/unchecked"))
    rows = {one.upload_ref: one.id for one in Unchecked.objects.all()}
    done = rae.post("/console/unchecked/settle", {"what": "release", "row": rows["a"]}, follow=True)
    assert "1 let in." in text(done)
    rae.post("/console/unchecked/settle", {"what": "refuse", "row": rows["b"]})
    rae.post("/console/unchecked/settle", {"what": "seen", "row": rows[""]})
    told = Letter.objects.order_by("enqueued_at").values_list("kind", "payload__upload_ref")
    assert list(told) == [("upload.released", "a"), ("upload.blocked", "b")]
    assert not Unchecked.objects.filter(ended_at=None).exists()
    burn = rae.post("/console/unchecked/settle", {"what": "burn"}, follow=True)
    assert "Say what becomes of them" in text(burn)


def test_a_long_list_to_choose_from_is_what_django_would_have_written() -> None:
    names = [("", "Nobody"), ("a&b", "Rae <script>"), ("c", 'Sam "x"'), ("a", "Zed"), (7, "Seven")]
    for said in (None, "", "a", "a&b", 7, "nobody of these"):
        for attrs in ({"id": "shift-staff"}, {"aria-invalid": "true", "required": True}):
            ours, theirs = (
                kind(choices=names).render("staff", said, attrs)
                for kind in (LongSelect, forms.Select)
            )
            assert ours == theirs, (said, attrs)


def test_the_queue_names_who_is_on_duty_at_each_platform_of_the_reader(world: World) -> None:
    harbour = world.add_platform("harbour", "Harbour")
    rae = world.person("Rae", Role.REVIEWER)
    Membership.objects.create(staff=rae, platform_id=harbour.id, role=Role.REVIEWER)
    people = {"Sam": "square", "Lee": "harbour"}
    for name, slug in people.items():
        who = world.person(name, Role.REVIEWER, platform=slug)
        Shift.objects.create(
            platform_id=Platform.objects.get(slug=slug).id, staff=who, made_by=who.id,
            begins_at=world.now - timedelta(hours=1), ends_at=world.now + timedelta(hours=9),
        )  # fmt: skip
    shown = re.search(r"On duty now: (.*?)\. <a", text(world.signed_in(rae).get("/console/")))
    assert shown and set(re.findall(r"<strong>(\w+)<", shown[1])) == set(people)
    assert "<strong>Lee</strong>" not in text(world.as_("Zed", Role.REVIEWER).get("/console/"))
