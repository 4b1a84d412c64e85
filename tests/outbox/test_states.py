"""One row for each item, the newest revision, and no word forgotten."""

from datetime import timedelta
from uuid import UUID

import pytest

from heed.outbox import queries, services
from heed.outbox.models import StateTelling
from heed.outbox.services import Batch
from heed.ports import DesiredState, Result
from tests.outbox.helpers import NOON, PLATFORM, SECOND, numbers, row, said, telling

pytestmark = pytest.mark.django_db


def claim(now=NOON, **how) -> Batch:  # type: ignore[no-untyped-def]
    batch = services.claim_states(PLATFORM, now=now, **how)
    assert batch is not None
    return batch


def nothing_due(now=NOON) -> bool:  # type: ignore[no-untyped-def]
    return services.claim_states(PLATFORM, now=now) is None


def test_a_newer_revision_replaces_the_row_and_an_older_one_does_not() -> None:
    assert services.tell_states([telling(1, 5, "hidden")], now=NOON) == 1
    assert services.tell_states([telling(1, 4, "visible")], now=NOON) == 0
    assert services.tell_states([telling(1, 5, "visible")], now=NOON) == 0
    assert (row(1).revision, row(1).visibility) == (5, "hidden")
    assert services.tell_states([telling(1, 6, "removed")], now=NOON) == 1
    assert (row(1).revision, row(1).visibility) == (6, "removed")
    assert StateTelling.objects.count() == 1


def test_of_two_revisions_told_together_the_newer_one_stays() -> None:
    services.tell_states([telling(1, 2), telling(1, 3), telling(1, 1)], now=NOON)
    assert row(1).revision == 3
    assert services.tell_states([], now=NOON) == 0


def test_ten_thousand_states_are_queued_and_settled_in_batches_of_a_thousand() -> None:
    assert services.tell_states([telling(n) for n in range(1, 10_001)], now=NOON) == 10_000
    seen = 0
    while (batch := services.claim_states(PLATFORM, now=NOON)) is not None:
        assert len(batch.tellings) == services.BATCH
        results = [said(t.item_id.int) for t in batch.tellings]
        seen += len(services.record_answer(batch, results, now=NOON))
    assert seen == 10_000
    assert queries.counts(now=NOON).states_unacknowledged == 0


def test_a_batch_speaks_the_words_of_the_port() -> None:
    services.tell_states([telling(1, 7)], now=NOON)
    assert claim().states == (
        DesiredState(item_ref="item-1", visibility="hidden", revision=7, reason="child-safety"),
    )


def test_what_one_deliverer_holds_no_other_gets_until_the_lease_runs_out() -> None:
    services.tell_states([telling(1)], now=NOON)
    batch = claim(lease=timedelta(seconds=10))
    assert nothing_due(NOON + 9 * SECOND)
    again = claim(NOON + 10 * SECOND)  # the first deliverer was killed
    assert numbers(again.tellings) == numbers(batch.tellings)
    assert again.id != batch.id


def test_another_platforms_rows_are_never_claimed() -> None:
    services.tell_states([telling(1)], now=NOON)
    assert services.claim_states(UUID(int=2), now=NOON) is None


def test_an_acknowledged_state_is_done_and_is_news_once() -> None:
    services.tell_states([telling(1)], now=NOON)
    (news,) = services.record_answer(claim(), [said(1)], now=NOON + SECOND)
    assert (news.item_id, news.revision, news.result, news.newest) == (
        UUID(int=1), 1, Result.APPLIED, True,
    )  # fmt: skip
    assert nothing_due(NOON + timedelta(days=30))
    assert row(1).acknowledged_at == row(1).told_at == NOON + SECOND
    assert services.record_results(PLATFORM, [said(1)], now=NOON) == []


def test_a_newer_revision_waits_for_the_delivery_in_flight_and_follows_it() -> None:
    services.tell_states([telling(1, 5)], now=NOON)
    batch = claim()
    services.tell_states([telling(1, 6)], now=NOON)
    assert nothing_due()
    (news,) = services.record_answer(batch, [said(1, 5)], now=NOON)
    assert (news.revision, news.newest) == (5, False)
    assert (row(1).acknowledged_revision, row(1).told_at) == (5, None)
    assert numbers(claim().tellings) == [(1, 6)]


@pytest.mark.parametrize("result", [None, Result.FAILED])
def test_an_unsuccessful_older_delivery_does_not_put_off_the_newer_revision(
    result: Result | None,
) -> None:
    services.tell_states([telling(1, 5)], now=NOON)
    batch = claim()
    services.tell_states([telling(1, 6)], now=NOON)
    services.record_answer(batch, [said(1, 5, result)] if result else [], now=NOON)
    assert row(1).attempts == 0
    assert numbers(claim().tellings) == [(1, 6)]


def test_a_failed_call_about_an_older_revision_does_not_put_off_the_newer_one() -> None:
    services.tell_states([telling(1, 5)], now=NOON)
    batch = claim()
    services.tell_states([telling(1, 6)], now=NOON)
    services.record_failure(batch, "timed_out", now=NOON)
    assert numbers(claim().tellings) == [(1, 6)]


def test_a_late_word_on_an_older_revision_settles_nothing_newer() -> None:
    services.tell_states([telling(1, 5)], now=NOON)
    services.record_answer(claim(), [], now=NOON)
    services.tell_states([telling(1, 6)], now=NOON)
    (news,) = services.record_results(PLATFORM, [said(1, 5)], now=NOON)
    assert not news.newest
    assert numbers(claim().tellings) == [(1, 6)]


def test_an_older_word_never_hides_a_newer_one() -> None:
    services.tell_states([telling(1, 6)], now=NOON)
    services.record_answer(claim(), [said(1, 6)], now=NOON)
    assert services.record_results(PLATFORM, [said(1, 5, Result.NOT_FOUND)], now=NOON) == []
    assert row(1).acknowledged_revision == 6


def test_a_word_on_a_revision_that_never_was_changes_nothing() -> None:
    services.tell_states([telling(1, 5)], now=NOON)
    strange = [said(1, 9), said(77, 1), said(1, 2**70), said(1, -3, Result.FAILED)]
    assert services.record_results(PLATFORM, strange, now=NOON) == []
    assert services.record_results(UUID(int=2), [said(1, 5)], now=NOON) == []
    assert numbers(claim().tellings) == [(1, 5)]


def test_a_lost_deliverers_word_still_counts_but_its_lease_does_not() -> None:
    services.tell_states([telling(1), telling(2)], now=NOON)
    lost = claim(lease=SECOND)
    second = claim(NOON + SECOND)
    (news,) = services.record_answer(lost, [said(1)], now=NOON + 2 * SECOND)
    assert news.item_id == UUID(int=1)
    assert row(2).lease_id == second.id
    assert row(2).attempts == 0
    services.record_failure(lost, "timed_out", now=NOON + 2 * SECOND)
    assert row(2).lease_id == second.id


@pytest.mark.parametrize("result", [Result.NOT_FOUND, Result.UNSUPPORTED])
def test_what_the_platform_can_not_do_is_final_and_reported(result: Result) -> None:
    services.tell_states([telling(1)], now=NOON)
    (news,) = services.record_answer(claim(), [said(1, result=result)], now=NOON)
    assert news.result is result
    assert row(1).acknowledged_result == result
    assert nothing_due(NOON + timedelta(days=30))


def test_what_the_platform_failed_at_is_tried_again() -> None:
    services.tell_states([telling(1)], now=NOON)
    assert services.record_answer(claim(), [said(1, result=Result.FAILED)], now=NOON) == []
    assert (row(1).attempts, row(1).last_error) == (1, "platform_failed")
    assert numbers(claim(NOON + SECOND).tellings) == [(1, 1)]


def test_what_the_answer_leaves_out_is_awaited_and_then_told_again() -> None:
    services.tell_states([telling(1), telling(2)], now=NOON)
    services.record_answer(claim(), [said(1)], now=NOON)
    assert (row(2).told_at, row(2).last_error) == (NOON, "no_result_yet")
    assert nothing_due(NOON + 59 * SECOND)
    assert numbers(claim(NOON + 61 * SECOND).tellings) == [(2, 1)]


def test_a_result_that_comes_later_settles_the_state() -> None:
    services.tell_states([telling(1)], now=NOON)
    services.record_answer(claim(), [], now=NOON)
    assert len(services.record_results(PLATFORM, [said(1)], now=NOON + SECOND)) == 1
    assert nothing_due(NOON + timedelta(days=30))


def test_a_failure_that_is_reported_later_is_tried_again() -> None:
    services.tell_states([telling(1)], now=NOON)
    services.record_answer(claim(), [], now=NOON)
    services.record_results(PLATFORM, [said(1, result=Result.FAILED)], now=NOON)
    assert row(1).last_error == "platform_failed"
    assert row(1).due_at is not None


def test_applied_is_not_unsaid_for_the_same_revision() -> None:
    services.tell_states([telling(1)], now=NOON)
    services.record_answer(claim(), [said(1)], now=NOON)
    late = [said(1, result=Result.NOT_FOUND), said(1, result=Result.FAILED)]
    for word in late:
        assert services.record_results(PLATFORM, [word], now=NOON) == []
    assert row(1).acknowledged_result == Result.APPLIED
    assert row(1).due_at is None


def test_a_platform_that_is_down_is_tried_for_two_days_and_then_given_up_in_sight() -> None:
    services.tell_states([telling(1)], now=NOON)
    now, tries = NOON, 0
    while (due := row(1).due_at) is not None:
        now = due
        services.record_failure(claim(now), "connection_refused", now=now)
        tries += 1
    assert timedelta(hours=48) <= now - NOON <= timedelta(hours=49)
    assert 90 < tries < 250
    assert [dead.item_id for dead in queries.dead_states(PLATFORM)] == [UUID(int=1)]
    assert row(1).last_error == "connection_refused"


def test_the_dead_are_revived_on_request_or_by_a_newer_revision() -> None:
    services.tell_states([telling(1), telling(2), telling(3)], now=NOON)
    StateTelling.objects.update(dead_at=NOON, due_at=None, attempts=99, first_failed_at=NOON)
    assert services.revive([UUID(int=1)], now=NOON) == 1
    services.tell_states([telling(2, 2)], now=NOON)
    assert numbers(claim().tellings) == [(1, 1), (2, 2)]
    assert (row(1).attempts, row(2).attempts) == (0, 0)
    assert [dead.item_id for dead in queries.dead_states(PLATFORM)] == [UUID(int=3)]
    assert services.revive([UUID(int=1)], now=NOON) == 0


def test_a_platform_that_lied_can_be_told_again() -> None:
    services.tell_states([telling(1)], now=NOON)
    services.record_answer(claim(), [said(1)], now=NOON)
    assert services.tell_again([UUID(int=1)], at=NOON) == 1
    assert queries.counts(now=NOON).states_unacknowledged == 1
    assert len(services.record_answer(claim(), [said(1)], now=NOON)) == 1
    assert nothing_due(NOON + timedelta(days=30))


def test_news_goes_before_what_has_failed_before() -> None:
    services.tell_states([telling(n) for n in (1, 2)], now=NOON)
    services.record_failure(claim(), "timed_out", now=NOON)
    services.tell_states([telling(3)], now=NOON + SECOND)
    assert numbers(claim(NOON + 2 * SECOND, limit=1).tellings) == [(3, 1)]


def test_words_from_outside_are_never_kept_as_an_errors_name() -> None:
    services.tell_states([telling(1)], now=NOON)
    services.record_failure(claim(), "Dana <dana@example.org> says no", now=NOON)
    assert row(1).last_error == "unnamed_error"


def test_an_outbox_says_what_is_due_in_flight_awaited_and_dead() -> None:
    services.tell_states([telling(n) for n in (1, 2, 3, 4)], now=NOON)
    services.record_answer(claim(limit=1), [said(1)], now=NOON)
    services.record_failure(claim(limit=1), "timed_out", now=NOON)
    claim(limit=1)
    StateTelling.objects.filter(item_id=UUID(int=4)).update(dead_at=NOON, due_at=None)
    counts = queries.counts(now=NOON, platform_id=PLATFORM)
    assert (counts.states_due, counts.states_in_flight) == (0, 1)
    assert (counts.states_unacknowledged, counts.states_dead) == (3, 1)
    assert queries.due_platforms(now=NOON) == []
    assert queries.due_platforms(now=NOON + 2 * SECOND) == [PLATFORM]
    waiting = queries.unacknowledged(enqueued_before=NOON + SECOND)
    assert [r.item_id.int for r in waiting] == [2, 3, 4]
    assert set(queries.tellings_of([UUID(int=1)])) == {UUID(int=1)}
    assert queries.next_due_at() is not None
