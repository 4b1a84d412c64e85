"""What the example pictures promise to the stories that use them."""

from collections import Counter

import pytest

from examples.pictures import ALTERATIONS, altered, confusers, picture, video
from heed.hashing.distance import CONFIDENT_MATCH, distance
from heed.hashing.signals import FileSignals, signals_of

SEEDS = range(12)


@pytest.fixture(scope="module")
def drawn() -> list[tuple[bytes, FileSignals]]:
    return [(data, signals_of(data)) for data in map(picture, SEEDS)]


def test_every_picture_has_structure(drawn: list[tuple[bytes, FileSignals]]) -> None:
    assert all(signals.pdq_quality >= 80 for _, signals in drawn)


def test_no_picture_looks_like_another(drawn: list[tuple[bytes, FileSignals]]) -> None:
    for nth, (_, one) in enumerate(drawn):
        for _, other in drawn[:nth]:
            assert other.pdq is not None
            assert min(distance(form, other.pdq) for form in one.query_forms) > 60


@pytest.mark.parametrize("how", ALTERATIONS)
def test_an_altered_copy_is_a_confident_match(
    how: str, drawn: list[tuple[bytes, FileSignals]]
) -> None:
    for data, signals in drawn:
        copy = signals_of(altered(data, how))
        assert signals.pdq is not None and copy.sha256 != signals.sha256
        assert min(distance(form, signals.pdq) for form in copy.query_forms) <= CONFIDENT_MATCH


def test_the_same_seed_draws_the_same(drawn: list[tuple[bytes, FileSignals]]) -> None:
    assert picture(3) == drawn[3][0]
    assert video(3, seconds=2) == video(3, seconds=2)


def test_there_are_100_confusers_and_only_the_burst_comes_near(
    drawn: list[tuple[bytes, FileSignals]],
) -> None:
    target, near = drawn[7][1].pdq or b"", Counter[str]()
    drawn_confusers = confusers(7)
    assert len({confuser.data for confuser in drawn_confusers}) == 100
    for confuser in drawn_confusers[::2]:
        forms = signals_of(confuser.data).query_forms
        near[confuser.kind] += any(distance(form, target) <= CONFIDENT_MATCH for form in forms)
    assert near["burst"] > 0
    assert sum(near.values()) == near["burst"]
