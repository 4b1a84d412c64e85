"""Banks, exchanges and rollbacks in the console: what is shown is so, and who may change it."""

import json
from html import unescape
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from heed.cases.models import Rollback
from heed.flows import manage_banks, meet_banks
from heed.flows.manage_exchanges import add_exchange
from heed.media import banks
from heed.media.models import Bank, BankSignal, Exchange
from heed.people.models import Role
from tests.web.console.world import World, signals

POLICY = {
    "category": "minor_sexual", "on_upload": "hold", "on_registered": "hide",
    "threshold_bits": "31", "enabled_share": "1",
}  # fmt: skip


def test_a_bank_is_made_filled_tried_and_switched_on_and_then_rolled_back_by_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meet_banks.writing, "oldest_running", lambda: 2**62)
    world.post("p1", 1)
    rae = world.as_("Rae", Role.SENIOR)
    made = rae.post("/console/banks/new", {**POLICY, "name": "List", "platform": "square"})
    bank = Bank.objects.get()
    assert made.headers["Location"] == f"/console/banks/{bank.id}"
    at = f"/console/banks/{bank.id}"
    _, known = signals(1)
    rows = [{"type": "pdq", "value": known.pdq.hex()}, {"type": "pdq", "value": "zz"}]
    file = SimpleUploadedFile("list.json", json.dumps(rows).encode())
    page = rae.post(f"{at}/import", {"file": file})
    assert "64 hexadecimal digits" in page.content.decode()
    assert BankSignal.objects.count() == 1
    rae.post(f"{at}/change", {"switch": "on"})
    assert not Bank.objects.get().enabled
    assert "was not tried" in rae.get(at).content.decode()
    rae.post(f"{at}/change", {"try": "1"})
    shown = rae.get(at).content.decode()
    assert "p1" in shown and "hide" in shown
    rae.post(f"{at}/change", {"switch": "on"})
    meet_banks.sweep_banks(now=world.now)
    world.post("p2", 1)
    told = rae.get(f"{at}/export.csv").getvalue().decode()
    assert known.pdq.hex() in told
    _roll_back(world, rae)
    assert not Bank.objects.get().enabled


def _roll_back(world: World, rae: Client) -> None:
    proposal = {"what": "bank", "value": "List", "why": "A wrong list."}
    counted = rae.post("/console/rollbacks/propose", proposal).content.decode()
    assert "<strong>2</strong> items" in counted
    rae.post("/console/rollbacks/propose", {**proposal, "propose": "1"})
    one = Rollback.objects.get()
    own = rae.post(f"/console/rollbacks/{one.id}", {"agrees": "yes"}, follow=True)
    assert "another senior reviewer" in own.content.decode()
    sam = world.as_("Sam", Role.ADMINISTRATOR)
    assert "A wrong list." in sam.get("/console/rollbacks").content.decode()
    sam.post(f"/console/rollbacks/{one.id}", {"agrees": "yes"})
    assert Rollback.objects.get().state == "confirmed"


def test_a_bank_of_another_platform_is_not_there_and_a_shared_one_is_not_changed(
    world: World,
) -> None:
    world.add_platform("other", "Other")
    policy = manage_banks.Policy()
    theirs = manage_banks.make_bank(
        name="T", platform_slug="other", policy=policy, by="t", now=world.now
    )
    shared = manage_banks.make_bank(
        name="S", platform_slug="", policy=policy, by="t", now=world.now
    )
    rae = world.as_("Rae", Role.SENIOR)
    assert rae.get(f"/console/banks/{theirs.id}").status_code == 404
    Bank.objects.filter(id=shared.id).update(
        tried_at=world.now, tried={"signals": 1, "platforms": [
            {"platform": "other", "files": 1, "items": 1, "visible": 1, "would": "hide",
             "sample": ["secret-post"]}]},
    )  # fmt: skip
    known, case = signals(1)[1], str(uuid4())
    one = [banks.SignalIn("sha256", known.sha256, None)]
    banks.add(shared, one, source=f"case:{case}", now=world.now)
    seen = rae.get(f"/console/banks/{shared.id}")
    assert seen.status_code == 200
    page = seen.content.decode()
    assert "secret-post" not in page and case not in page
    assert "<code>cases</code>: 1 sha256" in page
    assert rae.post(f"/console/banks/{shared.id}/change", {"try": "1"}).status_code == 404
    wrong = rae.post("/console/banks/new", {**POLICY, "name": "", "platform": "other"})
    assert wrong.status_code == 422


def test_nobody_counts_proposes_or_reads_a_rollback_at_a_platform_that_is_not_theirs(
    world: World,
) -> None:
    world.add_platform("other", "Other")
    theirs = manage_banks.make_bank(
        name="Theirs", platform_slug="other", policy=manage_banks.Policy(), by="t", now=world.now
    )
    rows = f"type,value\npdq,{signals(1)[1].pdq.hex()}\n"
    manage_banks.import_signals(bank_id=theirs.id, text=rows, kind="csv", by="t", now=world.now)
    sam = world.as_("Sam", Role.SENIOR, platform="other")
    rae = world.as_("Rae", Role.SENIOR)
    proposal = {"what": "bank", "value": "Theirs", "why": "A wrong list."}
    for more in ({}, {"propose": "1"}):
        refused = rae.post("/console/rollbacks/propose", {**proposal, **more}).content.decode()
        assert "every platform that it reaches" in refused
        assert "It would undo" not in refused
    sam.post("/console/rollbacks/propose", {**proposal, "propose": "1"})
    one = Rollback.objects.get()
    assert "A wrong list." not in rae.get("/console/rollbacks").content.decode()
    assert rae.post(f"/console/rollbacks/{one.id}", {"agrees": "yes"}).status_code == 404


def test_an_exchange_is_shown_and_asked_by_its_own_platform_and_twins_are_told_apart(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world.add_platform("other", "Other")
    path = str(tmp_path_factory.mktemp("lists"))
    for slug in ("square", "other"):
        add_exchange(
            name=f"of-{slug}", kind="folder", said={"path": path}, platform_slug=slug,
            bank_name="Twin", by="t", now=world.now,
        )  # fmt: skip
    rae = world.as_("Rae", Role.SENIOR)
    shown = rae.get("/console/exchanges").content.decode()
    assert "of-square" in shown and "of-other" not in shown
    assert rae.post("/console/exchanges/of-other", {"switch": "off"}).status_code == 404
    rae.post("/console/exchanges/of-square", {"switch": "off"})
    assert [one.name for one in Exchange.objects.filter(enabled=True)] == ["of-other"]
    asked = {"what": "bank", "value": "Twin", "why": "Wrong."}
    which = unescape(rae.post("/console/rollbacks/propose", asked).content.decode())
    assert "2 banks are called 'Twin': write platform/Twin" in which
    ours = rae.post("/console/rollbacks/propose", asked | {"value": "square/Twin"}).content
    assert b"It would undo" in ours


def test_how_an_exchange_stands_is_shown_and_it_can_be_asked_at_once(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.mktemp("lists"))
    add_exchange(name="folder", kind="folder", said={"path": path}, by="t", now=world.now)
    Exchange.objects.update(trouble="it answered 500", failed_at=world.now, enabled=False)
    rae = world.as_("Rae", Role.ADMINISTRATOR)
    shown = rae.get("/console/exchanges").content.decode()
    assert "it answered 500" in shown and "heed exchange add" in shown
    rae.post("/console/exchanges/folder", {"switch": "on"})
    assert Exchange.objects.get().enabled
    assert rae.post("/console/exchanges/nothing", {"switch": "on"}).status_code == 404


def test_a_new_bank_is_shared_with_all_platforms_only_when_somebody_says_so(world: World) -> None:
    rae = world.as_("Rae", Role.SENIOR)
    page = rae.get("/console/banks").content.decode()
    assert '<option value="square" selected>Town Square</option>' in page
    assert '<option value="">All platforms</option>' in page


def test_what_a_bank_does_is_said_in_the_words_of_its_form(world: World) -> None:
    policy = manage_banks.Policy(on_upload="block", on_registered="person")
    manage_banks.make_bank(name="L", platform_slug="square", policy=policy, by="t", now=world.now)
    page = world.as_("Rae", Role.SENIOR).get("/console/banks").content.decode()
    row = page[page.index(">L</a>") : page.index("</tbody>")]
    for words in ("Town Square", "Refuse the very same bytes", "Ask for a person"):
        assert words in row
