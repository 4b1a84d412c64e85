"""Accounts come after the content, and to close one takes two people."""

import re
from html import unescape
from typing import Any

from django.test import Client

from heed.cases.models import Appeal, Case, Deadline, MeasureOnAccount
from heed.flows import measure_account, open_appeal
from heed.flows.open_appeal import appeal_as_notifier
from heed.media.models import Account, Item
from heed.outbox.models import Letter
from heed.people.models import Role
from tests.web.console.test_deciding import REMOVE, send
from tests.web.console.world import World


def text(answer: Any) -> str:
    """Without the tokens of its forms, in which any three letters may stand."""
    return re.sub(r"\b\w{64}\b", "", unescape(answer.content.decode()))


def act(client: Client, case: Case, path: str, **said: str) -> str:
    return text(client.post(f"/console/c/{case.number}/{path}", said, follow=True))


def test_nothing_is_done_to_an_account_before_the_content_is_decided(world: World) -> None:
    case, uri = world.case(), Account.objects.get()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    assert uri.ref not in text(rae.get(f"/console/c/{case.number}/"))
    page = act(rae, case, f"accounts/{uri.id}", measure="warn", reasons="Do not.")
    assert "Decide on the content first" in page
    assert not MeasureOnAccount.objects.exists()


def test_a_warning_is_told_to_the_platform_at_once(world: World) -> None:
    case, uri = world.case(), Account.objects.get()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    send(rae, case, "decide", REMOVE)
    assert "Reasons are missing" in act(rae, case, f"accounts/{uri.id}", measure="warn")
    assert "Done." in act(rae, case, f"accounts/{uri.id}", measure="warn", reasons="Do not.")
    letter = Letter.objects.get(kind="account.measured")
    assert (letter.payload["account"], letter.payload["measure"]) == (uri.ref, "warn")
    assert letter.payload["reasons"] == "Do not."
    again = act(rae, case, f"accounts/{uri.id}", measure="warn", reasons="Words that stay.")
    assert "has had this measure" in again
    assert "Words that stay.</textarea>" in again
    assert rae.post(f"/console/c/{case.number}/accounts/{uri.id}").status_code == 404


def test_to_suspend_takes_the_signature_of_another_and_senior_person(world: World) -> None:
    """flows/measure_account: proposed by one, signed by another, published in numbers."""
    case, uri = world.case(), Account.objects.get()
    rae = world.as_("Rae", Role.CHILD_SAFETY, Role.SENIOR)
    send(rae, case, "decide", REMOVE)
    page = act(rae, case, f"accounts/{uri.id}", measure="suspend", reasons="You threatened.")
    assert "a senior reviewer signs it" in page
    row = MeasureOnAccount.objects.get()
    sign = f"measures/{row.id}"
    assert "not the one who proposed it" in act(rae, case, sign, agrees="yes")
    sam = world.as_("Sam", Role.REVIEWER)
    assert sam.post(f"/console/c/{case.number}/{sign}", {"agrees": "yes"}).status_code == 404
    assert not Letter.objects.filter(kind="account.measured").exists()
    dana = world.as_("Dana", Role.SENIOR)
    assert "You threatened." in text(dana.get(f"/console/c/{case.number}/"))
    assert "Signed: the platform is being told." in act(dana, case, sign, agrees="yes")
    assert Letter.objects.get(kind="account.measured").payload["measure"] == "suspend"
    public = text(Client().get("/measures"))
    assert "1 suspended under “No sexual content of anyone under 18”" in public
    assert uri.ref not in public
    assert not measure_account.sign(
        measure_id=row.id, agrees=False, by=world.added["Dana"].staff_id, now=world.now
    )


def test_who_has_the_account_contests_it_and_another_person_lifts_it(world: World) -> None:
    case, uri = world.case(), Account.objects.get()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    send(rae, case, "decide", REMOVE)
    act(rae, case, f"accounts/{uri.id}", measure="limit", reasons="You posted it.")
    link = str(Letter.objects.get(kind="account.measured").payload["appeal_url"])
    path, at_home = "/a/" + link.partition("/a/")[2], Client()
    row = MeasureOnAccount.objects.get()
    assert Client().get(f"/a/{row.id}").status_code == 404
    assert Client().get(f"/a/{row.id}?k=wrong").status_code == 404
    page = text(at_home.get(path, follow=True))
    assert "Your account is limited" in page and "You posted it." in page
    assert "notice" not in page.partition("<main")[2].partition("</main")[0].lower()
    in_german = text(at_home.get(f"/a/{row.id}", headers={"accept-language": "de"}))
    assert "Dein Konto" in in_german
    assert "Die Regel" in in_german
    asked = text(at_home.post(f"/a/{row.id}", {"why": "My account was taken over."}))
    assert "A person who has not decided before will look" in asked
    assert not open_appeal.appeal_as_account(
        measure_id=row.id, secret=path.partition("k=")[2], text="Again", now=world.now
    )
    appeal = Appeal.objects.get()
    assert "My account was taken over." in text(sam.get(f"/console/c/{case.number}/"))
    said = {"outcome": "reversed", "reasons": "It was not you."}
    assert "You have decided in this case" in act(rae, case, f"appeals/{appeal.id}", **said)
    assert "The appeal is answered." in act(sam, case, f"appeals/{appeal.id}", **said)
    row.refresh_from_db()
    assert row.state == "lifted"
    over = Letter.objects.get(kind="account.measured", payload__has_key="lifted").payload
    assert (over["measure"], over["lifted"], over["account"]) == ("none", "limit", uri.ref)
    assert Item.objects.get(ref="p1").desired == "removed"
    assert "It was not you." in text(at_home.get(f"/a/{row.id}"))


def reversed_by(world: World, case: Case, who: str) -> None:
    """The removal is turned on appeal; what was no body needs no second person."""
    appeal_as_notifier(notice_id=case.joins.get().notice_id, text="Bring it back", now=world.now)
    said = {"outcome": "reversed", "reasons": "It may stay."}
    appeal = Appeal.objects.get(case=case, measure=None)
    assert "The appeal is answered." in act(
        world.as_(who, Role.REVIEWER), case, f"appeals/{appeal.id}", **said
    )


def test_what_was_done_to_an_account_ends_with_the_removal_that_it_rested_on(world: World) -> None:
    case, uri = world.case(child=False), Account.objects.get()
    rae = world.as_("Rae", Role.REVIEWER)
    send(rae, case, "decide", REMOVE)
    act(rae, case, f"accounts/{uri.id}", measure="limit", reasons="You posted it.")
    act(rae, case, f"accounts/{uri.id}", measure="suspend", reasons="You posted it.")
    waits = MeasureOnAccount.objects.get(measure="suspend")
    reversed_by(world, case, "Sam")
    assert Item.objects.get(ref="p1").desired == "visible"
    assert MeasureOnAccount.objects.get(measure="limit").state == "lifted"
    over = Letter.objects.get(kind="account.measured", payload__has_key="lifted").payload
    assert (over["measure"], over["lifted"]) == ("none", "limit")
    waits.refresh_from_db()
    assert (waits.state, waits.signed_by) == ("refused", None)
    dana = world.as_("Dana", Role.SENIOR)
    page = act(dana, case, f"measures/{waits.id}", agrees="yes")
    assert "Decide on the content first" in page
    assert not Letter.objects.filter(payload__measure="suspend").exists()


def test_who_asked_about_a_measure_that_fell_is_told_so_and_nobody_is_owed_an_answer(
    world: World,
) -> None:
    case, uri = world.case(child=False), Account.objects.get()
    rae = world.as_("Rae", Role.REVIEWER)
    send(rae, case, "decide", REMOVE)
    act(rae, case, f"accounts/{uri.id}", measure="limit", reasons="You posted it.")
    link = str(Letter.objects.get(kind="account.measured").payload["appeal_url"])
    path, at_home = "/a/" + link.partition("/a/")[2], Client()
    at_home.get(path)
    at_home.post(path.partition("?")[0], {"why": "It was a garden."})
    asked = Appeal.objects.get()
    reversed_by(world, case, "Sam")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("settled", None)
    assert not Deadline.objects.filter(cause=f"appeal:{asked.id}", met_at=None).exists()
    page = text(at_home.get(path.partition("?")[0]))
    assert "Before a different person answered, it was decided anew." in page
    assert "came to the same answer" not in page and "<textarea" not in page


def test_an_account_stays_limited_while_another_case_asks_for_it(world: World) -> None:
    first, second = world.case(child=False), world.case("p2", 2, child=False)
    uri, rae = Account.objects.get(), world.as_("Rae", Role.REVIEWER)
    for case in (first, second):
        send(rae, case, "decide", REMOVE)
        act(rae, case, f"accounts/{uri.id}", measure="limit", reasons="You posted it.")
    reversed_by(world, first, "Sam")
    lifted = MeasureOnAccount.objects.get(decision__case=first)
    assert lifted.state == "lifted"
    assert not Letter.objects.filter(payload__has_key="lifted").exists()


def test_a_suspension_that_was_refused_may_be_proposed_in_other_words(world: World) -> None:
    case, uri = world.case(), Account.objects.get()
    rae, dana = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Dana", Role.SENIOR)
    send(rae, case, "decide", REMOVE)
    suspend = {"measure": "suspend", "reasons": "You are bad."}
    act(rae, case, f"accounts/{uri.id}", **suspend)
    assert "waits for a senior" in act(rae, case, f"accounts/{uri.id}", **suspend)
    first = MeasureOnAccount.objects.get()
    assert "Refused." in act(dana, case, f"measures/{first.id}", agrees="no")
    said = act(rae, case, f"accounts/{uri.id}", measure="suspend", reasons="You posted it.")
    assert "Proposed: a senior reviewer signs it." in said
    again = MeasureOnAccount.objects.get(state="proposed")
    assert "Signed" in act(dana, case, f"measures/{again.id}", agrees="yes")
    assert Letter.objects.get(kind="account.measured").payload["reasons"] == "You posted it."
