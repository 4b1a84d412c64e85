"""register_items, change_item, meet_cases, sweep_late_copies, find_copies: nothing slips by."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from heed.cases.models import Copy, Deadline
from heed.flows.change_item import NoSuchItem, change_item
from heed.flows.find_copies import find_copies
from heed.flows.judge_copy import judge_copy
from heed.flows.meet_cases import meet_cases
from heed.flows.receive_notice import PROTECT_AGAIN_IN
from heed.flows.sweep_late_copies import sweep_late_copies
from heed.media.models import Item, Watermark
from heed.media.services import register
from tests.apart import apart
from tests.flows.stage import Stage, entries, facts_now, picture, waiting
from tests.people import gil

# ------------------------------------------------------------------ register_items


def test_registering_twice_changes_nothing(town: Stage) -> None:
    rows = [town.row("a", picture("one")), town.row("b", kind="reshare", reshare_of="a")]
    assert [one.status for one in town.register(*rows)] == ["registered", "registered"]
    before = facts_now()
    assert [one.status for one in town.register(*rows)] == ["known", "known"]
    assert facts_now() == before


def test_the_answer_says_what_a_late_copy_should_be(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.hear(gil(town.url("a")))
    answers = town.register(town.row("b", one), town.row("c", kind="reshare", reshare_of="a"))
    assert [(said.visibility, said.revision) for said in answers] == [("hidden", 1)] * 2


def test_a_late_copy_owes_its_uploader_a_statement(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.hear(gil(town.url("a")))
    assert town.work() == []
    town.post("b", one)
    assert "issue_statements" in waiting()


def test_reshares_may_be_said_before_what_they_reshare(town: Stage) -> None:
    town.reshare("grandchild", "child")
    town.reshare("child", "root")
    town.post("root", picture("one"))
    town.hear(gil(town.url("root")))
    assert town.seen("root", "child", "grandchild") == ["hidden"] * 3


def test_a_late_reshare_brings_its_own_late_reshares_along(town: Stage) -> None:
    town.post("root", picture("one"))
    town.hear(gil(town.url("root")))
    town.reshare("grandchild", "child")
    assert town.seen("grandchild") == ["visible"]
    town.reshare("child", "root")
    assert town.seen("child", "grandchild") == ["hidden", "hidden"]


def test_who_brings_thousands_along_is_answered_before_all_are_taken_in(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heed.flows.meet_cases.AT_ONCE", 3)
    town.post("root", picture("one"))
    town.hear(gil(town.url("root")))
    below = [town.row(f"r{n}", kind="reshare", reshare_of="child") for n in range(9)]
    town.register(*below)
    town.reshare("child", "root")
    all_of_them = ["child", *(row.ref for row in below)]
    assert town.seen(*all_of_them).count("hidden") == 3
    assert town.work().count("find_copies") == 1
    assert town.seen(*all_of_them) == ["hidden"] * 10


def test_many_copies_cost_no_more_questions_to_the_database_than_few(town: Stage) -> None:
    def questions(name: str, copies: int) -> int:
        file = picture(name)
        town.post(name, file)
        town.register(
            *(town.row(f"{name}{n}", kind="reshare", reshare_of=name) for n in range(copies))
        )
        town.hear(gil(town.url(name)), then_work=False)
        with CaptureQueriesContext(connection) as asked:
            find_copies(case_id=town.case(file).id, now=town.now)
        assert town.seen(name, f"{name}{copies - 1}") == ["hidden"] * 2
        return len(asked)

    questions("none", 1)  # the match index is opened, once
    assert questions("many", 30) == questions("few", 3)


# ------------------------------------------------------------------ change_item


def test_a_picture_added_to_a_known_post_meets_the_cases(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.hear(gil(town.url("a")))
    town.post("b", picture("harmless"))
    changed = change_item(
        platform_id=town.platform_id, ref="b", files=(picture("harmless"), one), now=town.now
    )
    assert (changed.status, changed.visibility) == ("changed", "hidden")


def test_views_only_grow_and_a_deletion_is_noted_once(town: Stage) -> None:
    town.post("a", views=5)
    for views in (9, 3):
        change_item(platform_id=town.platform_id, ref="a", views=views, now=town.now)
    assert town.item("a").views == 9
    change_item(platform_id=town.platform_id, ref="a", deleted_at=town.now, now=town.now)
    assert town.item("a").deleted_at == town.now


def test_changing_what_nobody_registered_is_an_error_that_says_what_to_do(town: Stage) -> None:
    with pytest.raises(NoSuchItem, match="no item"):
        change_item(platform_id=town.platform_id, ref="nothing", views=1, now=town.now)


# ------------------------------------------------------------------ meet_cases, find_copies


def test_meeting_and_searching_again_find_nothing_new(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.post("near", picture("near", like=one, bits=8))
    town.reshare("r", "near")
    town.hear(gil(town.url("a")))
    assert town.seen("a", "near", "r") == ["hidden"] * 3
    before = facts_now()
    ids = list(Item.objects.values_list("id", flat=True))
    assert meet_cases(item_ids=ids, now=town.now) == 0
    assert find_copies(case_id=town.case(one).id, now=town.now) == 3
    assert facts_now() == before


def test_a_search_is_one_entry_however_many_copies_it_found(town: Stage) -> None:
    one = picture("one")
    for n in range(20):
        town.post(f"p{n}", one)
    town.hear(gil(town.url("p0")))
    assert entries("copies.found") == 1
    assert Copy.objects.count() == 20


def test_reappearance_after_removal_starts_a_new_clock(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.hear(gil(town.url("a")))
    town.remove(town.case(one), town.staff("Rae"))
    removal = Deadline.objects.filter(stops="removed_and_searched")
    before = removal.count()
    town.post("again", one)
    assert town.seen("again") == ["removed"]
    assert removal.count() == before + 1


def test_a_reshare_of_a_near_copy_that_a_person_let_go_is_let_go(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.post("near", picture("near", like=one, bits=8))
    town.hear(gil(town.url("a")))
    near = Copy.objects.get(item__ref="near")
    assert judge_copy(copy_id=near.id, same=False, by=town.staff("Rae").id, now=town.now)
    town.reshare("late", "near")
    assert town.seen("near", "late") == ["visible", "visible"]


# ------------------------------------------------------------------ sweep_late_copies


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_what_registration_and_takedown_both_missed() -> None:
    """Two transactions at once: neither the parent nor the reshare saw the other."""
    town = Stage()
    one = picture("one")
    town.post("root", one)
    town.hear(gil(town.url("root")))
    town.reshare("child", "elsewhere")
    Item.objects.filter(ref="child").update(reshare_of_ref="root")
    assert town.seen("child") == ["visible"]
    assert sweep_late_copies(now=town.now) == 1
    assert town.seen("child") == ["hidden"]
    assert sweep_late_copies(now=town.now) == 0


@pytest.mark.django_db(transaction=True)
def test_the_watermark_never_passes_a_transaction_that_still_runs(database_url: str) -> None:
    import psycopg

    town = Stage()
    with psycopg.connect(database_url) as other:
        running = other.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert running is not None
        town.post("a", picture("one"))
        sweep_late_copies(now=town.now)
        mark = Watermark.objects.filter(name="late-copies").first()
        assert mark is None or mark.below <= running[0]
    sweep_late_copies(now=town.now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(committed) FROM media_item")
        assert Watermark.objects.get(name="late-copies").below > cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_two_batches_that_name_an_address_at_once_are_both_taken() -> None:
    town = Stage()
    file = picture("one")
    town.hear(gil(town.url("a")))  # by its address, before the platform speaks of it
    written = threading.Event()

    def other() -> None:
        with transaction.atomic():
            register(town.platform, [town.row("a", file)], now=town.now)
            written.set()
            _until_somebody_waits()

    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(apart, other)
        assert written.wait(60)
        town.register(town.row("a", file))
        first.result()
    town.later(PROTECT_AGAIN_IN)
    town.work()
    assert set(Item.objects.values_list("desired", flat=True)) == {"hidden"}


def _until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(6_000):
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    pytest.fail("nobody waited for the other batch")


# ------------------------------------------------------------------ what only looked alike


@pytest.mark.parametrize("judged", [False, True])
def test_a_post_that_only_looked_alike_is_a_copy_once_it_has_the_very_file(
    town: Stage, judged: bool
) -> None:
    one = picture("one")
    town.post("post", one)
    town.post("flat", picture("flat", like=one, bits=8, quality=20))
    town.hear(gil(town.url("post")))
    near = Copy.objects.get(item__ref="flat")
    if judged:
        judge_copy(copy_id=near.id, same=False, by=town.staff("Rae").id, now=town.now)
    assert town.seen("flat") == ["visible"]
    town.post("flat", one)
    assert town.seen("flat") == ["hidden"]
    town.remove(town.case(one), town.staff("Sam"))
    assert town.seen("post", "flat") == ["removed", "removed"]


def test_who_passes_on_something_alike_with_the_very_file_is_a_copy(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    town.post("flat", picture("flat", like=one, bits=8, quality=20))
    town.hear(gil(town.url("post")))
    town.reshare("quoting", "flat", one)
    town.reshare("passing on", "flat")
    assert town.seen("flat", "quoting", "passing on") == ["visible", "hidden", "visible"]
