"""Those who misuse the door, and the real person who comes through it at the same time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from heed.cases.models import Case, Notice
from heed.cases.queries.queue import cases_of
from heed.flows.confirm_contact import confirm_contact
from heed.flows.shared import sources
from heed.people import services as people
from heed.rules import misuse
from heed.web.notifier import taking
from tests.flows.stage import Stage, entries, picture
from tests.people import gil
from tests.web.notifier.forms import number_in, send

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "_remembered", taking.Remembered())
    monkeypatch.setattr(misuse, "NEVER_TOO_MANY", 5)  # a small flood shows what a large one does
    monkeypatch.setattr(sources, "_asked_at", {})
    monkeypatch.setattr(sources, "_usual_at", {})


def flood(town: Stage, count: int, source: str = "192.0.2.1", words: str = "") -> None:
    """A script calls one lawful picture after another a child's, from one place."""
    for n in range(count):
        if not Notice.objects.filter(targets__url=town.url(f"lawful{n}")).exists():
            town.post(f"lawful{n}", picture(f"lawful {n}"))
        town.hear(gil(town.url(f"lawful{n}"), words=words), source=source, then_work=False)
        town.later(timedelta(seconds=3))


def test_a_script_hides_no_more_than_a_few_and_a_victim_meanwhile_is_protected_at_once(
    town: Stage,
) -> None:
    town.post("hers", picture("hers"))
    flood(town, 10)
    town.hear(gil(town.url("hers"), words=""), source="198.51.100.7", then_work=False)
    assert town.seen("hers") == ["hidden"]
    now_seen = [town.item(f"lawful{n}").desired for n in range(10)]
    assert now_seen.count("hidden") <= 6
    assert set(now_seen[7:]) == {"limited"}


def test_what_a_flood_had_hidden_is_looked_at_within_the_hour_and_stays_up_then(
    town: Stage,
) -> None:
    rae, sam = town.staff("Rae"), town.staff("Sam")
    flood(town, 9)
    first = town.case(picture("lawful 3"))
    assert town.seen("lawful3") == ["hidden"]
    assert first.due_at is not None and first.due_at - town.now <= 60 * MINUTE
    town.later(20 * MINUTE)
    town.keep(first, rae, sam)
    assert town.seen("lawful3") == ["visible"]
    town.hear(gil(town.url("lawful3"), words=""), source="192.0.2.1")
    town.hear(gil(town.url("lawful3"), words="", stated_age=12), source="192.0.2.1")
    assert town.seen("lawful3") != ["hidden"]


def test_who_shares_the_floods_connection_is_first_in_the_queue_or_hidden_once_confirmed(
    town: Stage,
) -> None:
    town.post("hers", picture("hers"))
    flood(town, 9)
    words = "I am in the ninth form, it was my boyfriend."
    hers = town.hear(gil(town.url("hers"), words=words), source="192.0.2.1")
    flood(town, 11)
    assert town.seen("hers") == ["limited"]
    waiting = cases_of({town.platform_id}, now=town.now)
    crowd = waiting.filter(crowd=True)
    assert crowd.exists()
    mine, order = town.case(picture("hers")), [case.id for case in waiting]
    assert order.index(mine.id) < min(order.index(case.id) for case in crowd)
    code = people.keep_contact(hers.notice_id, "dana@example.org", may_write=True, now=town.now)
    assert confirm_contact(number=hers.number, code=code, now=town.now)
    assert town.seen("hers") == ["hidden"]


def test_copies_of_what_a_flood_named_are_searched_in_turn_once_its_victim_tells_of_it(
    town: Stage,
) -> None:
    flood(town, 9)
    case = town.case(picture("lawful 8"))

    def queue() -> list[str]:
        with connection.cursor() as cursor:
            jobs = "SELECT queue_name FROM procrastinate_jobs WHERE queueing_lock = %s"
            cursor.execute(jobs, [f"copies:{case.id}"])
            return [row[0] for row in cursor.fetchall()]

    assert queue() == ["behind"]
    town.hear(gil(town.url("lawful8"), words=""), source="198.51.100.7", then_work=False)
    assert town.seen("lawful8") == ["hidden"] and queue() == ["work"]


def test_the_same_text_a_thousand_times_from_many_places_is_one_wave(town: Stage) -> None:
    town.post("hers", picture("hers"))
    text = "Take this child down now !! https://x.example/{n} {n}"
    for n in range(9):
        town.post(f"lawful{n}", picture(f"lawful {n}"))
        notice = gil(town.url(f"lawful{n}"), words=text.replace("{n}", str(n)))
        town.hear(notice, source=f"192.0.2.{n}", then_work=False)
    assert [town.item(f"lawful{n}").desired for n in range(9)].count("hidden") <= 6
    assert town.seen("lawful8") == ["limited"]
    town.hear(gil(town.url("hers"), words="He is my son."), source="198.51.100.7", then_work=False)
    assert town.seen("hers") == ["hidden"]


def test_the_same_form_again_and_again_is_one_case_and_a_few_notices(
    client: Client, town: Stage
) -> None:
    codes = [send(client, town.url("p"), token=f"t{n}").status_code for n in range(8)]
    assert codes == [200] * 5 + [422] * 3
    assert (Notice.objects.count(), Case.objects.count()) == (5, 1)
    own = send(client, town.url("p"), token="mine", why="It is me in the red coat")
    assert own.status_code == 200
    assert Notice.objects.latest("received_at").words == "It is me in the red coat"


def test_a_rival_gets_no_text_hidden_and_no_picture_for_longer_than_people_need(
    town: Stage,
) -> None:
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.post("speech")
    town.post("portrait", picture("portrait"))
    town.hear(gil(town.url("speech"), town.url("portrait"), words="porn"), source="192.0.2.9")
    assert town.seen("speech", "portrait") == ["limited", "hidden"]
    town.later(30 * MINUTE)
    for case in Case.objects.all():
        town.keep(case, rae, sam)
    assert town.seen("speech", "portrait") == ["visible", "visible"]
    for n in range(3):
        again = gil(town.url("speech"), town.url("portrait"), words=f"porn {n}")
        town.hear(again, source=f"192.0.2.{n}")
    assert town.seen("speech", "portrait") == ["visible", "visible"]


def test_an_uploader_who_tells_of_their_own_post_learns_nothing_and_frees_nothing(
    client: Client, town: Stage
) -> None:
    town.post("p", picture("one"))
    town.hear(gil(town.url("p")))
    before = entries("case.opened")
    sent = send(client, town.url("p"), who="me-adult", young="no")
    mine = number_in(sent)
    page = client.get(f"/n/{mine}").content.decode()
    others = Notice.objects.exclude(number=mine).values_list("number", flat=True)
    assert not [number for number in others if number in page]
    client.post(f"/n/{mine}/withdraw")
    assert town.seen("p") == ["hidden"]
    assert entries("case.opened") == before
