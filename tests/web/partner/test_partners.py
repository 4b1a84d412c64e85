"""Invited partners: lists by hand and by program, priority in their field, and being held to it."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from heed.cases.models import Case, Notice
from heed.cases.queries import of_partners
from heed.flows import manage_partners as flows
from heed.flows.receive_notice import NoticeIn
from heed.flows.receive_partner_notices import MOST_ROWS, receive_partner_notices
from heed.flows.shared.shapes import Place
from heed.people import partners
from heed.people.partner_models import Partner, PartnerKey
from heed.people.partners import PartnerScope
from heed.rules.claims import Category, Standing
from heed.rules.partners import NotWarned, Record, calls_for_a_word, may_pause
from heed.web.partner import words
from heed.web.platform_api.partner_rows import of_csv
from tests.flows.stage import Stage, picture

DAY = timedelta(days=1)
FIELD = [Category.MINOR_SEXUAL, Category.INTIMATE_IMAGE]


@pytest.fixture
def town(db: None) -> Stage:
    stage = Stage()
    stage.now = timezone.now()
    stage.post("p1", picture("one"))
    stage.post("p2", picture("two"))
    return stage


@pytest.fixture
def door(town: Stage) -> tuple[Client, str]:
    """A hotline that has taken its invitation, on its page."""
    invited = flows.invite(
        platform_id=town.platform_id, name="Hotline", kind="hotline", fields=FIELD, by=None,
        now=town.now,
    )  # fmt: skip
    client = Client()
    path = f"/partner/{invited.partner_id}"
    assert "You are invited" in text(client.get(invited.link, follow=True))
    assert "Your private link" in text(client.post(f"{path}/accept"))
    assert Client().get(invited.link).status_code == 404
    return client, path


def text(answer: Any) -> str:
    return str(answer.content.decode())


def key_of(path: str, *scopes: PartnerScope) -> dict[str, str]:
    """A key for the partner, as a header."""
    partner = Partner.objects.get(id=UUID(path.rpartition("/")[2]))
    made = partners.make_key(partner, "ours", scopes or list(PartnerScope), now=timezone.now())
    return {"Authorization": f"Bearer {made}"}


def test_links_in_a_table_may_be_made_harmless_as_hotlines_do(town: Stage) -> None:
    table = 'url,category\n"hxxps://town[.]example/p1, www.town.example/p2",minor_sexual\n'
    row = of_csv(table)[0].row
    assert row is not None
    assert [place.url for place in row.notice.places] == [town.url("p1"), town.url("p2")]
    assert row.verbatim["url"] == "hxxps://town[.]example/p1, www.town.example/p2"


def give(headers: dict[str, str], *notices: dict[str, Any]) -> Any:
    return Client().post(
        "/api/v1/partner/notices", {"notices": list(notices)},
        content_type="application/json", headers=headers,
    )  # fmt: skip


def test_a_list_is_answered_row_by_row_and_saying_it_again_adds_nothing(
    town: Stage, door: tuple[Client, str]
) -> None:
    headers = key_of(door[1])
    rows: list[dict[str, Any]] = [
        {"ref": "a", "url": town.url("p1"), "category": "minor_sexual", "age_then": "under_18"},
        {"ref": "b", "url": town.url("p2"), "category": "nonsense"},
        {"ref": "c", "url": town.url("p2"), "category": "other", "standing": "guardian"},
        {"ref": "d", "category": "minor_sexual"},
    ]
    said = give(headers, *rows).json()
    assert [one["status"] for one in said["rows"]] == ["taken", "refused", "taken", "refused"]
    assert (said["taken"], said["refused"], said["known"]) == (2, 2, 0)
    assert said["rows"][1]["errors"][0]["field"] == "category"
    assert "url or a hash" in said["rows"][3]["errors"][0]["remedy"]
    assert [one["priority"] for one in said["rows"]] == [True, False, False, False]
    assert town.seen("p1", "p2") == ["hidden", "visible"]
    again = give(headers, rows[0]).json()["rows"][0]
    assert (again["status"], again["number"]) == ("known", said["rows"][0]["number"])
    assert Notice.objects.count() == 2
    assert set(Notice.objects.values_list("standing", flat=True)) == {"trusted_flagger"}
    first = Case.objects.get(joins__notice__number=said["rows"][0]["number"])
    assert "partner-in-their-field" in first.because
    assert first.due_at is not None and first.due_at - timezone.now() < timedelta(hours=1)


def test_a_table_from_an_office_program_is_read_with_its_mistakes_named(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    table = (
        "\ufeffref;url;category;age_then;danger_now\r\n"
        f'1;"{town.url("p1")}\n{town.url("p2")}";minor_sexual;under_18;no\r\n'
        "2;;minor_extortion;under_18;perhaps\r\n\r\n"
        "3;;minor_extortion;under_18;no;she is 13; please hurry\r\n"
    )
    shown = text(client.post(f"{path}/list", {"table": table}))
    assert "1 taken, 0 known already, 2 to be mended" in shown
    assert "write yes or no" in shown and "more cells than the first line has names" in shown
    assert town.seen("p1", "p2") == ["hidden", "hidden"]
    wrong = client.post(f"{path}/list", {"table": "link,kind\nx,y"})
    assert wrong.status_code == 422
    assert "no column &#x27;link&#x27;" in text(wrong)
    heavy = BytesIO(table.encode() + b" " * (8 << 20))
    assert "larger than 8 MB" in text(client.post(f"{path}/list", {"file": heavy}))
    by_key = Client().post(
        "/api/v1/partner/notices", table, content_type="text/csv", headers=key_of(path)
    )
    assert [one["status"] for one in by_key.json()["rows"]] == ["known", "refused", "refused"]


def test_cells_that_are_pasted_have_tabs_and_what_must_be_mended_is_still_there(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    assert "<code>minor_sexual</code>: A nude or sexual picture of" in text(client.get(path))
    cells = (
        "url\tcategory\tage_then\twords\n"
        f"{town.url('p1')}\tminor_sexual\tunder_18\tShe is 13, and at our school\n"
        f"{town.url('p2')}\tpicture\tunder_18\t\n"
    )
    shown = client.post(f"{path}/list", {"table": cells})
    assert "1 taken, 0 known already, 1 to be mended" in text(shown)
    assert "mend these rows and send all of it again" in text(shown)
    assert f"{town.url('p2')}\tpicture" in text(shown)
    assert Notice.objects.get().words == "She is 13, and at our school"
    mended = text(client.post(f"{path}/list", {"table": cells.replace("picture", "minor_sexual")}))
    assert "1 taken, 1 known already, 0 to be mended" in mended
    assert f"{town.url('p2')}\tminor" not in mended
    old = BytesIO("url,category,words\nx,other,Jos\xe9".encode("latin-1"))
    assert "CSV UTF-8" in text(client.post(f"{path}/list", {"file": old}))


def test_a_list_that_is_mended_and_sent_again_loses_no_page(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    rows = f"ref,url,category,age_then\n7,{town.url('p1')},minor_sexual,under_18\n"
    first = text(client.post(f"{path}/list", {"table": rows}))
    number = Notice.objects.get().number
    assert f"/n/{number}?k=" in first
    again = text(client.post(f"{path}/list", {"table": rows}))
    assert f"Known: {number}" in again
    assert f'form="open-notice" name="number" value="{number}"' in again
    assert "<td>7</td>" in text(client.get(path))
    opened = client.post(f"{path}/notice", {"number": number}, follow=True)
    assert opened.redirect_chain[0][0].startswith(f"/n/{number}")
    assert "This is your new link" in text(opened)


def test_a_partner_opens_the_pages_of_its_own_notices_alone(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    place = Place(url=town.url("p1"))
    heard = town.hear(NoticeIn(places=(place,), category=Category.OTHER, standing=Standing.OTHER))
    assert client.post(f"{path}/notice", {"number": heard.number}).status_code == 404
    assert client.get(f"/n/{heard.number}").status_code == 404
    assert client.get(heard.private_url, follow=True).status_code == 200


def test_the_example_of_a_list_is_one_that_is_taken(db: None) -> None:
    assert [row.errors for row in of_csv(words.EXAMPLE)] == [(), ()]


def test_a_key_does_what_its_scopes_say_until_it_is_taken_back(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    read = key_of(path, PartnerScope.READ)
    assert Client().get("/api/v1/partner", headers=read).json()["precision"] is None
    assert give(read, {"category": "other"}).status_code == 403
    shown = text(client.post(f"{path}/keys", {"name": "case system"}))
    assert "heedp_" in shown
    for key in PartnerKey.objects.all():
        client.post(f"{path}/keys/{key.id}/revoke")
    assert Client().get("/api/v1/partner", headers=read).status_code == 401
    assert give({"Authorization": "Bearer heedp_a_b"}).status_code == 401
    assert Client().get(path).status_code == 404


def test_who_is_too_often_wrong_is_warned_then_paused_and_heard_all_the_while(
    town: Stage, door: tuple[Client, str]
) -> None:
    client, path = door
    partner = Partner.objects.get()
    rae, sam = town.staff("Rae"), town.staff("Sam")
    give(key_of(path), {"url": town.url("p1"), "category": "minor_sexual"})
    town.keep(Case.objects.get(), rae, sam)
    assert of_partners.record(partner.id) == Record(given=1, removed=0, stands=1)
    assert "0 of 1" in text(client.get(path))
    said: dict[str, Any] = {
        "partner_id": partner.id,
        "reasons": "These were statues.",
        "by": rae.id,
    }
    with pytest.raises(NotWarned):
        flows.pause(**said, now=town.now)
    flows.warn(**said, now=town.now - 8 * DAY)
    flows.pause(**said, now=town.now)
    assert "Your priority is paused until" in text(client.get(path))
    row = {"url": town.url("p2"), "category": "minor_sexual"}
    taken = give(key_of(path), row).json()["rows"][0]
    assert (taken["status"], taken["priority"]) == ("taken", False)
    assert town.seen("p2") == ["hidden"]
    client.post(f"{path}/appeal", {"why": "They were not statues."})
    answer: dict[str, Any] = {"partner_id": partner.id, "agrees": True, "reasons": "You are right."}
    with pytest.raises(flows.NotByYou):
        flows.answer_appeal(**answer, by=rae.id, now=town.now)
    flows.answer_appeal(**answer, by=sam.id, now=town.now)
    partner.refresh_from_db()
    assert partner.state == "active"
    assert "You are right." in text(client.get(path))


def test_a_warning_comes_first_and_leaves_time_to_mend() -> None:
    now = timezone.now()
    assert not may_pause(None, now=now)
    assert [may_pause(now - days * DAY, now=now) for days in (1, 7, 90, 91)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert calls_for_a_word(Record(given=50, removed=9, stands=11))
    assert not calls_for_a_word(Record(given=50, removed=0, stands=19))
    assert not calls_for_a_word(Record(given=50, removed=10, stands=10))


def test_no_more_is_taken_at_once_than_a_list_may_hold(
    town: Stage, door: tuple[Client, str]
) -> None:
    done = receive_partner_notices(partner=Partner.objects.get(), rows=[], now=town.now)
    assert done == [] and MOST_ROWS == 500
    too_many = "category\n" + "other\n" * (MOST_ROWS + 1)
    refused = door[0].post(f"{door[1]}/list", {"table": too_many})
    assert "1 to 500 rows at once" in text(refused)
