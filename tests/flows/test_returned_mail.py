"""Mail that comes back: noted, not tried for ever, and said on the page."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from heed.cases.models import Notice
from heed.cases.queries.private import private_page
from heed.flows import send_mail
from heed.flows.confirm_contact import confirm_contact
from heed.flows.erase_contact import erase_contact
from heed.flows.send_mail import send_confirmation, send_news, take_returned_mail
from heed.flows.supplement_notice import supplement_notice
from heed.people.guesses import Bound
from heed.people.models import Contact
from heed.ports import MailRefused
from heed.rules.returned_mail import read, why
from tests.flows.stage import Stage, entries, picture, waiting
from tests.integrations.smtp_server import Letter, MailServer, mail_server
from tests.people import dana

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        backend = "django.core.mail.backends.smtp.EmailBackend"
        for name, value in {
            "EMAIL_BACKEND": backend, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": server.port,
            "DEFAULT_FROM_EMAIL": "notices@heed.example", "HEED_MAIL_RETURNS": "back@heed.example",
        }.items():  # fmt: skip
            monkeypatch.setattr(settings, name, value)
        yield server


def state(notice_id: object, town: Stage) -> str:
    return private_page(Notice.objects.get(id=notice_id), town.now).contact


def test_mail_waits_in_the_queue_and_what_comes_back_later_is_said_on_the_page(
    town: Stage, post: MailServer
) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")), then_work=False)
    assert "send_confirmation" in waiting()
    assert send_confirmation(notice_id=heard.notice_id, now=town.now)
    [letter] = post.letters
    assert b"From: notices@heed.example" in letter.data
    assert letter.sender.startswith("back+") and "dana" not in letter.sender
    assert not take_returned_mail(message=letter.returned("4.4.1", "delayed"), now=town.now)
    forged = Letter("back+" + "0" * 44 + "@heed.example", letter.to, b"")
    assert not take_returned_mail(message=forged.returned("5.1.1"), now=town.now)
    assert state(heard.notice_id, town) == "waiting"
    assert take_returned_mail(message=letter.returned("5.1.1"), now=town.now)
    assert not take_returned_mail(message=letter.returned("5.1.1"), now=town.now)
    assert (state(heard.notice_id, town), entries("mail.returned")) == ("returned", 1)
    assert not send_news(notice_id=heard.notice_id, now=town.now)
    supplement_notice(notice_id=heard.notice_id, said={"email": "dana@new.example"}, now=town.now)
    assert state(heard.notice_id, town) == "waiting"
    assert send_confirmation(notice_id=heard.notice_id, now=town.now)
    assert post.letters[-1].to == "dana@new.example"


def test_what_the_server_refuses_for_good_is_noted_and_for_now_is_tried_again(
    town: Stage, post: MailServer
) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")), then_work=False)
    post.refuses["dana@example.org"] = "451 4.7.1 come back later"
    with pytest.raises(MailRefused):
        send_confirmation(notice_id=heard.notice_id, now=town.now)
    assert state(heard.notice_id, town) == "waiting"
    post.refuses["dana@example.org"] = "550 5.2.2 mailbox full"
    assert not send_confirmation(notice_id=heard.notice_id, now=town.now)
    assert Contact.objects.get().returned_for == "full"
    assert state(heard.notice_id, town) == "returned"


def asks(post: MailServer, town: Stage, notice_id: UUID, email: str) -> bool:
    """This address is asked whether it is theirs, now or later."""
    supplement_notice(notice_id=notice_id, said={"email": email}, now=town.now)
    sent = send_confirmation(notice_id=notice_id, now=town.now)
    assert sent == any(letter.to == email for letter in post.letters)
    return sent


def test_one_notice_makes_us_write_to_few_strangers_an_hour_and_to_the_others_later(
    town: Stage, post: MailServer
) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post"), email=""), then_work=False)
    other = town.hear(dana(town.url("post"), email="", words="Another."), then_work=False)
    asked = [asks(post, town, heard.notice_id, f"stranger-{n}@example.org") for n in range(8)]
    assert asked == [True] * 6 + [False] * 2
    assert asks(post, town, other.notice_id, "dana@example.org")
    assert "send_confirmation" in waiting()
    town.now += timedelta(hours=1, minutes=1)
    assert send_confirmation(notice_id=heard.notice_id, now=town.now)


def test_one_source_makes_us_write_to_few_strangers_an_hour_and_a_partner_to_all_of_theirs(
    town: Stage, post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Bound(door="mail.source", most=2, within=timedelta(hours=1))
    monkeypatch.setattr(send_mail, "FROM_ONE_SOURCE", few)
    town.post("post", picture("one"))

    def ask(n: int, **more: object) -> bool:
        said = dana(town.url("post"), words=f"Number {n}.", email="")
        notice_id = town.hear(said, then_work=False, **more).notice_id
        return asks(post, town, notice_id, f"stranger-{n}@example.org")

    assert [ask(n, source="192.0.2.1") for n in range(3)] == [True, True, False]
    assert ask(3, source="192.0.2.2")
    by_partner = {"source": "partner:1", "partner_id": uuid4()}
    assert [ask(n, **by_partner) for n in range(4, 8)] == [True] * 4


def test_an_erased_address_is_gone_and_what_it_protected_stays(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")))
    assert confirm_contact(number=heard.number, code=heard.contact_code, now=town.now)
    assert town.seen("post") == ["hidden"]
    assert erase_contact(notice_id=heard.notice_id, now=town.now)
    assert not erase_contact(notice_id=heard.notice_id, now=town.now)
    contact = Contact.objects.get()
    assert (contact.address_sealed, contact.code_hash, contact.may_write) == (None, None, False)
    assert not send_news(notice_id=heard.notice_id, now=town.now)
    assert (town.seen("post"), entries("contact.erased")) == (["hidden"], 1)


@pytest.mark.parametrize(
    ("said", "class_"),
    [("5.1.1", "unknown"), ("5.2.2 full", "full"), ("5.7.1", "refused"), ("no", "refused")],
)
def test_a_status_has_a_class(said: str, class_: str) -> None:
    assert why(said) == class_


@pytest.mark.parametrize(
    "data", [b"", b"To: x\n\nhello", b"\xff\x00", b"Content-Type: x/y\n\n5.1.1"]
)
def test_what_is_no_report_reports_nothing(data: bytes) -> None:
    assert read(data).why == ""
