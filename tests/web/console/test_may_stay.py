"""What may stay though the rest is removed: the forms, the page, the queue, and what each says."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from heed.cases.models import Appeal, Case, Decision, Exemption
from heed.cases.services.notices import digest
from heed.filings.models import StatementOfReasons
from heed.flows.answer_notifiers import answer_notifiers
from heed.flows.issue_statements import issue_statements
from heed.flows.judge_copy import judge_copy
from heed.flows.open_appeal import appeal_as_notifier, appeal_as_uploader
from heed.ids import mint
from heed.media.models import Item
from heed.people.models import Role
from tests.web.console.test_deciding import REMOVE, prove, seen_in_full, send, text
from tests.web.console.world import World

SECRET = "k" * 43
PARTLY = {"outcome": "partly", "reasons": "It is your own album."}


def desired() -> dict[str, str]:
    return dict(Item.objects.values_list("ref", "desired"))


def reviewer(world: World, name: str) -> Client:
    return world.as_(name, Role.CHILD_SAFETY)


def but_hers(world: World, rae: Client) -> Case:
    """A removal by Rae of all but Dana's own original, which nobody named."""
    hers = world.post("hers", 1, account="her-own", hours_ago=100)
    case = world.case()
    seen_in_full(case, rae)
    send(rae, case, "decide", {**REMOVE, "exempt": [str(hers.id)]})
    assert desired() == {"p1": "removed", "hers": "hidden"}
    case.refresh_from_db()
    return case


def stays(client: Client, case: Case) -> str:
    return part(text(client.get(f"/console/c/{case.number}/")), "stays")


def part(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


def answer(client: Client, case: Case, said: dict[str, str]) -> str:
    one = Exemption.objects.get(state=Exemption.State.PROPOSED)
    return send(client, case, f"stays/{one.id}", said)


def test_the_form_says_beforehand_what_needs_a_second_person(world: World) -> None:
    body, words = world.case("p1", 1), world.case("p2", 2, child=False)
    rae = reviewer(world, "Rae")
    said = "Such a place stays as it is until a second person has looked and agrees"
    assert said in text(rae.get(f"/console/c/{body.number}/"))
    assert said not in text(rae.get(f"/console/c/{words.number}/"))


def test_a_second_person_reads_what_may_stay_and_gives_it_back(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = but_hers(world, rae)
    assert "You proposed this. A different person must agree" in stays(rae, case)
    assert "A different person must agree." in answer(rae, case, {"agrees": "yes"})
    read = stays(sam, case)
    assert "/hers" in read and "should be: hidden for now" in read and "/p1" not in read
    assert "A drawn scene." in read and "The rest is removed already." in read
    assert 'You have not opened in full: <a href="#file">the file of this case</a>' in read
    unseen = answer(sam, case, {"agrees": "yes", "reasons": "So do I"})
    assert "Open the file in full first" in unseen and "So do I" in unseen
    seen_in_full(case, sam)
    assert "You have not opened in full" not in stays(sam, case)
    assert "these places may be seen again" in answer(sam, case, {"agrees": "yes"})
    assert desired() == {"p1": "removed", "hers": "visible"}
    after = stays(rae, case)
    assert "they stay" in after and "second person: Sam" in after and "<form" not in after


def test_who_does_not_agree_says_why_and_it_goes_with_the_rest(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = but_hers(world, rae)
    seen_in_full(case, sam)
    assert "Say why you do not agree" in answer(sam, case, {"agrees": "no"})
    done = answer(sam, case, {"agrees": "no", "reasons": "It is his second account."})
    assert "these places are removed with the rest" in done
    assert desired() == {"p1": "removed", "hers": "removed"}
    assert "It is his second account." in stays(rae, case)


def test_who_comes_second_is_told_who_was_first_and_keeps_what_they_wrote(world: World) -> None:
    rae, sam, ola = (reviewer(world, name) for name in ("Rae", "Sam", "Ola"))
    case = but_hers(world, rae)
    seen_in_full(case, sam, ola)
    one = Exemption.objects.get()
    send(sam, case, f"stays/{one.id}", {"agrees": "yes"})
    late = send(ola, case, f"stays/{one.id}", {"agrees": "no", "reasons": "Not hers."})
    assert "Sam was first with this." in late and "Not hers." in late
    assert desired()["hers"] == "visible"


def test_an_exemption_of_another_case_is_not_found_here(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    but_hers(world, rae)
    other = world.case("p2", 2)
    one = Exemption.objects.get()
    path = f"/console/c/{other.number}/stays/{one.id}"
    assert sam.post(path, {"agrees": "yes"}).status_code == 404
    assert desired()["hers"] == "hidden"


def test_the_queue_says_that_a_second_person_is_due(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = but_hers(world, rae)
    assert "Second person, for what may stay (not you)" in text(rae.get("/console/"))
    shown = text(sam.get("/console/?state=second"))
    assert case.number in shown and "Second person, for what may stay" in shown
    assert "(not you)" not in shown


def test_a_case_that_is_decided_anew_begins_with_what_was_left_alone(world: World) -> None:
    from heed.cases.services import cases

    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = but_hers(world, rae)
    seen_in_full(case, sam)
    answer(sam, case, {"agrees": "yes"})
    cases.new_round(case, now=world.now)
    page = text(rae.get(f"/console/c/{case.number}/"))
    hers = Item.objects.get(ref="hers")
    offered = page.partition("Items that may stay")[2].partition("</fieldset>")[0]
    ticked = re.findall(r'value="([0-9a-f-]{36})"[^>]*checked', offered)
    assert ticked == [str(hers.id)]


# ------------------------------------------------------------------ on appeal


def removed(world: World, rae: Client) -> Case:
    world.post("hers", 1, account="her-own", hours_ago=100)
    case = world.case()
    send(rae, case, "decide", REMOVE)
    answer_notifiers(decision_id=Decision.objects.get().id, now=world.now)
    issue_statements(case_id=case.id, now=world.now)
    assert desired() == {"p1": "removed", "hers": "removed"}
    return case


def uploader_asks(world: World) -> StatementOfReasons:
    statement = StatementOfReasons.objects.get(item_id=Item.objects.get(ref="hers").id)
    StatementOfReasons.objects.filter(id=statement.id).update(link_hash=digest(SECRET))
    asked = {"statement_id": statement.id, "secret": SECRET}
    assert appeal_as_uploader(**asked, text="It is my own album.", now=world.now)
    return statement


def statement_page(statement: StatementOfReasons) -> str:
    return text(Client().get(f"/s/{statement.id}?k={SECRET}", follow=True))


def test_an_appeal_about_one_place_can_end_for_that_place_alone(world: World) -> None:
    rae, sam, ola = (reviewer(world, name) for name in ("Rae", "Sam", "Ola"))
    case = removed(world, rae)
    statement = uploader_asks(world)
    asked = part(text(sam.get(f"/console/c/{case.number}/")), "appeals")
    assert "it is proposed that this one place may be seen again." in asked
    assert "The rest stays removed." in asked
    said: dict[str, Any] = {"outcome": "partly", "reasons": "It is your own album."}
    one = f"appeals/{Appeal.objects.get().id}"
    unseen = send(sam, case, one, said)
    assert "You have not opened this file in full. It is to be shown again" in unseen
    assert "It is your own album." in unseen
    seen_in_full(case, sam)
    assert "A second person must agree now." in send(sam, case, one, said)
    assert desired() == {"p1": "removed", "hers": "removed"}
    assert "It is shown again when a second person agrees as well." in statement_page(statement)
    assert "on appeal" in stays(ola, case) and "It is your own album." in stays(ola, case)
    seen_in_full(case, ola)
    assert "these places may be seen again" in answer(ola, case, {"agrees": "yes"})
    assert desired() == {"p1": "removed", "hers": "visible"}
    shown = statement_page(statement)
    assert "Your post is shown again." in shown and "agreed with you" in shown
    history = part(text(rae.get(f"/console/c/{case.number}/")), "history")
    assert "reversed on appeal" not in history


def test_an_uploader_is_told_when_the_second_person_does_not_agree(world: World) -> None:
    rae, sam, ola = (reviewer(world, name) for name in ("Rae", "Sam", "Ola"))
    case, statement = removed(world, rae), uploader_asks(world)
    seen_in_full(case, sam, ola)
    send(sam, case, f"appeals/{Appeal.objects.get().id}", PARTLY)
    answer(ola, case, {"agrees": "no", "reasons": "It is not hers."})
    page = statement_page(statement)
    assert "A second person did not agree: it is not shown again." in page
    assert "decided anew" not in page
    assert "It is not hers." not in page, "that stays inside"
    asked = part(text(rae.get(f"/console/c/{case.number}/")), "appeals")
    assert "which go with the rest after all" in asked


def test_who_takes_it_back_is_not_told_that_they_did_not_agree(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = removed(world, rae)
    uploader_asks(world)
    seen_in_full(case, sam)
    send(sam, case, f"appeals/{Appeal.objects.get().id}", PARTLY)
    asked = part(text(rae.get(f"/console/c/{case.number}/")), "appeals")
    assert "but for the places of whoever asked, when a second person agrees" in asked
    done = answer(sam, case, {"agrees": "no", "reasons": "I was mistaken."})
    assert "You took it back: these places are removed with the rest." in done


def test_what_is_added_to_an_appeal_is_read_before_it_is_answered(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case, statement = removed(world, rae), uploader_asks(world)
    seen_in_full(case, sam)
    appeals = part(text(sam.get(f"/console/c/{case.number}/")), "appeals")
    heard = re.search(r'name="heard_until" value="([^"]+)"', appeals)
    assert heard is not None
    world.now += timedelta(minutes=1)
    more = {"statement_id": statement.id, "secret": SECRET, "text": "Here is my licence."}
    assert not appeal_as_uploader(**more, now=world.now)
    one = f"appeals/{Appeal.objects.get().id}"
    said = {"outcome": "stands", "reasons": "It is not yours."}
    refused = send(sam, case, one, {**said, "heard_until": heard[1]})
    assert "under “Notices” or “Appeals”" in refused and "Here is my licence." in refused
    assert "It is not yours." in refused and Appeal.objects.get().state == "open"
    assert "The appeal is answered." in send(sam, case, one, {**said, "heard_until": ""})


def test_an_appeal_that_comes_while_the_page_is_read_is_read_first(world: World) -> None:
    rae, sam = reviewer(world, "Rae"), reviewer(world, "Sam")
    case = but_hers(world, rae)
    seen_in_full(case, sam)
    page = text(sam.get(f"/console/c/{case.number}/"))
    heard = re.search(r'name="heard_until" value="([^"]+)"', page)
    assert heard is not None
    world.now += timedelta(minutes=1)
    assert appeal_as_notifier(
        notice_id=case.joins.get().notice_id, text="It is his second account.", now=world.now
    )
    said = {"agrees": "yes", "heard_until": heard[1]}
    assert "under “Notices” or “Appeals”" in answer(sam, case, said)
    assert desired()["hers"] == "hidden"


def test_a_notifier_can_have_removed_what_a_removal_left_alone(world: World) -> None:
    """And whoever answers is not led to bring everything else back."""
    rae, sam, ola = (reviewer(world, name) for name in ("Rae", "Sam", "Ola"))
    case = but_hers(world, rae)
    seen_in_full(case, sam)
    answer(sam, case, {"agrees": "yes"})
    notice = case.joins.get().notice
    target = notice.targets.get()
    target.pk = None
    target.id, target.position = mint(), 2
    target.item = Item.objects.get(ref="hers")
    target.save()
    assert appeal_as_notifier(notice_id=notice.id, text="That one too.", now=world.now)
    asked = part(text(ola.get(f"/console/c/{case.number}/")), "appeals")
    assert "this one place that they named and the removal left alone is removed as well" in asked
    assert "choose that what the removal left alone is removed as well" in asked
    said = {"outcome": "partly", "reasons": "You are right."}
    done = send(ola, case, f"appeals/{Appeal.objects.get().id}", said)
    assert "The appeal is answered." in done
    assert desired() == {"p1": "removed", "hers": "removed"}


@pytest.mark.parametrize("outcome", ["partly", "reversed "])
def test_no_form_offers_one_place_where_there_is_none(world: World, outcome: str) -> None:
    case, rae, sam = world.case(), reviewer(world, "Rae"), reviewer(world, "Sam")
    send(rae, case, "decide", REMOVE)
    assert appeal_as_notifier(notice_id=case.joins.get().notice_id, text="?", now=world.now)
    assert 'value="partly"' not in text(sam.get(f"/console/c/{case.number}/"))
    said = {"outcome": outcome, "reasons": "x"}
    send(sam, case, f"appeals/{Appeal.objects.get().id}", said)
    assert Appeal.objects.get().state == Appeal.State.OPEN


def test_the_effect_of_deciding_together_says_what_may_stay(world: World) -> None:
    from heed.cases.queries import together
    from heed.flows import decide_together
    from heed.rules.decisions import Ruling, Scope

    world.post("hers", 1, account="her-own", hours_ago=100)
    case = world.case()
    rae = reviewer(world, "Rae")
    seen_in_full(case, rae)
    assert together.sharing(case) == []
    me = world.added["Rae"].staff_id
    effect = decide_together._effect(case, "", Ruling.REMOVE, Scope.ITEMS, me)
    assert (effect.may_stay, effect.becomes, effect.unchanged) == (1, (("removed", 1),), 1)
    whole = decide_together._effect(case, "", Ruling.REMOVE, Scope.FILE, me)
    assert (whole.may_stay, whole.becomes) == (0, (("removed", 2),))


def look_at(client: Client, case: Case, file_id: object) -> None:
    prove(client)
    path = f"/console/c/{case.number}/files/{file_id}/full"
    assert "The near copy, full." in text(client.post(path, {"warned": "1"}))


def test_of_an_altered_copy_both_people_open_what_it_shows_itself(world: World) -> None:
    """The case's own file is not enough: the question is whether this one is another picture."""
    world.post("hers", 1, "quality", account="her-own", hours_ago=1)
    case = world.case()
    rae, sam, ola = (reviewer(world, name) for name in ("Rae", "Sam", "Ola"))
    send(rae, case, "decide", REMOVE)
    near = case.copies.get(how="near")
    judge_copy(copy_id=near.id, same=True, by=world.added["Rae"].staff_id, now=world.now)
    issue_statements(case_id=case.id, now=world.now)
    assert desired() == {"p1": "removed", "hers": "removed"}
    uploader_asks(world)
    compare = f"/console/c/{case.number}/near/{near.near_file_id}"
    asked = part(text(sam.get(f"/console/c/{case.number}/")), "appeals")
    assert "/hers" in asked and f'href="{compare}"' in asked
    assert f"files/{near.near_file_id}/full" in text(sam.get(compare))
    one = f"appeals/{Appeal.objects.get().id}"
    said = {"outcome": "partly", "reasons": "It is your own album."}
    seen_in_full(case, sam, ola)
    assert "You have not opened this file in full." in send(sam, case, one, said)
    look_at(sam, case, near.near_file_id)
    assert "A second person must agree now." in send(sam, case, one, said)
    assert f'<a href="{compare}">what is shown at this place instead</a>' in stays(ola, case)
    assert "Open the file in full first" in answer(ola, case, {"agrees": "yes"})
    assert "of another file than this case" in stays(ola, case)
    look_at(ola, case, near.near_file_id)
    assert "these places may be seen again" in answer(ola, case, {"agrees": "yes"})
    assert desired() == {"p1": "removed", "hers": "visible"}
