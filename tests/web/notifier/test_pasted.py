"""Links as telephones, chats and mail programs leave them: the post itself is protected."""

import time
from urllib.parse import quote

import pytest
from django.test import Client

from heed.cases.models import Notice, Target
from heed.web.notifier import links, more, pasted
from tests.flows.stage import Stage
from tests.web.notifier.forms import send

P1, P2 = "https://town.example/p1", "https://town.example/p2"


@pytest.mark.parametrize(
    "around",
    ["{}\u200e", "\u200f\u2067{}\u2069", "\ufeff{}\u200b", "{}\U0001f62d\u2764\ufe0f", "{}\u061f",
     "{}\u060c", "{}\u0964", "**{}**", "[it]({})", "Look:{}"],
)  # fmt: skip
def test_what_an_app_puts_around_a_link_keeps_nobody_from_being_protected(
    client: Client, town: Stage, around: str
) -> None:
    send(client, around.format(P1))
    assert town.seen("p1") == ["hidden"]


@pytest.mark.parametrize(
    "typed",
    ["www.town.example/p1", "https://m.town.example/p1", "https://town.example:443/p1",
     "hxxps://town[.]example/p1", "https//town.example/p1", "https:/town.example/p1",
     "ttps://town.example/p1", "https: //town.example/p1", "(town.example/p1)", "«town.example/p1»",
     f"https://mail.example/away?url={quote(P1, safe='')}&data=05",
     f"https://www.search.example/url?q={P1}&sa=D"],
)  # fmt: skip
def test_a_link_that_is_a_little_wrong_or_wrapped_leads_to_the_post(
    client: Client, town: Stage, typed: str
) -> None:
    send(client, typed)
    assert [one.url for one in Target.objects.all()] == [P1]
    assert town.seen("p1") == ["hidden"]


@pytest.mark.parametrize(
    "typed",
    [f"{P1},{P2}", f"{P1}{P2}", f"{P1};{P2}", f"{P1}|{P2}", "town.example/p1,town.example/p2",
     "town.example/p1 und town.example/p2", f"{P1} and also town.example/p2"],
)  # fmt: skip
def test_two_links_in_one_line_are_both_protected(client: Client, town: Stage, typed: str) -> None:
    send(client, typed)
    assert town.seen("p1", "p2") == ["hidden", "hidden"]


def test_an_archived_copy_elsewhere_is_told_beside_our_own_post(
    client: Client, town: Stage
) -> None:
    archived = f"https://archive.example/web/2026/{P1}"
    send(client, archived)
    assert town.seen("p1") == ["hidden"]
    assert {one.url for one in Target.objects.all()} == {P1, archived}


def test_a_name_that_only_begins_like_ours_is_not_ours(client: Client, town: Stage) -> None:
    answer = send(client, f"{P1}", "https://town.example.evil/p2", "https://xm.town.example/p2")
    assert answer.status_code == 200
    assert town.seen("p2") == ["visible"]
    assert Target.objects.filter(state=Target.State.FOREIGN).count() == 2


def test_where_the_telephones_host_is_a_site_by_itself_its_posts_stay_its_own(
    client: Client, town: Stage
) -> None:
    pocket = Stage("pocket", "https://m.town.example")
    found = links.sort(f"{P1} https://m.town.example/p1")
    assert found.ours == {
        town.platform_id: [P1], pocket.platform_id: ["https://m.town.example/p1"],
    }  # fmt: skip


def test_what_is_written_beside_a_link_is_read_by_whoever_decides(
    client: Client, town: Stage
) -> None:
    send(client, f"{P1} he sends it to my class tonight", P2)
    assert Notice.objects.get().words == f"{P1} he sends it to my class tonight"


@pytest.mark.parametrize(
    "typed",
    ["Dana <dana@example.org>", "mailto:dana@example.org", "dana @example.org", "dana@example. org",
     "\u200fdana@example.org\u200e", "  dana@example.org. ", "<mailto:dana@example.org>"],
)  # fmt: skip
def test_an_address_is_taken_out_of_what_stands_around_it(typed: str) -> None:
    assert pasted.address(typed) == "dana@example.org"


@pytest.mark.parametrize(
    "typed", ["dana@example.org gil@example.org", "ana dana@example.org", "hi. dana@example.org"]
)
def test_no_address_is_made_up(typed: str) -> None:
    assert pasted.address(typed) == typed


@pytest.mark.parametrize(
    ("typed", "said"),
    [("+1 (202) 555-0142", "looks like a phone number"), ("@dana", "does not look like an e-mail"),
     ("0176.12 34/567", "looks like a phone number")],
)  # fmt: skip
def test_who_gives_a_phone_number_reads_that_we_can_not_call(typed: str, said: str) -> None:
    answer = more.contact({**dict.fromkeys(more.CONTACT, ""), "write": "yes", "email": typed})
    assert said in answer.errors["email"]
    assert answer.typed["email"] == typed


def test_what_belongs_to_a_link_stays() -> None:
    hindi = "https://town.example/\u0928\u0939\u0940\u0902"  # it ends in a mark of its word
    assert pasted.trimmed(hindi) == hindi
    assert pasted.trimmed("https://town.example/a_(b)") == "https://town.example/a_(b)"
    assert pasted.trimmed("(https://town.example/a)") == "https://town.example/a"


@pytest.mark.parametrize("piece", [",", ")", "h", "https://", "ttp:", "[.]", "\u200b", "a,"])
def test_no_text_takes_long_to_be_looked_through(town: Stage, piece: str) -> None:
    """What grows with the square of the length takes minutes here."""
    began = time.process_time()
    links.sort(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 20


def test_a_short_link_is_answered_with_how_to_find_the_long_one(
    client: Client, town: Stage
) -> None:
    assert "Is it a short link" in send(client, "https://t.example/abc").content.decode()
