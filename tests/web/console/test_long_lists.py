"""Lists with more rows than a page: all are counted, some are shown, and each can be found."""

import re
from datetime import timedelta
from html import unescape
from random import Random
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from bench import console, long_lists
from heed.cases.models import Case, Decision, Rollback
from heed.filings.models import Publication
from heed.media.models import Platform, Unchecked
from heed.outbox.models import Letter, StateTelling
from heed.people.models import Membership, Role, Staff
from heed.web.console import lists
from tests.web.console.world import World

MANY = 62  # of each list: a page, and some more
# Where a list stands alone on a page, what each of its rows holds, and how many a page has.
TABLES = {
    "banks": ("/console/banks", r">square-bank-\d+<", 50),
    "exchanges": ("/console/exchanges", r">square-exchange-\d+<", 50),
    "rollbacks": ("/console/rollbacks", r"square-rollback-\d+<", 20),
    "partners": ("/console/partners", r">square-partner-\d+<", 20),
    "people": ("/console/people?words=square-person", r">square-person-\d+<", 50),
    "unchecked": ("/console/unchecked", r"<code>square-upload-\d+<", 50),
    "evidence": ("/console/custody", r'href="/console/c/[^/]+/custody"', 50),
    "calls": ("/console/duty", r'href="/console/calls/', 50),
    "readings": ("/console/blind", r'href="/console/blind/', 50),
    "keys": ("/console/platforms?platform=square", r"square-key-\d+ <code>", 50),
    "policies": ("/console/policy?platform=square", r"version=square-\d+", 50),
    "given up": (
        "/console/outbox?platform=square&kind=states&state=dead", r"<code>square-dead-\d+<", 50,
    ),
    "waiting": (
        "/console/outbox?platform=square&kind=states&state=waiting", r"<code>square-waiting-\d+<",
        50,
    ),
    "letters": (
        "/console/outbox?platform=square&kind=letters&state=dead", r"square-letters-\d+", 50,
    ),
    "letters that wait": (
        "/console/outbox?platform=square&kind=letters&state=waiting", r"square-slow-\d+", 50,
    ),
    "failed work": ("/console/outbox?kind=work", r"look_again<", 50),
    "refused": ("/console/outbox?kind=statements", r"square-refused-\d+", 50),
    "orders": ("/console/orders?state=waiting", r"square-agency-\d+", 50),
    "answered": ("/console/orders?state=answered", r"square-agency-\d+", 50),
    "owed": ("/console/tips?state=owed", r"Prepare<", 50),
    "under way": ("/console/tips?state=under_way", r"to ncmec", 50),
    "published": ("/orders", r'<th scope="row">R-', 50),
    "filed": ("/console/tips?state=ended", r"<code>square-ended-\d+<", 50),
}  # fmt: skip
# Pages with a search, words that fit one row alone, and that row.
FOUND = {
    "/console/banks": ("bank-00037", ">square-bank-00037<"),
    "/console/exchanges": ("exchange-00037", ">square-exchange-00037<"),
    "/console/rollbacks": ("rollback-00037", "square-rollback-00037<"),
    "/console/partners": ("PARTNER-00037", ">square-partner-00037<"),
    "/console/people": ("person-00037@heed", ">square-person-00037<"),
    "/console/unchecked": ("upload-00037", "<code>square-upload-00037<"),
    "/console/outbox": ("dead-00037", "<code>square-dead-00037<"),
    "/console/outbox?kind=statements": ("refused-00037", "square-refused-00037"),
    "/console/orders": ("answered-00037", "square-agency-00007"),
    "/console/tips": ("ended-00037", "<code>square-ended-00037<"),
}
# Pages that people have open all day: these ask the same whether a platform has two rows or many.
GROWING = (
    "/console/", "/console/?state=overdue", "/console/?state=all", "/console/duty",
    "/console/tips?state=owed", "/console/tips?state=under_way", "/console/tips?state=ended",
    "/console/tips",
)  # fmt: skip
ALL = [one for one in Role if one != Role.ADMINISTRATOR]


@pytest.fixture
def sam(world: World) -> Client:
    """Somebody who may see everything at a platform with much of everything."""
    long_lists.fill(world.platform, MANY, now=world.now)
    return world.as_("Sam", *Role)


def text(client: Client, path: str, **more: str) -> str:
    answer = client.get(path, more)
    assert answer.status_code == 200, path
    return unescape(answer.content.decode())


def on_page(path: str, number: object) -> str:
    return f"{path}{'&' if '?' in path else '?'}page={number}"


def rows(page: str, pattern: str) -> list[str]:
    return re.findall(pattern, page)


def test_every_list_shows_a_page_and_the_pages_together_are_the_whole(sam: Client) -> None:
    for name, (path, row, size) in TABLES.items():
        first = text(sam, path)
        assert len(rows(first, row)) == size, name
        assert "Page 1 of" in first and ">Earlier<" not in first, name
        every, number = rows(first, row), 1
        while ">Later<" in (page := text(sam, on_page(path, number))):
            number += 1
            every += rows(text(sam, on_page(path, number)), row)
        assert len(every) == MANY, name
        assert f"Page {number} of {number}" in page, name
        beyond = text(sam, on_page(path, 99))
        assert len(rows(beyond, row)) == (MANY % size or size), name
        distinct = "agency" not in row and any(one.isdigit() for one in every[0])
        assert not distinct or len(set(every)) == MANY, name


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", 1), ("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("1e3", 1), ("²", 1), ("4", 3),
     ("9" * 5000, 3)],
)  # fmt: skip
def test_a_page_number_that_is_none_is_the_first_and_one_too_far_the_last(
    asked: str, given: int, rf: RequestFactory
) -> None:
    assert lists.page_of(rf.get("/", {"page": asked}), range(101)).number == given


def test_one_among_many_is_found_by_words(sam: Client) -> None:
    for path, (words, row) in FOUND.items():
        found = text(sam, f"{path}{'&' if '?' in path else '?'}words={words}")
        assert row in found, path
        assert row.replace("37", "38") not in found or "agency" in row, path
        assert ">Later<" not in found, path
        nothing = text(sam, f"{path}{'&' if '?' in path else '?'}words=gondola")
        assert re.search("fits? what you asked for", nothing) and "square-dead" not in nothing, path


def test_what_was_looked_for_stays_on_the_next_page_and_in_the_form(sam: Client) -> None:
    asked = {
        "/console/orders?state=answered&kind=subpoena&words=police": r"Subpoena, square-agency",
        "/console/unchecked?kind=uploads&words=square": r"<code>square-upload",
    }
    for path, row in asked.items():
        first = text(sam, path)
        later = re.search(r'rel="next" href="(\?[^"]+)"', first)
        assert later is not None, path
        second = text(sam, path.partition("?")[0] + later[1])
        assert "Page 2 of 2" in second and rows(second, row), path
        assert re.search(r'name="words" value="(square|police)"', second), path
    on = text(sam, "/console/banks?state=on")
    assert "31 banks" in on and len(rows(on, r">square-bank-\d+<")) == 31
    assert '<option value="on" selected>' in on


def test_a_page_of_several_lists_shows_the_beginning_of_each_and_leads_to_all(sam: Client) -> None:
    outbox = text(sam, "/console/outbox")
    for row in ("dead", "letters", "waiting", "slow", "refused"):
        assert len(rows(outbox, rf"square-{row}-\d+(?=[<,:])")) == 10, row
    for rest in re.findall(r'href="(\?[^"]+)">All (?:\d+)<', outbox):
        assert "Page 1 of 2" in text(sam, f"/console/outbox{rest}"), rest
    assert len(re.findall(rf">All {MANY}<", outbox)) == 6
    assert f"after all its tries: {MANY}" in outbox
    for page, all_of in (("orders", 2), ("tips", 3)):
        assert len(re.findall(rf">All {MANY}<", text(sam, f"/console/{page}"))) == all_of, page


def numbers(page: str) -> list[int]:
    """Those that a reader sees."""
    return [int(one) for one in re.findall(r"\b\d+\b", re.sub(r"<[^>]*>", " ", page))]


def test_no_platforms_staff_see_or_find_another_platforms_rows(world: World) -> None:
    other = world.add_platform("harbour", "Harbour")
    zed = world.as_("Zed", *ALL, platform="harbour")
    long_lists.fill(world.platform, MANY, now=world.now)
    pages = {path.partition("?")[0] for path, _, _ in TABLES.values()} - {"/console/platforms"}
    for path in sorted(pages):
        for asked in ("", "words=square&platform=square&page=2"):
            shown = text(zed, f"{path}?{asked}")
            assert "square-" not in shown, (path, asked)
            assert MANY not in numbers(shown), (path, asked)
    long_lists.fill(other, 3, now=world.now)
    for path in sorted(pages - {"/console/policy"}):
        assert "square-" not in text(zed, path), path
        assert MANY not in numbers(text(zed, path)), path


def asked(client: Client, path: str) -> list[str]:
    """The questions of a page, without the note once a minute that somebody is there."""
    with CaptureQueriesContext(connection) as queries:
        text(client, path)
    questions = [one["sql"] for one in queries if one["sql"].startswith("SELECT")]
    return [one for one in questions if "session" not in one]


def test_a_page_asks_the_database_as_often_however_long_the_list(world: World, sam: Client) -> None:
    few = {name: len(asked(sam, path)) for name, (path, _, _) in TABLES.items()}
    assert max(few.values()) < 40
    StateTelling.objects.all().delete(), Letter.objects.all().delete()
    assert all(len(asked(sam, TABLES[name][0])) <= count for name, count in few.items())


def open_cases(world: World, platform: Platform, which: range) -> None:
    random = Random(f"open at {platform.slug}")
    made = [console.a_case(n, platform, world.now, random) for n in which]
    for rows_of_one_table in zip(*made, strict=True):
        type(rows_of_one_table[0]).objects.bulk_create(rows_of_one_table)
    Case.objects.exclude(due_at=None).update(due_at=world.now - timedelta(hours=1))


def test_with_many_rows_a_page_asks_no_more_than_with_two(world: World, sam: Client) -> None:
    """Both read two platforms, so that what is said of a row's platform is asked for too."""
    quay, harbour = world.add_platform("quay", "Quay"), world.add_platform("harbour", "Harbour")
    zed = world.person("Zed", *Role, platform="harbour")
    for one in (zed, Staff.objects.get(name="Sam")):
        Membership.objects.create(staff=one, platform_id=quay.id, role=Role.SENIOR)
    long_lists.fill(harbour, 2, now=world.now)
    open_cases(world, harbour, range(2))
    open_cases(world, world.platform, range(2, 3 * MANY))
    few = world.signed_in(zed)
    for path in GROWING:
        bound = len(asked(few, path))
        assert len(asked(sam, path)) <= bound, path
        assert len(asked(sam, on_page(path, 2))) <= bound, on_page(path, 2)


def test_what_is_dear_to_find_out_is_asked_once_for_a_page(sam: Client) -> None:
    """Which findings stand and are not told; who of all may decide."""
    for path, begins, says in (
        ("/console/tips", "SELECT", '"cases_decision"'),
        ("/console/tips?state=owed&page=2", "SELECT", '"cases_decision"'),
        ("/console/duty", 'SELECT "people_membership"."staff_id"', "'child-safety'"),
    ):
        found = [one for one in asked(sam, path) if one.startswith(begins) and says in one]
        assert len(found) == 1, path


def test_a_finding_is_owed_while_it_is_the_last_word(sam: Client) -> None:
    case = Case.objects.get(number=rows(text(sam, "/console/tips"), r"Prepare.*?(C-[\w-]+)<")[0])
    found = case.decisions.get()
    for hours, ruling, owed in ((1, "keep", False), (2, "remove", True), (-1, "keep", True)):
        Decision.objects.create(
            case=case, round=1, ruling=ruling, scope="file", clause="child-sexual", state="final",
            policy_version="2026-1", reasons="Again.", decided_by=found.decided_by,
            decided_at=found.decided_at + timedelta(hours=hours),
        )  # fmt: skip
        page = text(sam, f"/console/tips?state=owed&words={case.number}")
        assert (case.number in rows(page, r"Prepare.*?(C-[\w-]+)<")) == owed, (hours, ruling)
        assert f"begun: {MANY - (not owed)}<" in text(sam, "/console/tips"), (hours, ruling)


def test_what_is_tried_again_is_what_was_looked_for_and_no_more(world: World, sam: Client) -> None:
    sam.post("/console/outbox/retry?words=dead-0000", {"of": "square", "all": "1"})
    assert StateTelling.objects.filter(dead_at=None, item_ref__contains="dead").count() == 10
    back = sam.post("/console/outbox/retry?words=letters-0003&kind=letters", {
        "of": "square", "letters": "1"})  # fmt: skip
    assert back.headers["Location"] == "/console/outbox?words=letters-0003&kind=letters"
    assert Letter.objects.filter(kind__contains="letters", dead_at=None).count() == 10
    sam.post("/console/outbox/publish?words=refused-0002")
    assert Publication.objects.filter(state="waiting").count() == 10
    done = sam.post("/console/outbox/retry?kind=work", {"jobs": "1"}, follow=True)
    assert f"{MANY} to be done again" in unescape(done.content.decode())


def test_work_of_a_platform_where_one_only_looks_is_not_done_again_from_its_list(
    world: World,
) -> None:
    """A choice that a page offers and a button can't act on means nothing, and never "all"."""
    other = world.add_platform("harbour", "Harbour")
    long_lists.fill(world.platform, 3, now=world.now)
    long_lists.fill(other, 3, now=world.now)
    sam = world.person("Sam", Role.SENIOR)
    Membership.objects.create(staff=sam, platform_id=other.id, role=Role.AUDITOR)
    client = world.signed_in(sam)
    assert "harbour-dead" in text(client, "/console/outbox?platform=harbour")
    client.post("/console/outbox/retry?platform=harbour", {"jobs": "1"})
    client.post("/console/outbox/publish?platform=harbour")
    assert not Publication.objects.filter(state="waiting").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
        assert cursor.fetchone() == (6,)


def test_what_is_ticked_on_a_later_page_is_settled(world: World, sam: Client) -> None:
    page = text(sam, "/console/unchecked?page=2")
    ticked = re.findall(r'name="row" value="([^"]+)"', page)
    assert len(ticked) == MANY - 50
    said = {"what": "refuse", "row": [*ticked[:2], "nonsense"]}
    back = sam.post("/console/unchecked/settle?kind=uploads", said)
    assert back.headers["Location"] == "/console/unchecked?kind=uploads"
    assert set(Unchecked.objects.exclude(ended_at=None).values_list("id", flat=True)) == {
        UUID(one) for one in ticked[:2]
    }


def test_a_rollback_that_waits_for_a_second_person_comes_first(sam: Client) -> None:
    oldest = Rollback.objects.get(state="proposed")
    assert Rollback.objects.filter(proposed_at__gt=oldest.proposed_at).count() == 49
    assert rows(text(sam, "/console/rollbacks"), r"square-rollback-\d+")[0] == oldest.says


def test_a_form_that_came_back_leads_on_to_the_list_itself(world: World, sam: Client) -> None:
    for path, said in {
        "/console/banks/new": {"name": ""},
        "/console/rollbacks/propose": {"what": "bank", "value": "nothing", "why": "x"},
        "/console/partners/invite": {"name": ""},
        "/console/people/invite": {"email": "no"},
    }.items():
        page = sam.post(path, said)
        assert page.status_code == 422, path
        (later,) = re.findall(r'rel="next" href="([^"]+)"', unescape(page.content.decode()))
        assert sam.get(later).status_code == 200, path
