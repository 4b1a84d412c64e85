"""The rota can be kept by people, and in an emergency everything needed is on one page."""

from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client

from heed.people.duty_models import Call, Coverage, Emergency, Shift
from heed.people.models import Role
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
    assert "Monday 09:00 to 00:00" in text(Client().get("/policy"))
    wrong = client.post("/console/duty/square/protocol", {"steps": "Call 112", "zone": "UTC",
                                                          "contacts": "Police"})  # fmt: skip
    assert "write who | number | what for" in text(wrong)
    client.post("/console/duty/square/protocol", {"steps": "Call 112\n\nWait", "zone": "UTC",
                                                  "contacts": "Police | 112"})  # fmt: skip
    assert Emergency.objects.get().steps == ["Call 112", "Wait"]
