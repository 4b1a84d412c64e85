"""deliver_states, observe_states, tell_platforms, look_again: against a platform that listens."""

from datetime import timedelta

from heed.cases.models import Case, Deadline, Notice
from heed.flows.answer_back import it_is_back
from heed.flows.deliver_states import deliver_letters, deliver_states, record_results, revive
from heed.flows.look_again import look_again
from heed.flows.observe_states import observe_states
from heed.flows.tell_platforms import tell_platforms
from heed.media.models import Item
from heed.outbox.models import StateTelling
from heed.ports import Result, StateResult
from tests.flows.stage import HOUR, NOON, SECOND, Stage, entries, picture, waiting
from tests.flows.stand_in_platform import StandInPlatform
from tests.people import gil


def told(square: Stage) -> None:
    """Whatever is due is delivered."""
    while deliver_states(platform_id=square.platform_id, now=square.now):
        pass


def hidden(square: Stage, *refs: str) -> None:
    """These posts were seen, and are then hidden for a child."""
    one = picture("one")
    for ref in refs:
        square.post(ref, one)
    observe_states(now=square.now)
    square.hear(gil(square.url(refs[0])))
    square.later(SECOND)


# ------------------------------------------------------------------ deliver_states


def test_the_platform_is_told_each_items_state_and_its_word_is_kept(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a", "b")
    told(square)
    assert [platform.visibility(ref) for ref in ("a", "b")] == ["hidden", "hidden"]
    assert [square.item(ref).acknowledged for ref in ("a", "b")] == ["hidden", "hidden"]
    assert platform.wrongs == []


def test_delivering_twice_tells_nothing_twice(square: Stage, platform: StandInPlatform) -> None:
    hidden(square, "a")
    told(square)
    calls = platform.calls
    told(square)
    assert platform.calls == calls
    assert set(platform.applied.values()) == {1}


def test_a_platform_that_is_down_is_told_when_it_is_back(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "down"
    told(square)
    assert square.item("a").acknowledged == "visible"
    platform.mood = "well"
    square.later(HOUR)
    told(square)
    assert (platform.visibility("a"), square.item("a").acknowledged) == ("hidden", "hidden")


def test_what_half_an_answer_leaves_out_is_told_again(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a", "b")
    platform.mood = "half"
    told(square)
    assert {square.item(ref).acknowledged for ref in ("a", "b")} == {"hidden", "visible"}
    platform.mood = "well"
    square.later(HOUR)
    told(square)
    assert {square.item(ref).acknowledged for ref in ("a", "b")} == {"hidden"}
    assert set(platform.applied.values()) == {1}


def test_an_answer_that_is_lost_applies_no_revision_twice(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "silent"
    told(square)
    platform.mood = "well"
    square.later(HOUR)
    told(square)
    assert platform.applied == {("a", 1): 1}
    assert square.item("a").acknowledged == "hidden"


def test_a_word_that_comes_later_counts_and_counts_once(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "later"
    told(square)
    assert square.item("a").acknowledged == "visible"
    word = [StateResult(item_ref="a", revision=1, result=Result.APPLIED)]
    assert record_results(platform_id=square.platform_id, results=word, now=square.now) == 1
    assert record_results(platform_id=square.platform_id, results=word, now=square.now) == 0
    assert square.item("a").acknowledged == "hidden"
    assert entries("state.acknowledged") == 1


def test_a_hide_that_arrives_after_the_restore_is_ignored(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "silent"
    told(square)
    platform.mood = "well"
    rae, sam = square.staff("Rae"), square.staff("Sam")
    square.keep(square.case(picture("one")), rae, sam)
    square.later(HOUR)
    told(square)
    assert platform.states["a"] == ("visible", 2)
    stale = {"item": "a", "visibility": "hidden", "revision": 1}
    platform._take(stale)
    assert platform.states["a"] == ("visible", 2)


def test_what_was_given_up_on_is_tried_again_by_a_person(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "failing"
    for _ in range(60):
        told(square)
        square.later(HOUR)
    dead = StateTelling.objects.get()
    assert dead.dead_at is not None
    platform.mood = "well"
    rae = square.staff("Rae")
    assert revive(item_ids=[dead.item_id], by=rae.id, now=square.now) == 1
    told(square)
    assert square.item("a").acknowledged == "hidden"


def test_statements_reach_the_platform_once(square: Stage, platform: StandInPlatform) -> None:
    hidden(square, "a")
    while deliver_letters(platform_id=square.platform_id, now=square.now):
        pass
    assert [letter["type"] for letter in platform.letters] == ["statements.issued"]


# ------------------------------------------------------------------ tell_platforms


def test_what_is_due_is_told_also_when_its_job_was_lost(square: Stage) -> None:
    hidden(square, "a")
    assert "deliver" not in waiting()
    assert tell_platforms(now=square.now) == 1
    assert tell_platforms(now=square.now) == 1
    assert waiting().count("deliver") == 1


# ------------------------------------------------------------------ observe_states


def test_what_is_gone_is_verified_by_looking(square: Stage) -> None:
    hidden(square, "a")
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert square.item("a").observed == "gone"
    assert observe_states(now=square.now) == 0


def test_what_was_never_seen_is_unverifiable_and_never_gone(
    square: Stage, platform: StandInPlatform
) -> None:
    platform.states["a"] = ("hidden", 0)
    hidden(square, "a")
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert square.item("a").observed == "unverifiable"


def test_a_platform_that_lies_is_written_down_and_told_again(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "lying"
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert square.item("a").observed == "seen"
    assert entries("state.disputed") == 1
    platform.mood = "well"
    told(square)
    square.later(timedelta(minutes=5))
    observe_states(now=square.now)
    assert square.item("a").observed == "gone"


def test_a_platform_that_goes_on_lying_is_told_ever_more_seldom_and_fills_no_log(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a")
    platform.mood = "lying"
    for _ in range(40):  # as the worker's sweeps go: what is due is done
        told(square)
        square.later(2 * SECOND)
        observe_states(now=square.now)
        due = [StateTelling.objects.get().due_at, square.item("a").observe_due_at]
        square.now = max(square.now, min(one for one in due if one is not None))
    assert entries("state.disputed") > 8, "it is told on and on"
    assert square.now - NOON > 12 * HOUR, "and not every few seconds"
    assert square.item("a").observed == "seen"
    platform.mood = "well"  # somebody says that it is back: nobody waits for an hour then
    look_again(case_id=square.case(picture("one")).id, now=square.now)
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert square.item("a").observed == "gone"


def test_looking_a_thousand_times_never_ends_the_looking(square: Stage) -> None:
    hidden(square, "a")
    Item.objects.update(observe_tries=32_767, observe_due_at=square.now)  # the most that is kept
    assert observe_states(now=square.now) == 1


def test_a_removal_clock_is_met_when_every_copy_was_seen_to_be_gone(square: Stage) -> None:
    hidden(square, "a", "b")
    square.remove(square.case(picture("one")), square.staff("Rae"))
    removal = Deadline.objects.filter(stops="removed_and_searched")
    assert removal.exists()
    told(square)
    assert not removal.filter(met_at__isnull=False).exists()
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert not removal.filter(met_at=None).exists()


def test_what_its_author_deleted_first_keeps_no_removal_clock_running(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a", "b")
    told(square)
    platform.deleted.add("b")
    square.remove(square.case(picture("one")), square.staff("Rae"))
    told(square)
    assert square.item("b").answer == "not_found"
    removal = Deadline.objects.filter(stops="removed_and_searched")
    assert removal.filter(met_at=None).exists()
    platform.deleted.clear()
    platform.mood = "lying"  # it says that it has no such post, and shows it
    square.later(2 * SECOND)
    observe_states(now=square.now)
    assert removal.filter(met_at=None).exists()
    platform.deleted.add("b")
    platform.mood = "well"
    square.later(timedelta(minutes=5))
    told(square)
    observe_states(now=square.now)
    assert not removal.filter(met_at=None).exists()


def test_a_threat_that_was_decided_owes_the_search_and_nothing_more(square: Stage) -> None:
    square.hear(gil(threatened_only=True))
    removal = Deadline.objects.filter(stops="removed_and_searched")
    assert removal.filter(met_at=None).exists()
    case = Case.objects.get()
    square.remove(case, square.staff("Rae"))
    assert not removal.filter(met_at=None).exists()


# ------------------------------------------------------------------ look_again


def test_looking_again_asks_every_address_of_the_case_once_more(
    square: Stage, platform: StandInPlatform
) -> None:
    hidden(square, "a", "b")
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    platform.mood = "lying"
    case = square.case(picture("one"))
    assert look_again(case_id=case.id, now=square.now) == 2
    observe_states(now=square.now)
    assert {square.item(ref).observed for ref in ("a", "b")} == {"seen"}


def test_what_is_said_to_be_back_is_not_answered_by_a_look_from_before(
    square: Stage, platform: StandInPlatform
) -> None:
    """The case has two posts. The look at one of them says nothing of the other."""
    hidden(square, "a", "b")
    square.remove(square.case(picture("one")), square.staff("Rae"))
    told(square)
    square.later(2 * SECOND)
    observe_states(now=square.now)
    square.later(timedelta(days=3))
    notice = Notice.objects.earliest("received_at")
    it_is_back(notice_id=notice.id, urls=[], text="", now=square.now)
    back = Deadline.objects.filter(cause__startswith=f"back:{notice.id}:")
    removal = back.get(stops="removed_and_searched")
    Item.objects.filter(ref="a").update(observe_due_at=None)
    square.later(SECOND)
    observe_states(now=square.now)  # "b" alone is due
    removal.refresh_from_db()
    assert square.item("b").observed_at == square.now
    assert removal.met_at is None
    square.work()
    square.later(SECOND)
    observe_states(now=square.now)
    removal.refresh_from_db()
    assert removal.met_at == square.now
