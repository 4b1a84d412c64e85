"""Whatever happens in whatever order: never twice in flight, never backwards, never forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.outbox import services
from heed.outbox.models import StateTelling
from heed.outbox.services import Batch, Telling
from heed.ports import Result, StateResult
from tests.outbox.helpers import NOON

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=10)
STEPS = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("claim"), st.integers(1, 3), st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, 5), st.sampled_from([*Result, None])),
    st.tuples(st.just("fail"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("later"), st.integers(0, 2), st.sampled_from(list(Result))),
    st.tuples(st.just("wait"), st.integers(1, 20), st.just(0)),
)


class World:
    """The outbox, its deliverers, and what a stand-in platform heard."""

    def __init__(self) -> None:
        self.now = NOON
        self.platform = uuid4()
        self.items = [uuid4() for _ in range(3)]
        self.revisions = [0, 0, 0]
        self.out: list[Batch] = []
        self.confirmed: dict[UUID, set[int]] = {item: set() for item in self.items}

    def tell(self, n: int, back: int) -> None:
        revision = max(self.revisions[n] + 1 - back, 1)
        self.revisions[n] = max(self.revisions[n], revision)
        services.tell_states([self.telling(n, revision)], now=self.now)

    def telling(self, n: int, revision: int) -> Telling:
        return Telling(
            item_id=self.items[n], platform_id=self.platform, item_ref=str(self.items[n]),
            visibility="hidden", revision=revision, reason="none",
        )  # fmt: skip

    def claim(self, limit: int, _: object) -> None:
        batch = services.claim_states(self.platform, now=self.now, limit=limit, lease=LEASE)
        if batch is None:
            return
        held = {t.item_id for other in self.live() for t in other.tellings}
        assert not held & {t.item_id for t in batch.tellings}, "twice in flight"
        self.out.append(batch)

    def live(self) -> list[Batch]:
        return [batch for batch in self.out if batch.leased_until > self.now]

    def answer(self, n: int, result: Result | None) -> None:
        if self.out:
            batch = self.out.pop(n % len(self.out))
            chosen = batch.tellings[: n + 1] if result else ()
            self.hear([(t.item_id, t.revision, result) for t in chosen if result])
            results = [
                StateResult(item_ref=t.item_ref, revision=t.revision, result=result)
                for t in chosen
                if result
            ]
            services.record_answer(batch, results, now=self.now)

    def fail(self, n: int, _: object) -> None:
        if self.out:
            batch = self.out.pop(n % len(self.out))
            services.record_failure(batch, "timed_out", now=self.now)

    def later(self, n: int, result: Result) -> None:
        revision = self.revisions[n]
        self.hear([(self.items[n], revision, result)])
        word = StateResult(item_ref=str(self.items[n]), revision=revision, result=result)
        services.record_results(self.platform, [word], now=self.now)

    def hear(self, words: Sequence[tuple[UUID, int, Result]]) -> None:
        for item, revision, result in words:
            if result is not Result.FAILED:
                self.confirmed[item].add(revision)

    def wait(self, seconds: int, _: object) -> None:
        self.now += timedelta(seconds=seconds)

    def check(self) -> None:
        for row in StateTelling.objects.filter(platform_id=self.platform):
            assert row.revision == self.revisions[self.items.index(row.item_id)]
            done = row.acknowledged_revision == row.revision
            assert done or row.due_at or row.dead_at, "forgotten"
            if row.acknowledged_revision is not None:
                assert row.acknowledged_revision in self.confirmed[row.item_id]
                assert row.acknowledged_revision <= row.revision

    def drain(self) -> None:
        """However it went, a platform that answers at last has every newest revision."""
        self.now += timedelta(days=1)
        while batch := services.claim_states(self.platform, now=self.now):
            results = [
                StateResult(item_ref=t.item_ref, revision=t.revision, result=Result.APPLIED)
                for t in batch.tellings
            ]
            services.record_answer(batch, results, now=self.now)
        for row in StateTelling.objects.filter(platform_id=self.platform):
            assert row.acknowledged_revision == row.revision


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEPS, min_size=5, max_size=30))
def test_no_order_of_events_loses_a_state_or_sends_it_twice_at_once(
    steps: list[tuple[str, int, Any]],
) -> None:
    world = World()
    for name, n, extra in steps:
        getattr(world, name)(n, extra)
        world.check()
    world.drain()
