"""Agreement is counted beyond chance, and nobody chooses what is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.quality import agreement, is_drawn, kappa

words = st.sampled_from(["remove", "keep"])
pairs = st.lists(st.tuples(words, words), min_size=1)


@given(pairs)
def test_kappa_lies_between_less_than_chance_and_full_agreement(
    said: list[tuple[str, str]],
) -> None:
    found = kappa(said)
    assert found is None or -1 <= found <= 1.000001
    assert found is None or (found == pytest.approx(1)) == (agreement(said) == 1)


@given(pairs)
def test_who_reads_first_makes_no_difference(said: list[tuple[str, str]]) -> None:
    assert kappa(said) == pytest.approx(kappa([(b, a) for a, b in said]))


def test_a_known_table_gives_its_known_kappa() -> None:
    said = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(said) == pytest.approx(0.4)
    assert kappa([]) is None
    assert kappa([("yes", "yes")] * 5) is None


def test_about_the_share_that_was_asked_for_is_drawn() -> None:
    drawn = sum(is_drawn(str(n), 0.05) for n in range(20_000))
    assert 850 < drawn < 1_150
    assert not is_drawn("x", 0)
