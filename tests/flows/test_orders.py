"""receive_order, verify_officer, answer_order, disclose: asked, verified, answered, never alone."""

import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from heed.cases.models import Case
from heed.filings import custody, feedback_paper, instruments, orders
from heed.filings.models import (
    Disclosure,
    InstrumentReading,
    Officer,
    Order,
    SealedObject,
)
from heed.filings.ordering import OfficerIn, OrderChanged, OrderIn
from heed.flows import wiring
from heed.flows.answer_order import (
    MayNotAnswer,
    ask_to_clarify,
    carry_out,
    clarified,
    contest,
    refuse,
)
from heed.flows.disclose import build, fetch, propose, second
from heed.flows.fetch_files import fetch_files
from heed.flows.manage_operator import set_operator
from heed.flows.preserve import preserve
from heed.flows.receive_order import NothingAsked, challenge_again, receive_order, renew
from heed.flows.take_instrument import (
    MOST_BYTES,
    NotReadable,
    NotTaken,
    ask,
    open_for,
    take,
)
from heed.flows.take_instrument import fetch as fetch_paper
from heed.flows.verify_officer import (
    Call,
    MayNotVerify,
    confirm_mailbox,
    judge_call,
    note_call,
    open_account,
    sign_in,
)
from heed.integrations.vault.sealing import AgeSeals
from heed.media.models import Item
from heed.media.services import FileIn
from heed.people.models import Role, Staff
from heed.ports import Purpose
from tests.flows.stage import Stage, entries, waiting
from tests.flows.stand_in_platform import StandInPlatform
from tests.flows.test_preserving import PICTURE
from tests.integrations.test_ncmec_documents import OPERATOR
from tests.people import gil

OLA = OfficerIn(
    name="Ola",
    agency="County police",
    mail="ola@county.police.uk",
    phone="+44 20 7946 0001",
    agency_address="1 High Street",
    badge="77",
    country="GB",
)
FOUND = Call(
    number_found="the force's own site, +44 20 7946 0999", spoke_to="front desk", supervisor="N. N."
)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    shutil.copytree(django_settings.HEED_VAULT_KEYS, tmp_path / "keys")
    settings.HEED_VAULT_KEYS = tmp_path / "keys"
    settings.HEED_VAULT_DIR = tmp_path / "vault"
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=[Purpose.FILING]))
    wiring.vault.cache_clear()
    yield
    wiring.vault.cache_clear()


@pytest.fixture
def liaison(town: Stage) -> Staff:
    return town.staff("Lee", Role.LIAISON)


@pytest.fixture
def senior(town: Stage) -> Staff:
    return town.staff("Sam", Role.SENIOR)


def asks(stage: Stage, kind: str, *urls: str, by: OfficerIn = OLA, **more: Any) -> Order:
    said = {"instrument_ref": "2026-77", "legal_basis": "as the law says, court of X"} | more
    if kind in ("emergency", "subpoena", "warrant", "court_order_2703d", "mlat", "dsa_10"):
        said.setdefault("sought", "who published it, and when")
    taken = receive_order(
        platform_id=stage.platform_id,
        said=OrderIn(kind=kind, urls=urls, **said),
        by=by,
        now=stage.now,
    )
    return Order.objects.select_related("officer").get(number=taken.number)


def verified(stage: Stage, order: Order, by: Staff, other: Staff) -> None:
    note_call(order_id=order.id, call=FOUND, by=by.id, now=stage.now)
    judge_call(order_id=order.id, agrees=True, by=other.id, now=stage.now)


def code_in_mail() -> str:
    found = re.search(r"request: (\w+)", mail.outbox[-1].body)
    assert found
    return found.group(1)


# ------------------------------------------------------------------ the ladder


def test_a_mailbox_alone_is_never_proof_and_the_officers_own_number_is_never_called(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    order = asks(town, "subpoena", identifiers="account uri")
    assert not confirm_mailbox(order_id=order.id, code="WRONG", now=town.now)
    assert confirm_mailbox(order_id=order.id, code=code_in_mail().lower(), now=town.now)
    assert Officer.objects.get().level == 1
    theirs = Call(number_found="they gave +44 20 7946 0001", spoke_to="Ola", supervisor="X")
    with pytest.raises(MayNotVerify, match="number that the officer gave"):
        note_call(order_id=order.id, call=theirs, by=liaison.id, now=town.now)
    with pytest.raises(MayNotVerify, match="Only a liaison"):
        note_call(order_id=order.id, call=FOUND, by=town.staff("Rae").id, now=town.now)
    note_call(order_id=order.id, call=FOUND, by=liaison.id, now=town.now)
    with pytest.raises(MayNotVerify, match="You made this call"):
        judge_call(order_id=order.id, agrees=True, by=liaison.id, now=town.now)
    judge_call(order_id=order.id, agrees=False, by=senior.id, now=town.now)
    assert Officer.objects.get().level == 1
    verified(town, order, liaison, senior)
    assert Officer.objects.get().level == 2
    private = asks(
        town, "subpoena", identifiers="x", by=OfficerIn(**{**vars_of(OLA), "mail": "o@m.example"})
    )
    assert confirm_mailbox(order_id=private.id, code=code_in_mail(), now=town.now)
    assert orders.find(private.number).officer.level == 0  # type: ignore[union-attr]


def test_a_code_that_did_not_come_is_sent_anew_and_no_strangers_mailbox_is_filled(
    town: Stage,
) -> None:
    order = asks(town, "subpoena", identifiers="x")
    first = code_in_mail()
    sent = [challenge_again(order_id=order.id, now=town.now) for _ in range(7)]
    assert sent == [True] * 5 + [False] * 2 and len(mail.outbox) == 6
    assert not confirm_mailbox(order_id=order.id, code=first, now=town.now)
    assert confirm_mailbox(order_id=order.id, code=code_in_mail(), now=town.now)
    with pytest.raises(OrderChanged, match="has answered"):
        challenge_again(order_id=order.id, now=town.now)


def vars_of(officer: OfficerIn) -> dict[str, Any]:
    return {name: getattr(officer, name) for name in OfficerIn.__slots__}


def test_an_agency_account_has_a_second_factor_and_runs_out_after_ninety_days(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    order = asks(town, "subpoena", identifiers="x")
    with pytest.raises(MayNotVerify, match="First the mailbox and the call-back"):
        open_account(order_id=order.id, by=liaison.id, now=town.now)
    confirm_mailbox(order_id=order.id, code=code_in_mail(), now=town.now)
    verified(town, order, liaison, senior)
    secret = open_account(order_id=order.id, by=liaison.id, now=town.now)
    from tests.web.console.world import code_of

    assert sign_in(mail=OLA.mail, code="000000", now=town.now) is None
    account = sign_in(mail=OLA.mail.upper(), code=code_of(secret), now=town.now)
    assert account == order.officer_id and Officer.objects.get().level == 3
    later = town.now + timedelta(days=90)
    assert sign_in(mail=OLA.mail, code=code_of(secret), now=later) is None
    assert totp.validate_totp_code(secret, code_of(secret))


# ------------------------------------------------------------------ a false emergency


def test_a_fraudulent_emergency_from_a_stolen_mailbox_gets_nothing_from_anybody_alone(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    town.post("a", FileIn(sha256=b"a" * 32))
    town.hear(gil(town.url("a")))
    with pytest.raises(NothingAsked, match="what danger"):
        asks(town, "emergency", town.url("a"))
    order = asks(town, "emergency", town.url("a"), danger="Minutes count! Send it now.")
    (hour,) = orders.deadlines(order)  # one for the order, however many cases it names
    assert (hour.clock, hour.due_at) == ("us.2702.triage", town.now + timedelta(hours=1))
    confirm_mailbox(order_id=order.id, code=code_in_mail(), now=town.now)  # the mailbox is real
    wish = {
        "order_id": order.id,
        "case_id": order.cases[0],
        "contents": True,
        "basis": "imminent danger, as they say",
        "recipient": str(pyrage.x25519.Identity.generate().to_public()),
    }
    with pytest.raises(MayNotAnswer, match="Nobody has called back"):
        propose(**wish, by=liaison.id, now=town.now)
    note_call(order_id=order.id, call=FOUND, by=liaison.id, now=town.now)
    with pytest.raises(MayNotAnswer, match="Nobody has called back"):
        propose(**wish, by=senior.id, now=town.now)  # one person's call is not enough
    judge_call(order_id=order.id, agrees=False, by=senior.id, now=town.now)  # nobody knows of it
    ask_to_clarify(order_id=order.id, question="Who is in danger?", by=liaison.id, now=town.now)
    assert orders.deadlines(order).filter(met_at=None, held_at=None).exists()  # no answer yet
    refuse(order_id=order.id, answer="Your agency does not know it.", by=liaison.id, now=town.now)
    assert not Disclosure.objects.exists() and entries("evidence.read") == 0
    assert orders.deadlines(order).get().met_at == town.now
    found = orders.published(now=town.now)
    (shown,) = found.rows
    assert shown.authority == "somebody who was not verified" and found.silent == 0
    assert "Ola" not in str(shown) and town.url("a") not in str(shown)


# ------------------------------------------------------------------ preserving


def test_what_a_preservation_request_names_is_kept_at_once_for_ninety_days_and_ninety_more(
    town: Stage, liaison: Staff
) -> None:
    town.post("a", FileIn(sha256=b"a" * 32))
    order = asks(town, "preservation", town.url("a"))
    assert "preserve" in waiting() and town.seen("a") == ["visible"]
    case = Case.objects.get(id=order.cases[0])
    Case.objects.filter(id=case.id).update(state="decided", decided_at=town.now)
    case.refresh_from_db()
    floor = [one for one in custody.retention_of(case).because if "2703(f)" in one.says]
    assert floor[0].until == town.now + timedelta(days=90)
    town.later(timedelta(days=80))
    renew(order_id=order.id, now=town.now)
    floors = [one.until for one in custody.retention_of(case).because if "2703(f)" in one.says]
    assert max(one for one in floors if one) == town.now + timedelta(days=90)
    carry_out(order_id=order.id, answer="Kept.", by=liaison.id, now=town.now)
    assert orders.find(order.number).state == "done"  # type: ignore[union-attr]


# ------------------------------------------------------------------ removal orders


def test_an_unverified_removal_order_never_acts_by_itself_and_its_hour_runs_all_the_same(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    town.post("a", FileIn(sha256=b"a" * 32))
    order = asks(town, "removal_tco", town.url("a"))
    town.work()
    assert town.seen("a") == ["visible"]
    hour = orders.deadlines(order).get(clock="eu.tco.removal")
    assert hour.due_at == town.now + timedelta(hours=1)
    with pytest.raises(MayNotAnswer, match="unverified order is never carried out"):
        carry_out(order_id=order.id, answer="At once.", by=liaison.id, now=town.now)
    ask_to_clarify(order_id=order.id, question="Which post?", by=liaison.id, now=town.now)
    town.later(timedelta(minutes=30))
    clarified(order_id=order.id, words="The first one.", now=town.now)
    newest = orders.deadlines(order).filter(clock="eu.tco.removal").last()
    assert newest is not None and newest.due_at == town.now + timedelta(hours=1)
    verified(town, order, liaison, senior)
    carry_out(order_id=order.id, answer="Done.", by=liaison.id, now=town.now)
    town.work()
    assert town.seen("a") == ["removed"] and entries("decision.made") == 1
    kept = orders.deadlines(order).get(clock="eu.tco.preserve")
    assert kept.stops == "time_passed" and (kept.due_at - town.now).days > 180
    contest(order_id=order.id, words="before the court of Y", by=senior.id, now=town.now)
    (shown,) = orders.published(now=town.now, asked="7 or so").rows
    assert (shown.items, shown.authority) == (1, "County police")
    assert shown.challenge == "before the court of Y"


def test_an_order_for_what_is_gone_is_met_and_a_refused_one_is_late_if_it_was_late(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    town.post("a", FileIn(sha256=b"a" * 32))
    town.hear(gil(town.url("a")))
    town.remove(Case.objects.get(), senior)
    Item.objects.update(acknowledged="removed", observed="gone", acknowledged_revision=99)
    again = asks(town, "removal_tco", town.url("a"))  # gone before it was ordered anew
    verified(town, again, liaison, senior)
    carry_out(order_id=again.id, answer="It is gone.", by=liaison.id, now=town.now)
    assert not orders.deadlines(again).filter(clock="eu.tco.removal", met_at=None).exists()
    assert orders.deadlines(again).filter(clock="eu.tco.preserve").exists()
    forged = asks(town, "removal_tco", town.url("a"))
    town.later(timedelta(hours=2))
    refuse(order_id=forged.id, answer="Nobody there knows it.", by=liaison.id, now=town.now)
    (late,) = orders.deadlines(forged)
    assert late.met_at == late.breached_at == town.now  # a no ends the clock, and late is late


def test_a_removal_is_confirmed_on_the_form_of_annex_ii_and_only_once_it_is_so(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    set_operator(platform_id=town.platform_id, operator=OPERATOR, by=None, now=town.now)
    town.post("a", FileIn(sha256=b"a" * 32))
    order = asks(town, "removal_tco", town.url("a"))
    with pytest.raises(feedback_paper.NotYet, match="carried out"):
        feedback_paper.paper(order, now=town.now)
    verified(town, order, liaison, senior)
    carry_out(order_id=order.id, answer="Gone.", by=liaison.id, now=town.now)
    order.refresh_from_db()
    with pytest.raises(feedback_paper.NotYet, match="1 of 1 addresses are not confirmed"):
        feedback_paper.paper(order, now=town.now)
    gone = {"acknowledged": "removed", "acknowledged_at": town.now, "observed": "gone"}
    Item.objects.update(**gone | {"observed": "seen"})  # the platform says so, and it is not so
    with pytest.raises(feedback_paper.NotYet, match="1 of 1"):
        feedback_paper.paper(order, now=town.now)
    Item.objects.update(**gone)
    pdf = feedback_paper.paper(order, now=town.now)
    assert pdf[:5] == b"%PDF-" and b"/Lang" in pdf
    told = json.dumps(feedback_paper.told(order, feedback_paper.places(order), town.now))
    for words in ("2026-77", "County police", town.url("a"), "2026-06-01 12:00:00 UTC",
                  OPERATOR.name, "gone when we looked", "2026-12-01", order.number):  # fmt: skip
        assert words in told


# ------------------------------------------------------------------ the paper itself


def test_a_paper_is_sealed_unread_and_opened_for_one_of_us_alone(
    town: Stage, liaison: Staff, senior: Staff
) -> None:
    order = asks(town, "subpoena", identifiers="x")
    paper = b"%PDF-1.7\n/OpenAction /Launch " + bytes(range(256)) * 40
    for bad, why in ((b"MZ" + paper, "as a PDF"), (paper + bytes(MOST_BYTES), "at most 8 MB")):
        with pytest.raises(NotTaken, match=why):
            take(order_id=order.id, data=bad, now=town.now)
    take(order_id=order.id, data=paper, now=town.now)
    take(order_id=order.id, data=paper, now=town.now)  # the same again is the same
    (sealed,) = instruments.of_order(order)
    assert sealed.state == "kept" and b"OpenAction" not in wiring.vault().get(sealed.name)
    key, mine = pyrage.x25519.Identity.generate(), {"order_id": order.id, "sealed_id": sealed.id}
    with pytest.raises(MayNotVerify, match="Only a liaison"):
        ask(**mine, recipient=str(key.to_public()), by=town.staff("Rae").id, now=town.now)
    with pytest.raises(NotReadable, match="age1"):
        ask(**mine, recipient="mail me", by=liaison.id, now=town.now)
    ask(**mine, recipient=str(key.to_public()), by=liaison.id, now=town.now)
    assert "open_instrument" in waiting()
    read = InstrumentReading.objects.get()
    with pytest.raises(NotReadable, match="not ready"):
        fetch_paper(reading_id=read.id, by=liaison.id)
    assert open_for(reading_id=read.id, now=town.now)
    assert not open_for(reading_id=read.id, now=town.now)
    with pytest.raises(NotReadable, match="somebody else"):
        fetch_paper(reading_id=read.id, by=senior.id)
    assert pyrage.decrypt(fetch_paper(reading_id=read.id, by=liaison.id), [key]) == paper
    assert (entries("evidence.read"), entries("instrument.opened")) == (1, 1)
    assert {wiring.vault().get(one)[:3] for one in custody.names()}  # each lies where it is noted
    for n in range(4):
        take(order_id=order.id, data=paper + bytes([n]), now=town.now)
    with pytest.raises(NotTaken, match="5 papers"):
        take(order_id=order.id, data=paper + b"more", now=town.now)


# ------------------------------------------------------------------ giving something out


def test_what_two_of_us_give_is_for_the_officers_key_alone_and_can_be_checked(
    square: Stage, platform: StandInPlatform, decoder: None
) -> None:
    lee, sam = square.staff("Lee", Role.LIAISON), square.staff("Sam", Role.SENIOR)
    platform.bytes["a.0"] = PICTURE
    square.post("a", FileIn(url=square.url("files/a.0")))
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    preserve(case_id=Case.objects.get().id, now=square.now)
    key = pyrage.x25519.Identity.generate()
    wish = {"case_id": Case.objects.get().id, "recipient": str(key.to_public())}
    why = {"basis": "subscriber records, as the section says"}
    _records_only(square, wish | why, lee, sam)
    warrant = asks(square, "warrant", square.url("a"))
    verified(square, warrant, lee, sam)
    given = propose(order_id=warrant.id, contents=True, **wish, **why, by=lee.id, now=square.now)
    with pytest.raises(MayNotAnswer, match="A different person"):
        second(disclosure_id=given.id, agrees=True, by=lee.id, now=square.now)
    assert not build(disclosure_id=given.id, now=square.now)
    second(disclosure_id=given.id, agrees=True, by=sam.id, now=square.now)
    assert "disclose" in waiting() and build(disclosure_id=given.id, now=square.now)
    package = fetch(disclosure_id=given.id, now=square.now)
    assert PICTURE[:64] not in package
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(package, [key]))) as tar:
        inside = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    manifest = json.loads(inside["manifest.json"])
    assert PICTURE in inside.values() and inside["read-me-first.pdf"][:5] == b"%PDF-"
    assert {one["name"] for one in manifest["files"]} == set(inside) - {"manifest.json"}
    assert json.loads(inside["records.json"])[0]["ref"] == "a"
    assert manifest["ledger"] and entries("evidence.read") == 2
    assert not SealedObject.objects.filter(state="damaged").exists()
    assert wiring.vault().get(Disclosure.objects.get().name) == package


def _records_only(square: Stage, wish: dict[str, Any], lee: Staff, sam: Staff) -> None:
    subpoena = asks(square, "subpoena", square.url("a"))
    verified(square, subpoena, lee, sam)
    with pytest.raises(MayNotAnswer, match="records only"):
        propose(order_id=subpoena.id, contents=True, **wish, by=lee.id, now=square.now)


# ------------------------------------------------------------------ the door


def test_an_officer_asks_confirms_and_follows_it_on_a_page_of_their_own(town: Stage) -> None:
    town.post("a", FileIn(sha256=b"a" * 32))
    browser = Client()
    assert b"Nobody needs an officer" in browser.get("/officer/").content
    blank = browser.post("/officer/ask/preservation", {})
    assert blank.status_code == 422 and b"Say which agency" in blank.content
    said = {
        **vars_of(OLA),
        "platform": str(town.platform_id),
        "instrument_ref": "2026-77",
        "legal_basis": "18 U.S.C. 2703(f)",
        "urls": town.url("a"),
    }
    sent = browser.post("/officer/ask/preservation", said)
    assert sent.status_code == 302
    page = browser.get(sent["Location"])
    order = Order.objects.get()
    at = f"/officer/o/{order.number}"
    assert order.number.encode() in page.content and page["Cache-Control"] == "no-store"
    assert sent["Location"] == at, "its secret stands in no address"
    _opens_by_its_link_alone(page.context["link"])
    act = {"what": "code"}
    assert browser.post(f"{at}/act", {**act, "code": "X"}).status_code == 422
    code = code_in_mail()
    assert browser.post(f"{at}/act", {**act, "code": code}).status_code == 302
    assert b"it answered" in browser.get(sent["Location"]).content
    _hands_in(browser, at)
    assert b"There was none yet" in browser.get("/orders").content
    for kind in ("emergency", "subpoena", "warrant", "mlat", "removal_tco", "dsa_10", "esafety"):
        assert browser.get(f"/officer/ask/{kind}").status_code == 200


def _opens_by_its_link_alone(link: str) -> None:
    """In another browser; and what is bookmarked or logged there is the page without its key."""
    other, at = Client(), link.partition("?")[0]
    assert other.get(at).status_code == 404
    assert other.get(f"{at}?k=wrong").status_code == 404
    brought = other.get(link)
    assert brought.status_code == 302 and "k=" not in brought["Location"]
    assert other.get(brought["Location"]).status_code == 200


def _hands_in(browser: Client, at: str) -> None:
    """The paper itself: whatever it is called and holds, it is sealed or refused."""

    def sent(name: str, body: bytes) -> Any:
        said = {"paper": SimpleUploadedFile(name, body)}
        return browser.post(f"{at}/paper", said)

    no = sent("../../evil.html", b"<script>")
    assert no.status_code == 422 and b"as a PDF" in no.content
    assert sent("../../evil.html", b"%PDF-1.4 <script>").status_code == 302
    page = browser.get(at).content
    assert b"sealed" in page and b"evil" not in page and b"<script>" not in page
    big = sent("x.pdf", b"%PDF-" + bytes(8 << 20))
    assert big.status_code == 422 and b"at most 8 MB" in big.content
    assert sent("x.pdf", b"%PDF-" + bytes(13 << 20)).status_code == 413
    strict = Client(enforce_csrf_checks=True)
    said = {"paper": SimpleUploadedFile("x.pdf", b"%PDF-1")}
    assert strict.post(f"{at}/paper", said).status_code == 403
