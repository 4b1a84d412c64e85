"""One case becomes two, and several become one sitting; nothing is visible again by either."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client

from heed.cases.models import Case, Copy, Deadline, Decision, Restriction, Split
from heed.flows.answer_back import answer_back
from heed.flows.find_copies import find_copies
from heed.ledger.models import EntryBody
from heed.media.models import Item
from heed.people.models import Role
from heed.rules.claims import Category
from tests.web.console.test_deciding import REMOVE
from tests.web.console.world import World


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def desired(world: World) -> dict[str, str]:
    return dict(Item.objects.filter(platform=world.platform).values_list("ref", "desired"))


def test_what_is_another_matter_gets_a_case_of_its_own_and_stays_as_it_was(world: World) -> None:
    """flows/split_case: notices, clocks and restrictions go along; nothing is visible again."""
    world.post("p2", 1, account="her-own")
    case = world.case("p1", 1)
    before = desired(world)
    assert before == {"p1": "hidden", "p2": "hidden"}
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    other = Item.objects.get(ref="p2")
    assert other.url in text(rae.get(f"/console/c/{case.number}/split"))
    said = {"items": [str(other.id)], "why": "Her own post, with her consent."}
    assert rae.post(f"/console/c/{case.number}/split", said).status_code == 302
    into = Split.objects.get().into
    assert desired(world) == before
    live = Restriction.objects.filter(item=other, lifted_at=None)
    assert [one.case_id for one in live] == [into.id]
    assert set(into.joins.values_list("notice_id")) == set(case.joins.values_list("notice_id"))
    old = Deadline.objects.filter(case=case, met_at=None).values_list("citation", "due_at")
    new = Deadline.objects.filter(case=into, met_at=None).values_list("citation", "due_at")
    assert sorted(old) == sorted(new) and into.due_at
    assert into.about_child and into.rung == case.rung
    for one in (case, into):
        find_copies(case_id=one.id, now=world.now)
        assert "another matter" in text(rae.get(f"/console/c/{case.number}/"))
    assert desired(world) == before
    assert Copy.objects.filter(case=into, item=other).exists()
    assert str(into.id) in EntryBody.objects.get(event="case.split").body
    rae.post(f"/console/c/{case.number}/decide", REMOVE)
    assert desired(world) == {"p1": "removed", "p2": "hidden"}
    keep = {"ruling": "keep", "clause": "none", "reasons": "Her own."}
    refused = rae.post(f"/console/c/{into.number}/decide", keep)
    assert refused.status_code == 422 and "You have not opened this file" in text(refused)
    assert rae.post(f"/console/c/{case.number}/split", said).status_code == 422


def test_a_case_is_not_emptied_and_a_split_says_why(world: World) -> None:
    world.post("p2", 1)
    case, rae = world.case("p1", 1), world.as_("Rae", Role.CHILD_SAFETY)
    both = [str(one.id) for one in Item.objects.filter(ref__in=["p1", "p2"])]
    for wrong in ({}, {"items": both[:1], "why": ""}, {"items": both, "why": "All of it."}):
        assert rae.post(f"/console/c/{case.number}/split", wrong).status_code == 422
    assert not Split.objects.exists()


def sharing(world: World) -> tuple[Case, Case, Case]:
    """The case of a picture, one of a near picture, and one that has nothing in common."""
    world.post("near", 1, "quality")
    case = world.case("p1", 1, child=False, category=Category.INTIMATE_IMAGE)
    item = Item.objects.get(ref="near")
    notice = world.notice(item, child=False, category=Category.INTIMATE_IMAGE)
    near = Case.objects.get(joins__notice=notice)
    find_copies(case_id=near.id, now=world.now)
    return case, near, world.case("p9", 5, child=False)


def confirm(client: Client, case: Case, near: Case) -> None:
    """They look at both, and say that they show the same."""
    path = f"/console/c/{case.number}/near/{near.file_id}"
    client.post(f"{path}/look", {"warned": "1"})
    client.post(f"{path}/judge", {"same": "yes"})


def test_cases_are_decided_together_only_where_they_share_and_only_as_was_shown(
    world: World,
) -> None:
    """flows/decide_together: a preview first, then each case by its own decision."""
    case, near, other = sharing(world)
    sam = world.as_("Sam", Role.CHILD_SAFETY, Role.SENIOR)
    path = f"/console/c/{case.number}/together"
    assert "No other open case shares" in text(sam.get(path))
    confirm(sam, case, near)
    assert near.number in text(sam.get(path))
    assert other.number not in text(sam.get(path))
    said = {**REMOVE, "clause": "intimate-without-consent", "others": [str(near.id)]}
    assert sam.post(path, {**said, "others": [str(other.id)]}).status_code == 422
    shown = text(sam.post(path, said))
    assert "What would happen" in shown and "removed" in shown
    assert not Decision.objects.exists()
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    changed = sam.post(path, {**said, "seen": seen, "scope": "items"})
    assert "What would happen" in text(changed) and not Decision.objects.exists()
    done = text(sam.post(path, {**said, "seen": seen}))
    assert done.count(">decided<") == 2
    assert {one.case_id for one in Decision.objects.all()} == {case.id, near.id}
    assert desired(world)["p1"] == desired(world)["near"] == "removed"
    assert '"cases":2' in EntryBody.objects.get(event="cases.decided_together").body


def test_no_violation_of_several_waits_for_a_second_person_in_each(world: World) -> None:
    case, near, _ = sharing(world)
    sam = world.as_("Sam", Role.CHILD_SAFETY, Role.SENIOR)
    confirm(sam, case, near)
    path = f"/console/c/{case.number}/together"
    said = {"ruling": "keep", "clause": "none", "reasons": "Drawn shapes.", "scope": "file",
            "others": [str(near.id)]}  # fmt: skip
    shown = text(sam.post(path, said))
    assert shown.count("you have not seen all of it yet") == 2
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    done = text(sam.post(path, {**said, "seen": seen}))
    assert done.count("You have not opened this file in full") == 2
    assert not Decision.objects.exists()


def test_a_case_that_told_us_more_meanwhile_is_not_decided_with_the_others(world: World) -> None:
    """The page was opened before; to have the effects shown once more is not to read the words."""
    case, near, _ = sharing(world)
    sam = world.as_("Sam", Role.CHILD_SAFETY, Role.SENIOR)
    confirm(sam, case, near)
    path = f"/console/c/{case.number}/together"
    heard = re.findall(r'name="heard" value="([^"]+)"', text(sam.get(path)))
    assert [one.partition(" ")[0] for one in heard] == [str(case.id), str(near.id)]
    later = world.now + timedelta(minutes=1)
    answer_back(notice_id=near.joins.get().notice_id, text="I was 13 in it.", now=later)
    said = {**REMOVE, "clause": "intimate-without-consent", "others": [str(near.id)],
            "heard": heard}  # fmt: skip
    shown = text(sam.post(path, said))
    assert re.findall(r'name="heard" value="([^"]+)"', shown) == heard
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    done = text(sam.post(path, {**said, "seen": seen}))
    assert done.count(">decided<") == 1 and "We were told something new in this case" in done
    assert [one.case_id for one in Decision.objects.all()] == [case.id]
    near.refresh_from_db()
    assert near.state == Case.State.OPEN
