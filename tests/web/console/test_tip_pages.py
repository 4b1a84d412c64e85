"""A person prepares what an authority is told; another approves it; both can follow it."""

import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from django.test import Client

from heed.cases.models import Case
from heed.filings.models import Tip
from heed.flows.manage_operator import set_operator
from heed.people.models import Role
from tests.integrations.test_ncmec_documents import OPERATOR
from tests.web.console.test_deciding import REMOVE, send
from tests.web.console.world import World


@pytest.fixture
def found(world: World) -> Case:
    """A case in which Rae has found abuse of a child."""
    case = world.case(stated_age=13, police_agency="City police", email="gil@example.org")
    send(world.as_("Rae", Role.CHILD_SAFETY), case, "decide", REMOVE)
    case.refresh_from_db()
    assert case.state == "decided"
    return case


def at(case: Case, path: str = "") -> str:
    return f"/console/c/{case.number}/tips/{path}"


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return unescape(answer.content.decode())


def prepared(client: Client, case: Case, **said: Any) -> Tip:
    form = {"to": "ncmec", "kind": "material", **said}
    answer = client.post(at(case, "new"), form)
    assert answer.status_code == 302, unescape(answer.content.decode())[:3000]
    return Tip.objects.latest("prepared_at")


def test_it_is_prepared_measured_read_and_handed_over(world: World, found: Case) -> None:
    ola, sam = world.as_("Ola", Role.LIAISON), world.as_("Sam", Role.SENIOR)
    assert "A CyberTip is owed" in text(ola, f"/console/c/{found.number}/")
    assert found.number in text(ola, "/console/tips")
    form = text(ola, at(found, "new"))
    assert 'value="" id="tip-suspect_0" checked' in form.replace("required ", "")
    assert "2026-1234" in form and "gil@example.org" not in form  # not shown, unless chosen
    shown = ola.post(at(found, "new"), {"to": "ncmec", "kind": "material", "preview": "1",
                                        "words": "Please hurry."})  # fmt: skip
    assert b"Please hurry." in shown.content and not Tip.objects.exists()
    tip = prepared(ola, found, words="Please hurry.", school="Example School")
    page = text(ola, at(found, str(tip.id)))
    assert "of 100" in page and "It can't be sent like this" in page  # no operator yet
    set_operator(platform_id=found.platform_id, operator=OPERATOR, by=None, now=world.now)
    ola.post(at(found, f"{tip.id}/send"))
    assert ola.post(at(found, f"{tip.id}/approve")).status_code == 404
    sam.post(at(found, f"{tip.id}/approve"))
    tip.refresh_from_db()
    assert tip.state == "ready" and tip.environment == "hand"
    assert "no credentials" in text(sam, at(found, str(tip.id)))
    held = ola.post(at(found, f"{tip.id}/package"))
    with zipfile.ZipFile(io.BytesIO(held.content)) as archive:
        assert "Example School" in archive.read("report.txt").decode()
    wrong = ola.post(at(found, f"{tip.id}/filed"), {"filed_at": "soon", "report_ref": "77"})
    assert wrong.status_code == 422 and b'value="77"' in wrong.content
    tip.refresh_from_db()
    assert tip.approved_at is not None
    moment = f"{tip.approved_at:%Y-%m-%d %H:%M:%S.%f}"
    ola.post(at(found, f"{tip.id}/filed"), {"filed_at": moment, "report_ref": "77"})
    case_page = text(ola, f"/console/c/{found.number}/")
    assert "Filed" in case_page and "Kept for the authority until" in case_page
    _found_by_its_number(world, ola, found)


def _found_by_its_number(world: World, ola: Client, found: Case) -> None:
    """By who may see tips: to anybody else it is no number of anything."""
    assert "Every finding was told" in text(ola, "/console/tips")
    assert 'words=77">Look in all cases' in text(ola, "/console/?words=77")
    assert found.number in text(ola, "/console/?words=77&state=all")
    zed = world.as_("Zed", Role.REVIEWER)
    assert found.number not in text(zed, "/console/?words=77&state=all")


def test_what_was_typed_wrong_comes_back_with_its_remedy(world: World, found: Case) -> None:
    ola = world.as_("Ola", Role.LIAISON)
    answer = ola.post(at(found, "new"), {"to": "ncmec", "kind": "material", "age": "old",
                                         "words": "Keep me."})  # fmt: skip
    assert answer.status_code == 422
    assert b"Keep me." in answer.content and b"whole number" in answer.content


def test_it_can_be_changed_taken_back_and_withdrawn(world: World, found: Case) -> None:
    set_operator(platform_id=found.platform_id, operator=OPERATOR, by=None, now=world.now)
    ola, sam = world.as_("Ola", Role.LIAISON), world.as_("Sam", Role.SENIOR)
    tip = prepared(ola, found)
    ola.post(at(found, f"{tip.id}/change"), {"kind": "enticement", "words": "More."})
    tip.refresh_from_db()
    assert tip.document["kind"] == "enticement" and "More." in tip.document["words"]
    ola.post(at(found, f"{tip.id}/send"))
    ola.post(at(found, f"{tip.id}/back"))
    tip.refresh_from_db()
    assert tip.state == "draft"
    assert b"no credentials" in ola.post(at(found, f"{tip.id}/again"), follow=True).content
    sam.post(at(found, f"{tip.id}/withdraw"))
    tip.refresh_from_db()
    assert tip.state == "withdrawn"
    assert found.number in text(ola, "/console/tips")  # still owed


def test_before_a_finding_nobody_prepares_anything(world: World) -> None:
    case = world.case()
    answer = world.as_("Ola", Role.LIAISON).get(at(case, "new"), follow=True)
    shown = re.sub(rb"\b\w{64}\b", b"", answer.content)  # without the tokens of its forms
    assert b"decide the case first" in shown and b"uri" not in shown


def test_the_operators_profile_says_what_is_missing(world: World) -> None:
    boss = world.as_("Dee", Role.ADMINISTRATOR)
    assert "missing" in text(boss, "/console/operator")
    assert "a fax number" in text(boss, "/console/operator/square")
    said = {"name": "Square Ltd.", "lines": "1 Square", "city": "Springfield", "country": "us",
            "phone": "1", "fax": "2", "email": "safety@square.example", "first_name": "Rae",
            "last_name": "Desk", "legal_process": "Write.", "counsel": "Somebody"}  # fmt: skip
    assert boss.post("/console/operator/square", {**said, "email": "no"}).status_code == 422
    boss.post("/console/operator/square", said)
    assert "It is whole." in text(boss, "/console/operator/square")


def test_an_auditor_reads_what_authorities_are_told_and_does_nothing(
    world: World, found: Case
) -> None:
    """“Reads everything but files”: whether what the law asks was done is the first question."""
    ola, gil = world.as_("Ola", Role.LIAISON), world.as_("Gil", Role.AUDITOR)
    tip = prepared(ola, found, words="Please hurry.")
    assert found.number in text(gil, "/console/tips")
    page = text(gil, at(found, str(tip.id)))
    assert "Please hurry." in page
    assert "Send it on" not in page and "Withdraw it" not in page
    for act in ("send", "approve", "back", "again", "withdraw", "package", "filed"):
        assert gil.post(at(found, f"{tip.id}/{act}")).status_code == 404
