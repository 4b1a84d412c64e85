"""People decide, together where a body is concerned, and nothing they typed is lost."""

import re
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.cases.models import Appeal, Case, Copy, Decision
from heed.cases.queries import case_copies
from heed.flows.answer_back import answer_back
from heed.flows.find_copies import find_copies
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.supplement_notice import supplement_notice
from heed.media.models import Item, Upload
from heed.people.models import Role, Viewing
from heed.rules.decisions import Ruling
from tests.web.console.world import World

REMOVE = {
    "ruling": "remove", "clause": "child-sexual", "reasons": "It was removed.", "scope": "file",
    "facts": "A drawn scene.",
}  # fmt: skip
KEEP = {**REMOVE, "ruling": "keep", "clause": "none", "reasons": "No rule was broken."}


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def send(client: Client, case: Case, what: str, said: dict[str, str]) -> str:
    return text(client.post(f"/console/c/{case.number}/{what}", said, follow=True))


def look(client: Client, case: Case, variant: str = "blurred") -> Any:
    said = {"warned": "1"}
    return client.post(f"/console/c/{case.number}/files/{case.file_id}/{variant}", said)


def prove(*clients: Client) -> None:
    """Each has shown again who they are."""
    for client in clients:
        session = client.session
        now = {"method": "mfa", "at": time.time(), "reauthenticated": True}
        session["account_authentication_methods"] = [
            *session.get("account_authentication_methods", []),
            now,
        ]
        session.save()


def seen_in_full(case: Case, *clients: Client) -> None:
    """Each has shown again who they are, and then opened the file in full."""
    prove(*clients)
    for client in clients:
        assert look(client, case, "full").status_code == 200


def test_a_reviewer_removes_it_everywhere(world: World) -> None:
    case = world.case()
    copy = world.post("p2", 1)
    page = send(world.as_("Rae", Role.CHILD_SAFETY), case, "decide", REMOVE)
    assert "Decided. The platform and the notifier are being told." in page
    assert Decision.objects.get().ruling == Ruling.REMOVE
    desired = Item.objects.filter(copies__case=case).values_list("desired", flat=True)
    assert set(desired) == {"removed"}
    assert copy.platform_id == case.platform_id


def test_no_violation_on_a_body_stays_proposed_until_another_person_agrees(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    look(rae, case)
    blurred_is_no_view = send(rae, case, "decide", KEEP)
    assert "You have not opened this file in full." in blurred_is_no_view
    seen_in_full(case, rae)
    assert "Proposed." in send(rae, case, "decide", KEEP)
    assert Item.objects.get(ref="p1").desired == "hidden"
    alone = send(rae, case, "second", {"agrees": "yes"})
    assert "A different person must agree." in alone
    unseen = send(sam, case, "second", {"agrees": "yes", "reasons": "So do I"})
    assert "Open the file in full first" in unseen
    assert "So do I" in unseen
    seen_in_full(case, sam)
    assert "Agreed: it is final." in send(sam, case, "second", {"agrees": "yes"})
    assert Item.objects.get(ref="p1").desired == "visible"


def test_the_form_says_beforehand_that_two_people_are_needed(world: World) -> None:
    body, words = world.case("p1", 1), world.case("p2", 2, child=False)
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    assert '"No violation" needs two people' in text(rae.get(f"/console/c/{body.number}/"))
    assert '"No violation" needs two people' not in text(rae.get(f"/console/c/{words.number}/"))


def test_who_does_not_agree_sends_it_back_with_reasons(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    seen_in_full(case, rae, sam)
    send(rae, case, "decide", KEEP)
    assert "Say why you do not agree" in send(sam, case, "second", {"agrees": "no"})
    back = send(sam, case, "second", {"agrees": "no", "reasons": "It is a child."})
    assert "waits for a decision again" in back
    case.refresh_from_db()
    assert case.state == Case.State.OPEN


def test_no_violation_needs_a_look_first_and_says_so(world: World) -> None:
    case = world.case()
    page = send(world.as_("Rae", Role.CHILD_SAFETY), case, "decide", KEEP)
    assert "You have not opened this file in full." in page
    assert "No rule was broken." in page
    assert not Decision.objects.exists()


def test_errors_stand_beside_their_fields_and_nothing_is_lost(world: World) -> None:
    case = world.case()
    said = {**REMOVE, "ruling": "", "clause": "none", "reasons": "My long words"}
    answer = world.as_("Rae", Role.CHILD_SAFETY).post(f"/console/c/{case.number}/decide", said)
    assert answer.status_code == 422
    assert "Choose one of the two." in text(answer)
    assert "My long words" in text(answer)
    wrong = send(world.as_("Sam", Role.REVIEWER), case, "decide", {**said, "ruling": "remove"})
    assert "name the rule that it breaks" in wrong


def test_the_second_of_two_deciders_is_told_and_keeps_their_words(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    send(rae, case, "decide", REMOVE)
    answer = sam.post(f"/console/c/{case.number}/decide", REMOVE)
    assert answer.status_code == 422
    assert Decision.objects.count() == 1


def test_a_preview_decides_nothing(world: World) -> None:
    case = world.case()
    page = send(world.as_("Rae", Role.REVIEWER), case, "decide", {**REMOVE, "preview": "1"})
    assert "As the notifier will read it" in page
    told = page.partition("As the uploader will read it")[2].partition("</dl>")[0]
    assert "No sexual content of anyone under 18" in told
    assert "notice" not in told and "Somebody told us" not in told
    assert not Decision.objects.exists()


def test_an_appeal_is_never_offered_to_who_has_decided(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    send(rae, case, "decide", REMOVE)
    appeal = Appeal.objects.create(
        case=case, decision=Decision.objects.get(), text="It is mine", opened_at=world.now
    )
    address = f"appeals/{appeal.id}"
    answer = {"outcome": "stands", "reasons": "We looked again."}
    assert "goes to a person who has not" in text(rae.get(f"/console/c/{case.number}/"))
    assert "Appeal (not for you)" in text(rae.get("/console/"))
    assert "goes to another person" in send(rae, case, address, answer)
    assert "The appeal is answered." in send(sam, case, address, answer)
    appeal.refresh_from_db()
    assert appeal.state == Appeal.State.STANDS


# ------------------------------------------------------------------ looking


def test_nothing_of_a_file_is_in_the_page_until_it_is_asked_for(world: World) -> None:
    case = world.case()
    page = text(world.as_("Rae", Role.CHILD_SAFETY).get(f"/console/c/{case.number}/"))
    assert "data:image" not in page
    assert "<img" not in page
    assert not Viewing.objects.exists()


def test_each_look_is_in_the_log_and_shown_on_the_case(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    answer = look(rae, case)
    assert "data:image/" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert [one.variant for one in Viewing.objects.all()] == ["blurred"]
    assert "Who has looked (1)" in text(rae.get(f"/console/c/{case.number}/"))


def test_a_file_of_a_minor_opens_in_full_only_after_proving_who_one_is(world: World) -> None:
    case = world.case()
    answer = look(world.as_("Rae", Role.CHILD_SAFETY), case, "full")
    assert answer["Location"].startswith("/console/sign-in/2fa/reauthenticate/")
    assert not Viewing.objects.exists()


def test_a_file_that_cannot_be_had_says_so_in_words(world: World) -> None:
    case = world.case()
    world.evidence.clear()
    page = text(look(world.as_("Rae", Role.CHILD_SAFETY), case))
    assert "could not be shown" in page
    assert not Viewing.objects.exists()


def test_a_reviewer_without_the_role_reads_that_it_needs_one(world: World) -> None:
    case = world.case()
    page = text(world.as_("Rae", Role.REVIEWER).get(f"/console/c/{case.number}/"))
    assert "Only a child-safety reviewer opens files" in page
    assert "Open blurred" not in page


# ------------------------------------------------------------------ near copies, uploads, words


def test_a_near_copy_is_judged_beside_the_file(world: World) -> None:
    world.post("near", 1, "quality")
    case = world.case()
    near = Copy.objects.get(case=case, how="near")
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    unseen = send(rae, case, f"near/{near.near_file_id}/judge", {"same": "yes"})
    assert "Look at both first" in unseen
    warned = rae.post(f"/console/c/{case.number}/near/{near.near_file_id}/look")
    assert "graver than what you have opened" in text(warned)
    assert not Viewing.objects.exists()
    both = rae.post(f"/console/c/{case.number}/near/{near.near_file_id}/look", {"warned": "1"})
    assert text(both).count("data:image/") == 2
    assert Viewing.objects.count() == 2
    page = send(rae, case, f"near/{near.near_file_id}/judge", {"same": "no"})
    assert "Noted: not the same." in page
    assert Item.objects.get(ref="near").desired == "visible"
    again = send(rae, case, f"near/{near.near_file_id}/judge", {"same": "yes"})
    assert "Somebody has judged this copy before." in again


def test_who_judged_a_near_copy_wrongly_says_the_other(world: World) -> None:
    """A wrong key on “Not the same” left it up for good, one on “The same” took a stranger's."""
    world.post("near", 1, "quality")
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    at = f"near/{Copy.objects.get(case=case, how='near').near_file_id}"
    rae.post(f"/console/c/{case.number}/{at}/look", {"warned": "1"})
    send(rae, case, f"{at}/judge", {"same": "no"})
    assert Item.objects.get(ref="near").desired == "visible"
    assert f'/{at}">Look again' in text(rae.get(f"/console/c/{case.number}/"))
    asked = text(rae.get(f"/console/c/{case.number}/{at}"))
    assert "A person has said: <strong>not the same" in asked
    assert 'value="yes"' in asked and 'value="no"' not in asked
    said = {"same": "yes", "again": "1"}
    assert "Noted: the same." in send(rae, case, f"{at}/judge", said)
    assert Item.objects.get(ref="near").desired == "hidden"
    assert "judged this copy before" in send(rae, case, f"{at}/judge", said)
    send(rae, case, "decide", REMOVE)
    assert Item.objects.get(ref="near").desired == "removed"
    send(rae, case, f"{at}/judge", {"same": "no", "again": "1"})
    assert Item.objects.get(ref="near").desired == "visible"


def test_a_held_upload_is_released_or_refused_once(world: World) -> None:
    case = world.case()
    upload = Upload.objects.create(
        platform=world.platform, file=world.file_of(case), case_id=case.id, state="held",
        reason="case", upload_ref="u1", asked_at=world.now,
    )  # fmt: skip
    rae = world.as_("Rae", Role.REVIEWER)
    assert "Released." in send(rae, case, f"uploads/{upload.id}", {"what": "release"})
    assert "no longer waits" in send(rae, case, f"uploads/{upload.id}", {"what": "refuse"})


def test_a_message_reaches_the_notifier_and_an_empty_one_says_what_is_missing(
    world: World,
) -> None:
    case = world.case()
    notice = case.joins.get().notice
    rae = world.as_("Rae", Role.REVIEWER)
    assert "Write something first." in send(
        rae, case, f"notices/{notice.number}/write", {"text": ""}
    )
    send(rae, case, f"notices/{notice.number}/write", {"text": "We are looking."})
    assert notice.messages.get().from_staff == world.added["Rae"].staff_id


def test_who_sends_a_decision_twice_is_not_told_that_somebody_else_was_first(world: World) -> None:
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    send(rae, case, "decide", REMOVE)
    again = send(rae, case, "decide", {**REMOVE, "reasons": "Sent from another tab."})
    assert "You have answered case" in again and "what you sent first stands" in again
    assert "was first" not in again and "Sent from another tab." in again
    assert Decision.objects.count() == 1


def proposed(world: World) -> tuple[Case, Client, Client]:
    """A case that waits for a second person, and two who have seen it in full."""
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    seen_in_full(case, rae, sam)
    send(rae, case, "decide", KEEP)
    return case, rae, sam


def test_the_second_of_two_who_second_is_told_who_was_first_and_keeps_their_words(
    world: World,
) -> None:
    case, _, sam = proposed(world)
    ola = world.as_("Ola", Role.CHILD_SAFETY)
    seen_in_full(case, ola)
    read = str(Decision.objects.get().id)
    said = {"proposal": read, "agrees": "yes", "reasons": "Ola's own words about it."}
    send(sam, case, "second", {"proposal": read, "agrees": "yes"})
    late = ola.post(f"/console/c/{case.number}/second", said)
    assert late.status_code == 422
    assert "Sam was first with this proposal." in text(late)
    assert "Ola's own words about it." in text(late)
    again = send(sam, case, "second", {"proposal": read, "agrees": "yes"})
    assert "You have answered this proposal already" in again


def test_nobody_agrees_to_a_proposal_that_they_have_not_read(world: World) -> None:
    """A page that was open since yesterday shows another proposal than the one that waits now."""
    case, rae, sam = proposed(world)
    first = str(Decision.objects.get().id)
    send(sam, case, "second", {"proposal": first, "agrees": "no", "reasons": "It is him."})
    send(rae, case, "decide", {**KEEP, "reasons": "Said anew."})
    stale = sam.post(f"/console/c/{case.number}/second", {"proposal": first, "agrees": "yes"})
    assert stale.status_code == 422
    assert "not the one that you read" in text(stale) and "Said anew." in text(stale)
    assert Decision.objects.filter(state="proposed").count() == 1
    now = str(Decision.objects.get(state="proposed").id)
    assert f'name="proposal" value="{now}"' in text(stale)
    assert "Agreed: it is final." in send(sam, case, "second", {"proposal": now, "agrees": "yes"})


def test_the_second_of_two_who_answer_an_appeal_is_told_and_keeps_their_words(
    world: World,
) -> None:
    case = world.case()
    send(world.as_("Rae", Role.CHILD_SAFETY), case, "decide", REMOVE)
    appeal = Appeal.objects.create(
        case=case, decision=Decision.objects.get(), text="It was satire.", opened_at=world.now
    )
    sam, ola = world.as_("Sam", Role.CHILD_SAFETY), world.as_("Ola", Role.CHILD_SAFETY)
    said = {"outcome": "stands", "reasons": "It is no satire, says Sam."}
    send(sam, case, f"appeals/{appeal.id}", said)
    late = send(ola, case, f"appeals/{appeal.id}", {**said, "reasons": "Ola's own, half a page."})
    assert "Sam was first with this appeal." in late and "Ola's own, half a page." in late


def test_in_which_language_reasons_begin_is_said_beside_them(world: World) -> None:
    item = world.post("p1", 1)
    case = Case.objects.get(joins__notice=world.notice(item, language="es"))
    page = text(world.as_("Rae", Role.CHILD_SAFETY).get(f"/console/c/{case.number}/"))
    assert "They begin in the language of whoever told us first: Español" in page
    assert 'id="decision-reasons_helptext"' in page


def test_a_letter_that_no_text_may_hold_is_left_out_of_whatever_is_sent(world: World) -> None:
    case, rae = world.case(), world.as_("Rae", *Role)
    send(rae, case, "decide", {**REMOVE, "reasons": "It was\x00 removed."})
    assert Decision.objects.get().reasons == "It was removed."
    account = case.copies.get().item.account_id
    for path, said in {
        f"/console/c/{case.number}/accounts/{account}": {"measure": "warn", "reasons": "So\x00."},
        "/console/views": {"name": "mine\x00", "query": "state=all"},
        "/console/outbox/retry": {"of": "squ\x00are", "all": "1"},
    }.items():
        assert rae.post(path, said).status_code in (200, 302), path
    for path in ("/console/?words=a%00b", "/console/banks?words=a%00b", "/console/orders?page=%00"):
        assert rae.get(path).status_code == 200, path


def heard_until(client: Client, case: Case) -> str:
    """As the page that this client reads now would send it."""
    page = text(client.get(f"/console/c/{case.number}/"))
    found = re.search(r'name="heard_until" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_what_came_while_somebody_decided_is_read_before_it_is_decided(world: World) -> None:
    case, rae = world.case(child=False), world.as_("Rae", Role.CHILD_SAFETY)
    read = heard_until(rae, case)
    later = world.now + timedelta(minutes=1)
    notice_id = case.joins.get().notice_id
    answer_back(notice_id=notice_id, text="I was 13 in it.", now=later)
    refused = send(rae, case, "decide", {**KEEP, "reasons": "A statue.", "heard_until": read})
    assert "We were told something new while you decided" in refused
    assert "I was 13 in it." in refused and "A statue." in refused
    assert not Decision.objects.exists()
    again = send(rae, case, "decide", {**KEEP, "preview": "1", "heard_until": read})
    assert f'name="heard_until" value="{read}"' in again, "a preview is no second reading"
    assert 'name="heard_until" value=""' in refused, "it is said once, however many write"
    assert "Decided." in send(rae, case, "decide", {**KEEP, "heard_until": ""})


def test_a_new_notice_is_read_before_anybody_agrees_that_nothing_is_wrong(world: World) -> None:
    case = world.case()
    rae, sam = world.as_("Rae", Role.CHILD_SAFETY), world.as_("Sam", Role.CHILD_SAFETY)
    seen_in_full(case, rae, sam)
    send(rae, case, "decide", {**KEEP, "heard_until": heard_until(rae, case)})
    read = heard_until(sam, case)
    notice_id = case.joins.get().notice_id
    supplement_notice(notice_id=notice_id, said={"words": "Look at his scar."}, now=timezone.now())
    said = {"agrees": "yes", "heard_until": read}
    assert "We were told something new" in send(sam, case, "second", said)
    assert Decision.objects.get().state == Decision.State.PROPOSED


def test_a_page_sent_with_no_time_or_nonsense_in_its_place_is_taken_as_it_is(world: World) -> None:
    case, rae = world.case(child=False), world.as_("Rae", Role.CHILD_SAFETY)
    assert "Decided." in send(rae, case, "decide", {**KEEP, "heard_until": "yesterday"})


def test_her_own_original_may_stay_also_when_nobody_named_it(world: World) -> None:
    """One file, two wills: an exact copy that was found is offered as the named ones are."""
    hers = world.post("hers", 1, account="her-own", hours_ago=100)
    world.post("other", 1, account="zed", hours_ago=2)
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    page = text(rae.get(f"/console/c/{case.number}/"))
    offered = page.partition("Items that may stay")[2].partition("</fieldset>")[0]
    assert f"{hers.url} (found: the very same file, posted" in offered
    assert offered.index("/hers") < offered.index("/other")
    seen_in_full(case, rae)
    said = send(rae, case, "decide", {**REMOVE, "exempt": [str(hers.id)]})
    assert "Decided: the removal takes effect now." in said
    find_copies(case_id=case.id, now=world.now)
    after = dict(Item.objects.values_list("ref", "desired"))
    assert after == {"p1": "removed", "other": "removed", "hers": "hidden"}


def test_of_very_many_copies_the_oldest_are_offered_to_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_copies, "COPIES_SHOWN", 1)
    monkeypatch.setattr(case_copies, "MAY_STAY", 2)
    for hours in (3, 100, 50):
        world.post(f"copy-{hours}", 1, account=f"account-{hours}", hours_ago=hours)
    page = text(world.as_("Rae", Role.CHILD_SAFETY).get(f"/console/c/{world.case().number}/"))
    offered = page.partition("Items that may stay")[2].partition("</fieldset>")[0]
    assert re.findall(r"/(p1|copy-\d+)", offered) == ["p1", "copy-100", "copy-50"]


def asks_again(world: World, case: Case, text: str) -> None:
    """Whoever told us asks for another look."""
    assert appeal_as_notifier(notice_id=case.joins.get().notice_id, text=text, now=world.now)


@pytest.mark.parametrize("child", [True, False])
def test_who_answers_a_notifier_is_told_that_to_reverse_a_removal_brings_it_back(
    world: World, child: bool
) -> None:
    """“It is still up elsewhere” and “It is not me” are both appeals: a machine can't tell."""
    world.post("p2", 1)
    case = world.case(child=child)
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    send(rae, case, "decide", {**REMOVE} if child else {**REMOVE, "clause": "other"})
    asks_again(world, case, "It is still up elsewhere.")
    said = text(world.as_("Sam", Role.CHILD_SAFETY).get(f"/console/c/{case.number}/"))
    asked = said.partition('id="appeals"')[2].partition("</section>")[0]
    assert "to reverse it brings back what was removed" in asked
    assert "only if they want it back" in asked
    if child:
        assert "Nothing is visible again before a second person has looked and agrees" in asked
    else:
        assert "final at once: all 2 places that this case restricts may be seen again" in asked


def test_who_answers_a_notifier_is_told_that_to_reverse_what_stood_removes_it(
    world: World,
) -> None:
    case, rae = world.case(child=False), world.as_("Rae", Role.CHILD_SAFETY)
    send(rae, case, "decide", KEEP)
    asks_again(world, case, "Look again.")
    said = text(world.as_("Sam", Role.CHILD_SAFETY).get(f"/console/c/{case.number}/"))
    asked = said.partition('id="appeals"')[2].partition("</section>")[0]
    assert "The decision is reversed: it is removed, and that is final at once." in asked
    assert "brings back" not in asked
