"""How it goes is counted day by day, drawn, and said in a table too."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone

from heed.cases.models import BlindReading, Case, Copy
from heed.cases.queries import quality
from heed.flows import read_blind
from heed.measures import dashboards
from heed.people.models import Role, Viewing
from heed.rules import policy, practice
from tests.web.console.test_deciding import REMOVE, look, send
from tests.web.console.world import World


def test_a_day_of_work_shows_in_the_figures(world: World) -> None:
    world.post("near", 1, "quality")
    case, _ = world.case("p1", 1), world.case("p2", 2, child=False)
    rae = world.as_("Rae", Role.CHILD_SAFETY, Role.SENIOR)
    look(rae, case)
    Viewing.objects.update(seconds=120)
    send(rae, case, "decide", REMOVE)
    Copy.objects.filter(how="near").update(same=True)
    found = {one.title: one for one in dashboards.series([world.platform.id], now=world.now)}
    today = {title: one.days[-1][1] for title, one in found.items()}
    assert today["Backlog"] == 1
    assert today["Notices"] == 2
    assert today["Decisions"] == 1
    assert today["Exposure"] is None  # one person's own
    assert today["Reversals"] == today["Missed deadlines"] == 0
    first = today["Time to first action"]
    assert first is not None and 0 <= first < 60
    assert found["Time to first action"].days[0][1] is None  # no notice, and so no time: not 0
    assert all(len(one.days) == dashboards.DAYS for one in found.values())
    assert sum(one.same for one in dashboards.judged([world.platform.id])) == 1
    page = unescape(rae.get("/console/figures").content.decode())
    assert page.count('<svg class="chart"') == len(found)
    assert "Median from a notice" in page
    assert "nothing to measure" in page


def test_the_backlog_counts_what_was_opened_again_as_it_says(world: World) -> None:
    case, days = world.case(child=False), timedelta(days=1)
    Case.objects.filter(id=case.id).update(
        opened_at=world.now - 6 * days, decided_at=world.now - 4 * days, round=2,
        round_at=world.now - days,
    )  # fmt: skip
    found = {one.title: one for one in dashboards.series([world.platform.id], now=world.now)}
    assert [value for _, value in found["Backlog"].days[-8:]] == [0, 1, 1, 1, 1, 1, 1, 1]
    assert "opened again counts for the time in between" in found["Backlog"].says


def test_a_day_on_which_few_looked_tells_nobodys_minutes(world: World) -> None:
    case, senior = world.case(), world.as_("Dana", Role.SENIOR)
    people = [world.person(name, Role.CHILD_SAFETY) for name in ("Rae", "Sam", "Ola", "Uri")]
    for n, person in enumerate(people):
        Viewing.objects.create(
            staff=person, file_id=case.file_id, case_id=case.id, variant="full", severity=3,
            opened_at=world.now, seconds=60,
        )  # fmt: skip
        found = {one.title: one for one in dashboards.series([world.platform.id], now=world.now)}
        assert found["Exposure"].days[-1][1] == (4 if n == 3 else None)
    assert found["Exposure"].days[0][1] == 0
    Viewing.objects.filter(staff=people[0]).delete()
    page = unescape(senior.get("/console/figures").content.decode())
    assert "too few people" in page and "on which fewer than 4 looked" in page


def test_another_platforms_figures_are_not_shown(world: World) -> None:
    world.case()
    elsewhere = world.add_platform("elsewhere", "Elsewhere")
    found = dashboards.series([elsewhere.id], now=world.now)
    assert {one.total for one in found} == {0}


def test_a_decision_that_was_drawn_is_read_blind_by_somebody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """flows/read_blind: what was decided is not shown, and nothing of the case changes."""
    monkeypatch.setattr(read_blind, "is_drawn", lambda _: True)
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    send(rae, case, "decide", {**REMOVE, "reasons": "The words of Rae."})
    assert read_blind.draw(now=timezone.now()) == 1
    assert read_blind.draw(now=timezone.now()) == 0
    path = f"/console/blind/{BlindReading.objects.get().id}"
    assert "Nothing was drawn for you." in unescape(rae.get("/console/blind").content.decode())
    assert rae.get(path).status_code == 404
    page = unescape(sam.get(path).content.decode())
    assert "This is my son. He is 13." in page
    assert "The words of Rae." not in page
    assert "Choose one of the two." in unescape(sam.post(f"{path}/read").content.decode())
    sam.post(f"{path}/read", {"ruling": "keep", "clause": "none"})
    case.refresh_from_db()
    assert case.decided_level == "removed"
    found = quality.agreement([world.platform.id])
    assert (found.count, found.share) == (1, 0)


def test_who_has_opened_the_case_since_is_no_blind_reader_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_blind, "is_drawn", lambda _: True)
    case = world.case()
    rae, sam, ola = (world.as_(name, Role.CHILD_SAFETY) for name in ("Rae", "Sam", "Ola"))
    send(rae, case, "decide", REMOVE)
    read_blind.draw(now=timezone.now())
    path = f"/console/blind/{BlindReading.objects.get().id}"
    half_read = sam.get(path)
    assert half_read.status_code == 200
    for _ in range(2):
        sam.get(f"/console/c/{case.number}/")
    assert "Nothing was drawn for you." in unescape(sam.get("/console/blind").content.decode())
    assert sam.post(f"{path}/read", {"ruling": "remove", "clause": "none"}).status_code == 404
    assert BlindReading.objects.get().known_to == [world.added["Sam"].staff_id]
    ola.post(f"{path}/read", {"ruling": "remove", "clause": "child-sexual"})
    assert quality.agreement([world.platform.id]).count == 1


def test_an_exercise_is_scored_against_the_model_answer_which_is_then_shown(world: World) -> None:
    """flows/practise"""
    rae, sam = world.as_("Rae", Role.REVIEWER), world.as_("Sam", Role.REVIEWER)
    before = unescape(rae.get("/console/practice/unsure-age").content.decode())
    assert "counts as under 18, and" not in before
    said = {"ruling": "remove", "clause": "intimate-without-consent"}
    half = rae.post("/console/practice/unsure-age/decide", said, follow=True)
    assert "1 of 2 points" in unescape(half.content.decode())
    assert "counts as under 18, and" in unescape(half.content.decode())
    rae.post("/console/practice/unsure-age/decide", {**said, "clause": "child-sexual"})
    assert "2 of 16 points" in unescape(rae.get("/console/practice").content.decode())
    assert "0 of 16 points" in unescape(sam.get("/console/practice").content.decode())
    assert rae.get("/console/practice/nonsense").status_code == 404


@pytest.mark.parametrize("one", practice.EXERCISES, ids=lambda one: one.id)
def test_every_exercise_has_its_drawing_and_an_answer_that_the_policy_knows(
    one: practice.Exercise,
) -> None:
    assert finders.find(f"practice/{one.drawing}")
    assert policy.clause(one.clause)
    assert (one.ruling == "keep") == (one.clause == "none")
    assert practice.points(one, one.ruling, one.clause) == 2
