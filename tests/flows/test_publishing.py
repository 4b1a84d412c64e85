"""publish_statements: each statement of reasons goes to the database once, whatever it answers."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from heed.cases.models import Deadline
from heed.filings.models import Officer, Order, Publication, StatementOfReasons
from heed.flows import wiring
from heed.flows.issue_statements import issue_statements
from heed.flows.publish_statements import publish_statements, try_again
from heed.integrations.dsa import stand_in
from heed.integrations.dsa.client import Client
from heed.rules.transparency import faults
from tests.flows.stage import HOUR, Stage, entries, picture
from tests.people import gil


@pytest.fixture
def database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[stand_in.StandIn]:
    with stand_in.running() as server:
        settings.HEED_DSA_URL, settings.HEED_DSA_TOKEN = server.url, stand_in.TOKEN
        client = Client()
        monkeypatch.setattr(wiring, "transparency", lambda: client)
        yield server
        client.close()


def restricted(town: Stage, copies: int) -> None:
    """One post and its copies, hidden for a child; their uploaders are told."""
    one = picture("one")
    for n in range(copies):
        town.post(f"a{n}", one)
    town.hear(gil(town.url("a0")))


def publish(town: Stage) -> dict[str, int]:
    while publish_statements(now=town.now):
        pass
    return {state: Publication.objects.filter(state=state).count() for state in
            ("waiting", "unsure", "sent", "refused")}  # fmt: skip


def test_every_restriction_is_published_once_and_tells_of_nobody(
    town: Stage, database: stand_in.StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heed.flows.publish_statements.MOST_AT_ONCE", 10)
    restricted(town, 12)
    assert publish(town) == {"waiting": 0, "unsure": 0, "sent": 12, "refused": 0}
    assert len(database.kept) == 12 and database.calls == 2
    one = next(iter(database.kept.values()))
    assert one["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert one["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert one["source_type"] == "SOURCE_ARTICLE_16" and not faults(one)
    told = str(database.kept)
    assert "town.example" not in told and "Somebody told us" not in told
    clock = Deadline.objects.filter(clock="eu.dsa.24.publish")
    assert clock.count() == 2 and not clock.filter(met_at=None).exists()  # named first, then copies
    assert entries("statement.published") == 2
    assert publish(town)["sent"] == 12 and len(database.kept) == 12


def test_an_answer_that_never_came_is_asked_after_and_nothing_is_sent_twice(
    town: Stage, database: stand_in.StandIn
) -> None:
    restricted(town, 3)
    database.fault = "silent"
    assert publish(town)["unsure"] == 3 and len(database.kept) == 3
    town.later(HOUR)
    assert publish(town) == {"waiting": 0, "unsure": 0, "sent": 3, "refused": 0}
    assert len(database.kept) == 3
    for fault in ("busy", "error", "locked"):
        town.reshare(f"r{fault}", "a0")
        town.work()
        database.fault = fault
        publish(town)
        town.later(timedelta(hours=2))
        assert publish(town)["waiting"] == 0
    assert len(database.kept) == Publication.objects.filter(state="sent").count()


def test_one_that_is_wrong_is_set_aside_in_sight_and_the_others_go_in(
    town: Stage, database: stand_in.StandIn
) -> None:
    restricted(town, 3)
    bad = Publication.objects.order_by("id")[0]
    Publication.objects.filter(id=bad.id).update(payload={**bad.payload, "category": "NONE"})
    known = Publication.objects.order_by("id")[1]
    database.kept[str(known.id)] = dict(known.payload)
    assert publish(town) == {"waiting": 0, "unsure": 0, "sent": 2, "refused": 1}
    bad.refresh_from_db()
    assert "category is invalid" in bad.why_not
    owed = Deadline.objects.filter(clock="eu.dsa.24.publish", met_at=None)
    assert owed.count() == 1
    Publication.objects.filter(id=bad.id).update(payload=dict(known.payload, puid=str(bad.id)))
    assert (
        try_again(platform_ids=[town.platform_id], by=uuid4(), now=town.now) == 1
        and publish(town)["refused"] == 0
    )
    assert not owed.exists()


def test_a_statement_is_held_back_only_while_a_verified_order_forbids_it(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    heard = town.hear(gil(town.url("a")), then_work=False)
    (case_id,) = town.cases_of(heard)
    officer = Officer.objects.create(
        name="Ola", agency="Police", mail_sealed=b"", phone_sealed=b"", mail_index=b"",
        made_at=town.now,
    )  # fmt: skip
    until = (town.now + timedelta(days=9)).date()
    Order.objects.create(
        number="O-1", platform_id=town.platform_id, officer=officer, kind="warrant",
        cases=[case_id], non_disclosure=True, non_disclosure_until=until, link_hash=b"",
        code_hash=b"", received_at=town.now,
    )  # fmt: skip
    officer.level = 2
    officer.save()
    assert issue_statements(case_id=case_id, now=town.now) == 0
    assert not StatementOfReasons.objects.exists()
    officer.level = 1  # nobody has called back: nobody's word alone silences anything
    officer.save()
    assert issue_statements(case_id=case_id, now=town.now) == 1
    StatementOfReasons.objects.all().delete()
    officer.level = 2
    officer.save()
    assert issue_statements(case_id=case_id, now=town.now + timedelta(days=10)) == 1
