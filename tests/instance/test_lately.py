"""How often something was seen in the last minute or two."""

from heed.instance.lately import REMEMBERED_SECONDS, Lately


def test_it_counts_what_came_before_and_forgets_it_after_a_while() -> None:
    now = 0.0
    lately = Lately(lambda: now)
    assert [lately.again("a"), lately.again("b"), lately.again("a")] == [0, 0, 1]
    now = REMEMBERED_SECONDS + 1
    assert lately.again("a") == 2
    now = 2 * REMEMBERED_SECONDS + 2
    assert lately.again("a") == 1
    now = 5 * REMEMBERED_SECONDS
    assert lately.again("a") == 0


def test_what_was_not_seen_after_all_is_taken_back() -> None:
    now = 0.0
    lately = Lately(lambda: now)
    lately.again("a")
    lately.take_back("a")
    lately.take_back("a")
    assert lately.again("a") == 0
    now = REMEMBERED_SECONDS + 1
    assert lately.again("b") == 0
    lately.take_back("a")
    assert lately.again("a") == 0
