"""The liaison's pages: custody and orders, each step by the person who may take it."""

import re

import pyrage
import pytest
from django.test import Client

from heed.cases.models import Case
from heed.filings.models import Disclosure, Dispute, Hold, Order, SealedObject, Unsealing
from heed.filings.ordering import OfficerIn, OrderIn
from heed.flows import note_dispute
from heed.flows.preserve import preserve
from heed.flows.receive_order import receive_order
from heed.flows.view_file import NotViewable, view_file
from heed.people.models import Role
from tests.web.console.test_deciding import prove
from tests.web.console.world import World

OLA = OfficerIn(name="Ola", agency="Police", mail="ola@county.police.uk", phone="+44 1", badge="7")
CALL = {
    "call-number_found": "the force's own site",
    "call-spoke_to": "front desk",
    "call-supervisor": "N. N.",
}


@pytest.fixture
def people(world: World) -> tuple[Client, Client]:
    return world.as_("Lee", Role.LIAISON), world.as_("Sam", Role.SENIOR)


def proved(client: Client, path: str) -> int:
    """Agrees to release something: first who they are is asked again, then it is taken."""
    asked = client.post(path, {"agrees": "yes"})
    assert "reauthenticate" in asked["Location"]
    prove(client)
    return client.post(path, {"agrees": "yes"}).status_code


def test_custody_is_read_held_asked_for_and_agreed_to_on_one_page(
    world: World, people: tuple[Client, Client]
) -> None:
    lee, sam = people
    case = world.case()
    preserve(case_id=case.id, now=world.now)
    assert SealedObject.objects.filter(case_id=case.id, state="kept").count() == 3
    at = f"/console/c/{case.number}/custody"
    page = lee.get(at).content.decode()
    assert "nobody can say yet until when" in page and "Evidence copy" in page
    assert "Bytes, or what stood around them, were sealed" in page
    assert b"Chain of custody" in lee.get(f"/console/c/{case.number}/").content
    assert lee.post(f"{at}/holds", {}).status_code == 422
    assert lee.post(f"{at}/holds", {"reason": "court order 7"}).status_code == 302
    hold = Hold.objects.get()
    assert b"court order 7" in sam.get(at).content
    assert sam.post(f"{at}/holds/{hold.id}/lift").status_code == 302
    wrong = lee.post(f"{at}/asked", {"what": "open", "purpose": "for the court", "recipient": "x"})
    assert wrong.status_code == 422 and b"no age public key" in wrong.content
    key = str(pyrage.x25519.Identity.generate().to_public())
    said = {"what": "open", "purpose": "for the court, 2026-7", "recipient": key}
    assert lee.post(f"{at}/asked", said).status_code == 302
    asked = Unsealing.objects.get()
    assert b"A different person has to agree" in lee.get(at).content
    proved(lee, f"{at}/asked/{asked.id}")
    asked.refresh_from_db()
    assert asked.state == "asked"
    proved(sam, f"{at}/asked/{asked.id}")
    assert f"heed vault open {asked.id}".encode() in sam.get(at).content
    assert b"0</strong> damaged" in lee.get("/console/custody").content


def test_a_dispute_before_an_out_of_court_body_holds_the_evidence_until_it_ends(
    world: World, people: tuple[Client, Client]
) -> None:
    lee, sam = people
    case = world.case()
    at = f"/console/c/{case.number}/custody"
    said = {"dispute-side": "uploader", "dispute-body": "Body A", "dispute-dispute_ref": "7"}
    early = lee.post(f"{at}/disputes", said)
    assert early.status_code == 422 and b"no decision yet" in early.content
    Case.objects.filter(id=case.id).update(state="decided", decided_at=world.now)
    assert lee.post(f"{at}/disputes", said).status_code == 302
    assert lee.post(f"{at}/disputes", said).status_code == 422  # noted before
    assert b"before an out-of-court body" in lee.get(at).content
    noted = Dispute.objects.get()
    ended = {"outcome": "overturned", "followed": "yes"}
    assert sam.post(f"{at}/disputes/{noted.id}", ended).status_code == 302
    assert b"overturned 1" in lee.get("/console/custody").content
    world.person("Vic", Role.AUDITOR)
    with pytest.raises(note_dispute.NotNoted):
        note_dispute.open_dispute(
            case_id=case.id, side="notifier", body="", dispute_ref="8",
            by=world.added["Sam"].staff_id, now=world.now,
        )  # fmt: skip


def test_what_could_not_be_kept_stands_on_the_case_and_its_removal_is_said_aloud(
    world: World,
) -> None:
    case = world.case()
    world.evidence.clear()
    preserve(case_id=case.id, now=world.now)
    rae = world.person("Rae", Role.CHILD_SAFETY)
    client = world.signed_in(rae)
    page = client.get(f"/console/c/{case.number}/").content.decode()
    assert "could not be kept" in page and "answered 404" in page
    with pytest.raises(NotViewable, match="answered 404"):
        view_file(
            case_id=case.id,
            file_id=world.file_of(case).id,
            variant="blurred",
            by=rae.id,
            now=world.now,
        )
    decision = {"ruling": "remove", "clause": "child-sexual", "reasons": "x", "scope": "file"}
    at = f"/console/c/{case.number}/decide"
    refused = client.post(at, decision)
    assert refused.status_code == 422 and b"removed without evidence" in refused.content
    assert client.post(at, {**decision, "without_evidence": "yes"}).status_code == 302
    case.refresh_from_db()
    assert case.decided_level == "removed"


def test_an_order_is_called_back_judged_and_given_by_two_people(
    world: World, people: tuple[Client, Client]
) -> None:
    lee, sam = people
    case = world.case()
    said = OrderIn(
        kind="warrant",
        instrument_ref="2026-7",
        legal_basis="court of X",
        urls=[world.platform.url_prefixes[0] + "p1"],
        sought="everything",
    )
    receive_order(platform_id=world.platform.id, said=said, by=OLA, now=world.now)
    order = Order.objects.get()
    at = f"/console/orders/{order.number}"
    assert order.number.encode() in lee.get("/console/orders").content
    assert b"Nothing is given out or carried out yet" in lee.get(at).content
    key = str(pyrage.x25519.Identity.generate().to_public())
    give = {"give-case": str(case.id), "give-basis": "all that the warrant names",
            "give-recipient": key}  # fmt: skip
    early = lee.post(f"{at}/give", give)
    assert early.status_code == 422 and b"Nobody has called back" in early.content
    assert lee.post(f"{at}/call", {}).status_code == 422
    assert lee.post(f"{at}/call", CALL).status_code == 302
    assert lee.post(f"{at}/judge", {"agrees": "yes"}).status_code == 422
    assert sam.post(f"{at}/judge", {"agrees": "yes"}).status_code == 302
    assert lee.post(f"{at}/give", give).status_code == 302
    given = Disclosure.objects.get()
    assert not given.contents
    assert proved(lee, f"{at}/give/{given.id}") == 422
    assert proved(sam, f"{at}/give/{given.id}") == 302
    answer = {"words-words": "Here it is.", "what": "given"}
    assert lee.post(f"{at}/answer", answer).status_code == 422  # it is not built yet
    refuse = lee.post(f"{at}/answer", {"words-words": "Not under this law.", "what": "refuse"})
    assert refuse.status_code == 302
    assert "Not under this law" in sam.get(at).content.decode()
    assert re.search(r"refused", sam.get("/console/orders").content.decode())
    zed = world.as_("Zed", Role.REVIEWER)
    assert zed.get(at).status_code == 404
    assert Case.objects.get(id=case.id).decided_level == ""
