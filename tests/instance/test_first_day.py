"""`heed init` asks what is missing, loses no answer, and overwrites nothing."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from heed.filings.tip_queries import operator_of, profile_of
from heed.flows import invite_staff
from heed.flows.connect_platform import NoSuchPlatform, set_endpoints
from heed.flows.manage_operator import set_operator
from heed.instance.first_day import papers, reading, records, telling
from heed.instance.first_day.asking import Asker, Draft, NotAnswered, answers_in
from heed.instance.first_day.questions import QUESTIONS
from heed.instance.first_day.reading import BadAnswer
from heed.instance.place import ROOT, Place
from heed.media import platforms
from heed.media.models import Platform
from heed.people.rota import emergency

MUST = {
    "site": "Square", "site-url": "square.example", "country": "de", "operator": "Square club",
    "contact-mail": "abuse@square.example", "person-mail": "rae@square.example",
}  # fmt: skip


def asked(
    tmp_path: Path, given: Mapping[str, str] = {}, *, known: Mapping[str, str] = {},
    typed: list[str] | None = None, checks: Mapping[str, Callable[..., None]] = {},
) -> tuple[Asker, list[str]]:  # fmt: skip
    """An asker with what it said; with `typed` there is a keyboard."""
    lines: Iterator[str] = iter(typed or ())
    said: list[str] = []

    def type_in(prompt: str) -> str:
        said.append(prompt)
        try:
            return next(lines) + "\n"
        except StopIteration:
            raise EOFError from None

    return Asker(
        given=given, known=known, draft=Draft(tmp_path / "draft"), checks=checks,
        say=said.append, type_in=None if typed is None else type_in,
    ), said  # fmt: skip


def test_what_must_be_answered_is_named_at_once_and_the_rest_is_kept(tmp_path: Path) -> None:
    asker, _ = asked(tmp_path, {"site": "Square", "address": "http://square.example"})
    with pytest.raises(NotAnswered) as refused:
        asker.ask()
    says = str(refused.value)
    for name in set(MUST) - {"site"}:
        assert f"--{name} is missing" in says
    assert "--address: people tell Heed what must stay private: it needs https://" in says
    assert "--site " not in says
    rest = {name: said for name, said in MUST.items() if name != "site"}
    again, _ = asked(tmp_path, rest)
    again.ask()
    assert again.said["site"] == "Square", "it was given before"
    assert again.said["address"] == "https://safety.square.example"
    assert (again.said["slug"], again.said["proxy"]) == ("square", "caddy")
    assert "owner-database" not in again.said and "mail-from" not in again.said


def test_a_person_is_asked_again_and_nothing_said_before_is_lost(tmp_path: Path) -> None:
    asker, said = asked(tmp_path, typed=["Square", "https://square.example/?q", "square.example"])
    with pytest.raises(NotAnswered, match="kept in"):
        asker.ask()
    assert any("without a user, a question mark or a #" in line for line in said)
    again, said = asked(tmp_path, typed=[""] * 3)
    with pytest.raises(NotAnswered):
        again.ask()
    assert any("[Square]" in line for line in said)
    assert (again.said["site-url"], again.said["slug"]) == ("https://square.example/", "square")
    assert (tmp_path / "draft").stat().st_mode & 0o077 == 0


def test_what_is_set_is_not_asked_and_a_flag_that_says_otherwise_is_not_obeyed(
    tmp_path: Path,
) -> None:
    known = {"site": "Square", "address": "https://s.example", "zone": "Europe/Berlin"}
    given = MUST | {"site": "Circle", "address": "s.example", "zone": "europe/berlin"}
    asker, _ = asked(tmp_path, given, known=known)
    asker.ask()
    assert asker.otherwise == ["site"]
    assert {name: asker.said[name] for name in known} == known
    assert not set(known) & set(asker.fresh)


def test_an_answer_that_does_not_work_outside_is_said_with_its_question(tmp_path: Path) -> None:
    def away(said: Mapping[str, str]) -> None:
        raise BadAnswer("it did not answer")

    asker, _ = asked(tmp_path, MUST | {"mail": "smtp://mail.example"}, checks={"mail": away})
    with pytest.raises(NotAnswered, match=r"--mail: it did not answer"):
        asker.ask()


def test_passwords_do_not_stand_on_the_screen(tmp_path: Path) -> None:
    typed = ["smtp://rae:pa55@mail.example:587", "", "", "none"]
    rest = {one.name for one in QUESTIONS} - {"mail", "mail-from", "mail-returns", "test-mail"}
    known = dict.fromkeys(rest, "x") | {"database": "embedded", "address": "https://s.example"}
    asker, said = asked(tmp_path, known=known, typed=[*typed, "mail", "", ""])
    asker.ask()
    asker.look_again()
    assert asker.said["mail-from"] == "notices@s.example"
    assert not any("pa55" in line for line in said)
    assert any("smtp://rae:***@mail.example:587" in line for line in said)


def test_a_file_of_answers_is_read_and_a_question_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('site = "Square"\nperson-roles = ["senior", "reviewer"]\n')
    assert answers_in(path) == {"site": "Square", "person-roles": "senior, reviewer"}
    path.write_text('colour = "blue"\n')
    with pytest.raises(NotAnswered, match="colour"):
        answers_in(path)
    path.write_text("site Square")
    with pytest.raises(NotAnswered, match='site = "Square"'):
        answers_in(path)


HOURS = st.tuples(st.integers(0, 23), st.sampled_from((0, 15, 30))).map(lambda at: at)


@given(st.integers(0, 6), st.integers(0, 6), HOURS, HOURS)
def test_hours_are_read_as_they_are_written(
    first: int, last: int, begin: tuple[int, int], end: tuple[int, int]
) -> None:
    days = f"{reading.DAYS[first]}-{reading.DAYS[last]}"
    said = f"{days} {begin[0]:02}:{begin[1]:02}-{end[0]:02}:{end[1]:02}"
    starts, ends = begin[0] * 60 + begin[1], (end[0] * 60 + end[1]) or reading.MIDNIGHT
    if starts >= ends:
        with pytest.raises(BadAnswer, match="end after they begin"):
            reading.by_day(said)
        return
    found = reading.by_day(said)
    there = [day for day in range(7) if found[day] is not None]
    assert len(there) == (last - first) % 7 + 1 and {first, last} <= set(there)
    assert {found[day] for day in there} == {(starts, ends)}
    assert reading.hours(f"  {said.upper()} ") == said


@pytest.mark.parametrize(("read", "good", "made", "bad"), [
    (reading.site, "square.example", "https://square.example/", "https://u:p@square.example"),
    (reading.own_address, "http://127.0.0.1:8000/", "http://127.0.0.1:8000", "http://a.example"),
    (reading.own_address, "s.example", "https://s.example", "https://s.example/heed"),
    (reading.listening, ":8000", "127.0.0.1:8000", "8000x"),
    (reading.mail, "r@s.example", "r@s.example", "r at s.example"),
    (reading.country, "uk", "GB", "Germany"),
    (reading.zone, "europe/berlin", "Europe/Berlin", "Berlin"),
    (reading.slug, "my-site", "my-site", "My site"),
    (reading.hours, "always", "always", "mon-fri 18-22"),
    (reading.hours, "sat 10:00-24:00", "sat 10:00-24:00", "mon 9:00-10:00, mon 11:00-12:00"),
    (reading.some_of("a", "b"), "B,a, b", "b, a", "c"),
])  # fmt: skip
def test_an_answer_has_one_form_and_a_wrong_one_is_told_how_it_is_written(
    read: Callable[[str], str], good: str, made: str, bad: str
) -> None:
    assert read(good) == made
    with pytest.raises(BadAnswer) as wrong:
        read(bad)
    assert len(str(wrong.value)) > 5


@pytest.mark.django_db
def test_records_are_added_once_and_what_a_person_filled_in_stays(tmp_path: Path) -> None:
    now, said = datetime(2026, 11, 22, 20, tzinfo=UTC), answers(tmp_path)
    said |= {"contact-person": "Rae Example", "street": "Long 1", "city": "12345 Old Town"}
    said |= {"hours": "sat-sun 10:00-24:00", "zone": "Europe/Berlin", "connection": "callback",
             "callback": "http://127.0.0.1:9/heed",
             "evidence": "http://127.0.0.1:9/e/{ref}/{n}"}  # fmt: skip
    lines: list[str] = []
    records.add_missing(said, say=lines.append, now=now)
    platform = Platform.objects.get()
    assert (platform.private_addresses, bool(platform.evidence_token)) == (["127.0.0.1:9"], True)
    assert lines.pop(2).endswith(f"bearer token {platform.evidence_token}")
    link = re.findall(r"\S+/console/sign-in/invitation/(\S+)/", "\n".join(lines))
    assert len(link) == 1 and "whsec_" in lines[1] and "heed_" in lines[1]
    found = records.known(now=now)
    assert {name: said[name] for name in found if name != "hours"} | {
        "hours": "sat 10:00-24:00, sun 10:00-24:00"
    } == found
    who = operator_of(platform.id)
    assert (who.address.zip_code, who.address.city, who.first_name) == ("12345", "Old Town", "Rae")
    set_operator(
        platform_id=platform.id, operator=replace(who, email="new@s.example", phone=""),
        counsel="Somebody", by=None, now=now,
    )  # fmt: skip
    records.add_missing(said | {"phone": "+49 1"}, say=lines.append, now=now)
    after = operator_of(platform.id)
    assert (after.email, after.phone) == ("new@s.example", "+49 1")
    profile = profile_of(platform.id)
    assert profile is not None and profile.counsel == "Somebody"
    assert len(lines) == 3, "nothing was made anew"
    records.add_missing(said, say=lines.append, new_link=True, now=now)
    with pytest.raises(invite_staff.InvitationOver):
        invite_staff.accept(token=link[0], name="Rae", password="long enough 1", now=now)
    token = re.findall(r"/invitation/(\S+)/", lines[-1])[0]
    invite_staff.accept(token=token, name="Rae", password="long enough 1", now=now)
    records.add_missing(said, say=lines.append, new_link=True, now=now)
    assert len(lines) == 4, "somebody works here: others are invited in the console"
    assert records.known(now=now)["person-mail"] == said["person-mail"]
    assert emergency(platform.id).steps, "the protocol is still Heed's own"


@pytest.mark.django_db
def test_a_site_that_is_connected_later_says_where_it_listens_and_gets_what_it_needs(
    tmp_path: Path,
) -> None:
    now, said = datetime(2026, 11, 22, 20, tzinfo=UTC), answers(tmp_path)
    records.add_missing(said, say=[].append, now=now)
    platform = Platform.objects.get()
    assert (platform.callback_url, platform.evidence_url) == ("", "")
    old, at = platform.callback_secret, "https://s.example/heed"

    def say(**endpoints: str) -> Mapping[str, str]:
        made = set_endpoints(
            platform_slug=platform.slug, endpoints=endpoints, by="command", now=now
        )
        platform.refresh_from_db()
        return made

    assert say(callback_url=at) == {}
    made = say(evidence_url="https://s.example/e/{ref}/{n}")
    assert made == {"evidence_token": platform.evidence_token}
    assert len(platform.evidence_token) > 30
    assert (platform.callback_url, platform.callback_secret) == (at, old)
    assert say(evidence_token="ours") == {}
    assert platform.evidence_token == "ours"
    with pytest.raises(NoSuchPlatform):
        set_endpoints(platform_slug="nowhere", endpoints={}, by="command", now=now)


@pytest.mark.django_db
def test_a_new_secret_leaves_the_site_a_day_to_take_it_over(tmp_path: Path) -> None:
    now, day = datetime(2026, 11, 22, 20, tzinfo=UTC), timedelta(hours=24)
    records.add_missing(answers(tmp_path), say=[].append, now=now)
    platform = Platform.objects.get()
    old = platform.callback_secret

    def renew(*, at_once: bool = False, now: datetime) -> str:
        made = set_endpoints(
            platform_slug=platform.slug, endpoints={}, new_secret=True, at_once=at_once,
            by="command", now=now,
        )  # fmt: skip
        platform.refresh_from_db()
        assert made == {"callback_secret": platform.callback_secret}
        return platform.callback_secret

    first = renew(now=now)
    signs = [platforms.former_secrets(platform, now=at) for at in (now, now + day)]
    assert first != old and signs == [[old], []]
    renew(now=now + timedelta(hours=1))
    both = platforms.former_secrets(platform, now=now + day)
    assert both == [first, old], "nobody knows which of them the site has"
    renew(now=now, at_once=True)
    assert platforms.former_secrets(platform, now=now) == []


@pytest.mark.django_db
def test_a_mastodon_server_is_connected_and_its_token_lies_in_a_file_alone(
    tmp_path: Path, settings: Settings
) -> None:
    settings.HEED_VAR = tmp_path
    said = answers(tmp_path) | {"connection": "mastodon", "mastodon-token": "token-0"}
    lines: list[str] = []
    now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    records.add_missing(said | {"mastodon-secret": "s0" * 9}, say=lines.append, now=now)
    assert Platform.objects.get().connector == "mastodon"
    assert records.known(now=now)["connection"] == "mastodon"
    kept = tmp_path / "keys" / "connectors" / "square.json"
    assert json.loads(kept.read_text())["token"] == "token-0"
    assert kept.stat().st_mode & 0o077 == 0 and "token-0" not in "".join(lines)
    assert "/connect/square/hook" in "".join(lines)


def answers(tmp_path: Path) -> dict[str, str]:
    asker, _ = asked(tmp_path, MUST | {"operator": "Rae & Sam <club>", "service-user": "heed"})
    asker.ask()
    return asker.said


def test_papers_are_written_once_and_one_that_a_person_changed_stays(tmp_path: Path) -> None:
    said, place = answers(tmp_path), Place(tmp_path / "var")
    written = papers.write(papers.papers(said, place, tmp_path / "heed.env"))
    assert {state for _, state in written} == {"new"}
    assert "{{" not in "".join(paper.path.read_text() for paper, _ in written)
    caddy = place.var / "setup" / "Caddyfile"
    caddy.write_text("mine")
    again = papers.write(papers.papers(said, place, tmp_path / "heed.env"))
    assert {paper.path.name: state for paper, state in again if state != "same"} == {
        "Caddyfile": "other"
    }
    assert caddy.read_text() == "mine"
    assert any("kept as it is" in line for line in telling.what_was_written(again, caddy, False))


def test_the_public_notice_says_who_where_and_by_when(tmp_path: Path) -> None:
    facts = {paper.path.name: paper.text
             for paper in papers.papers(answers(tmp_path), Place(tmp_path), tmp_path)}  # fmt: skip
    for name in ("public-notice.txt", "public-notice.html"):
        text = facts[name]
        assert "https://safety.square.example/notice" in text and "48 hours" in text
        assert "abuse@square.example" in text and "identical copies" in " ".join(text.split())
    said = {"site": "Square", "SITE": "SQUARE", "address": "https://safety.square.example",
            "contact": "Square club\nLong Street 1\n12345 Town\nabuse@square.example"}  # fmt: skip
    page = (ROOT / "docs" / "laws" / "small-site.md").read_text()
    assert papers.filled("public-notice.txt", said) in page
    assert "Rae &amp; Sam &lt;club&gt;<br>" in facts["public-notice.html"]
    assert f"EnvironmentFile={tmp_path}" in facts["heed.service"]
    assert "User=heed" in facts["heed.service"]
