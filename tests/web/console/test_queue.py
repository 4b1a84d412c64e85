"""The queue is in the order of harm, finds what is asked for, and shows no picture."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.cases.models import Appeal, Case, Decision
from heed.cases.queries import queue
from heed.flows.keep_view import keep_view
from heed.ids import mint, number
from heed.ledger import services as ledger
from heed.media.models import File, Platform
from heed.people.models import Role
from heed.people.staff_models import SavedView
from heed.rules.order import Rung, queue_key
from tests.web.console.world import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
places = st.tuples(
    st.sampled_from(Rung),
    st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    st.sampled_from([0.0, 1.5, 40.0]),
)


def a_case(platform: Platform, at: tuple[Rung, datetime | None, float], name: str = "") -> Case:
    return Case(
        number=name or number("C"),
        platform=platform,
        threat_of=mint(),
        category="other",
        rung=int(at[0]),
        due_at=at[1],
        speed_per_hour=at[2],
        crowd=at[2] == 1.5,
        opened_at=NOW,
        round_at=NOW,
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(places, max_size=12))
def test_the_queue_is_in_the_order_that_the_rules_say(
    world: World, wanted: list[tuple[Rung, datetime | None, float]]
) -> None:
    with transaction.atomic():
        Case.objects.bulk_create(a_case(world.platform, one) for one in wanted)
        found = list(queue.cases_of({world.platform.id}, now=NOW))
        by_rules = sorted(
            found,
            key=lambda c: queue_key(
                Rung(c.rung), c.due_at, c.speed_per_hour, c.number, crowd=c.crowd
            ),
        )
        assert found == by_rules
        assert len(found) == len(wanted)
        transaction.set_rollback(True)


def test_equal_harm_goes_by_number_as_python_compares(world: World) -> None:
    names = ["C-9ZZZ-0000", "C-A000-0000", "C-0AAA-0000", "C-00AA-000A"]
    same = (Rung.CHILD, None, 0.0)
    Case.objects.bulk_create(a_case(world.platform, same, name) for name in names)
    assert [one.number for one in queue.cases_of({world.platform.id}, now=NOW)] == sorted(names)


@pytest.mark.usefixtures("seldom_noted")
def test_a_page_costs_the_same_few_queries_however_long_the_queue(
    world: World, django_assert_max_num_queries: object
) -> None:
    Case.objects.bulk_create(a_case(world.platform, (Rung.CHILD, NOW, 1.0)) for _ in range(300))
    client = world.as_("Rae", Role.REVIEWER)
    client.get("/console/help")  # the first of a session notes that somebody is there
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        answer = client.get("/console/?page=3")
    assert "Page 3 of 6" in answer.content.decode()
    assert "Page 6 of 6" in client.get("/console/?page=77").content.decode()


def shown(world: World, query: str = "", role: Role = Role.REVIEWER) -> str:
    if "Rae" not in world.added:
        world.rae = world.as_("Rae", role)  # type: ignore[attr-defined]
    return str(world.rae.get(f"/console/?{query}").content.decode())  # type: ignore[attr-defined]


def test_an_empty_queue_says_so_and_whether_anybody_outside_is_told(world: World) -> None:
    assert "Nothing waits." in shown(world) and "a backup" not in shown(world)
    ledger.note_restored(backup_made_at=NOW, size=0, known_size=None, now=NOW)
    assert "Restored from a backup, and quiet." in shown(world)
    ledger.note_live(now=NOW)
    assert "a backup" not in shown(world)


def test_what_is_late_says_so_in_words(world: World) -> None:
    case = world.case()
    Case.objects.filter(id=case.id).update(due_at=timezone.now() - timedelta(hours=2, minutes=5))
    page = shown(world)
    assert "overdue by 2 h" in page
    assert case.number in shown(world, "state=overdue")


def test_the_queue_says_what_harm_and_what_waits(world: World) -> None:
    world.case()
    page = shown(world)
    assert "A child" in page
    assert "Sexual content of someone under 18" in page
    assert "Decision" in page


def test_the_queue_shows_no_picture(world: World) -> None:
    world.case()
    page = shown(world)
    assert "<img" not in page
    assert "data:image" not in page


@pytest.mark.parametrize(
    "what", ["case", "notice", "url", "sha256", "sha1", "police", "ref", "words"]
)
def test_a_case_is_found_by_what_people_have_in_hand(world: World, what: str) -> None:
    other = world.case("p2", 2, police_reference="other", words="Take it down.")
    case = world.case("p1", 1)
    words = {
        "case": case.number.lower(),
        "notice": case.joins.get().notice.number,
        "url": case.copies.get(how="named").item.url,
        "sha256": bytes(world.file_of(case).sha256).hex(),
        "sha1": "5a" * 20,
        "police": "2026-1234",
        "ref": "p1",
        "words": "MY son. He",  # a part of what was said, in any letters
    }
    File.objects.filter(id=case.file_id).update(sha1=bytes([0x5A]) * 20)
    page = shown(world, f"words={words[what]}")
    assert f"/c/{case.number}/" in page
    assert f"/c/{other.number}/" not in page


def test_a_bundle_is_named_at_each_of_its_cases(world: World) -> None:
    first, second = world.post("a", 1), world.post("b", 2)
    world.notice(first, second)
    numbers = list(Case.objects.values_list("number", flat=True))
    page = shown(world)
    assert len(numbers) == 2
    assert page.count("one notice with") == 2


def test_filters_narrow_and_nonsense_does_no_harm(world: World) -> None:
    child, other = world.case("p1", 1), world.case("p2", 2, child=False)
    page = shown(world, "category=other")
    assert other.number in page
    assert child.number not in page
    assert child.number in shown(world, "category=nonsense&state=nonsense&page=x")


def test_a_decided_case_with_an_open_appeal_waits_again(world: World) -> None:
    case = world.case()
    Case.objects.filter(id=case.id).update(state=Case.State.DECIDED, decided_level="visible")
    assert case.number not in shown(world)
    Appeal.objects.create(case=case, text="Look again", opened_at=NOW)
    assert case.number in shown(world)
    assert "Appeal" in shown(world, "state=appeal")


def test_taking_the_next_case_takes_the_gravest_that_is_free(world: World) -> None:
    world.case("p2", 2, child=False)
    grave = world.case("p1", 1)
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    assert rae.post("/console/next")["Location"] == f"/console/c/{grave.number}/"
    assert sam.post("/console/next")["Location"] != f"/console/c/{grave.number}/"
    assert "Rae" in sam.get("/console/").content.decode()


def test_nobody_is_given_a_case_of_a_minor_that_they_could_only_keep_from_others(
    world: World,
) -> None:
    grave, other = world.case("p1", 1), world.case("p2", 2, child=False)
    sam = world.as_("Sam", Role.REVIEWER)
    assert sam.post("/console/next")["Location"] == f"/console/c/{other.number}/"
    answer = sam.post("/console/next", follow=True).content.decode()
    assert "1 waits for a child-safety reviewer" in answer
    Case.objects.filter(id=other.id).update(taken_until=None, state=Case.State.PROPOSED)
    proposal = Decision.objects.create(
        case=other, round=1, ruling="keep", scope="file", clause="none", policy_version="1",
        reasons="None.", state="proposed", decided_at=world.now,
        decided_by=world.added["Sam"].staff_id,
    )  # fmt: skip
    assert sam.post("/console/next")["Location"] == "/console/"
    Decision.objects.filter(id=proposal.id).update(decided_by=mint())
    assert sam.post("/console/next")["Location"] == f"/console/c/{other.number}/"
    grave.refresh_from_db()
    assert grave.taken_by is None


def test_a_case_that_another_person_works_on_is_not_taken_away(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.REVIEWER), world.as_("Sam", Role.REVIEWER)
    rae.post(f"/console/c/{case.number}/take")
    answer = sam.post(f"/console/c/{case.number}/take", follow=True)
    assert "Rae was first, and works on this case now." in answer.content.decode()
    case.refresh_from_db()
    assert case.taken_by == world.added["Rae"].staff_id
    said = {"ruling": "remove", "clause": "child-sexual", "scope": "file", "reasons": "Sam's own."}
    refused = sam.post(f"/console/c/{case.number}/decide", said)
    assert "Rae was first, and works on it until" in refused.content.decode()
    assert "Sam&#x27;s own." in refused.content.decode()
    rae.post(f"/console/c/{case.number}/hand-on")
    assert sam.post(f"/console/c/{case.number}/decide", said).status_code == 302


def test_what_is_asked_for_again_and_again_is_kept_by_name(world: World) -> None:
    world.case()
    shown(world)
    rae, sam = world.rae, world.as_("Sam", Role.REVIEWER)  # type: ignore[attr-defined]
    said = {"name": "Late children", "query": "state=overdue&category=minor_sexual"}
    kept = rae.post("/console/views", said)
    assert kept["Location"] == "/console/?state=overdue&category=minor_sexual"
    assert "Late children" in shown(world)
    assert "Late children" not in sam.get("/console/").content.decode()
    view = SavedView.objects.get()
    sam.post("/console/views", {"forget": view.id})
    assert SavedView.objects.exists()
    rae.post("/console/views", {"forget": view.id})
    assert not SavedView.objects.exists()
    keep_view(name="One", query="", by=world.added["Rae"].staff_id, now=NOW)
    assert "Give the view a name" in rae.post("/console/views", follow=True).content.decode()
