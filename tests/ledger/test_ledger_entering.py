"""Entering and sequencing."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from heed.ledger import merkle, outside, queries, services, verify
from heed.ledger.audit import verify_log
from heed.ledger.models import Entry, Waiting

pytestmark = pytest.mark.django_db


def enter(now: datetime, count: int = 1) -> None:
    for number in range(count):
        services.enter("case.opened", subject=f"case:{number}", body={"n": number}, at=now)


def test_an_entry_waits_until_it_is_given_its_place_and_then_a_checkpoint_covers_it(
    now: datetime,
) -> None:
    entry_id = services.enter("case.opened", subject="case:1", body={}, at=now)
    with pytest.raises(queries.NotInLog):
        queries.place_of(entry_id)
    assert services.sequence(now=now) == 1
    assert queries.place_of(entry_id) == 0
    assert queries.published_size() == 1
    assert not Waiting.objects.exists()


def test_an_unknown_event_is_refused(now: datetime) -> None:
    with pytest.raises(services.UnknownEvent):
        services.enter("case.forgotten", subject="case:1", body={}, at=now)


def test_what_has_no_one_spelling_is_refused_and_nothing_is_left_of_it(now: datetime) -> None:
    for body in ({"half": "\ud800"}, {"n": 2**60}):
        with pytest.raises(services.NotCanonical):
            services.enter("case.opened", subject="case:1", body=body, at=now)
    with pytest.raises(services.NotCanonical):
        services.enter("case.opened", subject="case\0", body={}, at=now)
    assert not Entry.objects.exists()


def test_a_story_that_is_undone_takes_its_entries_with_it(now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enter(now)
        raise ZeroDivisionError
    assert services.sequence(now=now) == 0
    assert not Entry.objects.exists()


def test_text_that_a_database_would_choke_on_is_entered_all_the_same(now: datetime) -> None:
    body = {"text": "\0 \u2028 \U0001f600 \\u0000", "n": 1.5, "big": 2**53 - 1}
    entry_id = services.enter("message.received", subject="case:1", body=body, at=now)
    services.sequence(now=now)
    assert json.loads(queries.opening_of(entry_id).body) == body
    assert verify_log(queries.DatabaseLog()).good


def test_a_checkpoint_is_signed_only_when_the_log_grew(now: datetime) -> None:
    enter(now)
    services.sequence(now=now)
    first = queries.latest_note()
    assert services.sequence(now=now + timedelta(seconds=5)) == 0
    assert queries.latest_note() == first
    assert outside.history() == [first]


def test_a_log_that_grows_through_full_tiles_keeps_proving_its_past(now: datetime) -> None:
    sizes = []
    for count in (1, 200, 54, 1, 300):
        enter(now, count)
        services.sequence(now=now)
        sizes.append(queries.size())
    assert sizes == [1, 201, 255, 256, 556]
    last = queries.tree(556)
    for old in sizes:
        merkle.check_consistency(
            old=old,
            old_root=merkle.root_at(last.node, old),
            new=556,
            new_root=merkle.root_at(last.node, 556),
            path=queries.consistency_of(old, 556),
        )
    assert verify_log(queries.DatabaseLog()).findings == []


def test_ten_thousand_copies_are_one_entry_and_each_can_be_proved(now: datetime) -> None:
    items = [f"item-{number} 3 hidden" for number in range(10_000)]
    entry_id = services.enter("copies.restricted", subject="c", body={}, at=now, batch=items)
    assert services.sequence(now=now) == 1
    body = json.loads(queries.opening_of(entry_id).body)
    proof = queries.batch_proof(entry_id, items[4242])
    shown = {"index": proof.index, "salt": proof.salt, "path": list(proof.hashes)}
    verify.check_batch_item(body, items[4242], **shown)  # type: ignore[arg-type]
    with pytest.raises(merkle.ProofFalse):
        verify.check_batch_item(body, "item-4242 3 visible", **shown)  # type: ignore[arg-type]
    with pytest.raises(queries.NotInLog):
        queries.batch_proof(entry_id, "item-10000 3 hidden")


def test_a_body_can_not_hide_a_batch_of_its_own(now: datetime) -> None:
    with pytest.raises(services.BatchKeyTaken):
        services.enter("copies.found", subject="c", body={"batch": 1}, at=now, batch=["x"])


def test_what_is_erased_can_not_be_opened_and_the_log_still_holds(now: datetime) -> None:
    entry_id = services.enter("copies.found", subject="c", body={"n": 1}, at=now, batch=["x"])
    enter(now, 3)
    services.sequence(now=now)
    assert services.erase([entry_id]) == 1
    assert services.erase([entry_id]) == 0
    with pytest.raises(queries.NotInLog):
        queries.opening_of(entry_id)
    verdict = verify_log(queries.DatabaseLog())
    assert (verdict.good, verdict.entries, verdict.opened) == (True, 4, 3)
