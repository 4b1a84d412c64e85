"""Turns: who sends notices by the hundred lets the others go first; nobody waits for ever."""

import asyncio
import selectors
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from django.conf import settings

from heed.instance import turns
from heed.instance.bridge import FORMS, TooMany
from heed.instance.lately import REMEMBERED_SECONDS
from heed.instance.turns import LOOKED_AT_BYTES, NOTICES, OFTEN, Turns
from tests.apart import apart

BREATH, LONGEST = 0.02, 1.0  # seconds, where a server has half of one, and two
R = TypeVar("R")


@pytest.fixture(autouse=True)
def quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of this test's own."""
    monkeypatch.setattr(turns, "BREATH_SECONDS", BREATH)
    monkeypatch.setattr(turns, "LONGEST_PAUSE_SECONDS", LONGEST)


class Idle(asyncio.SelectorEventLoop):
    """Its time goes by only while nobody has anything to do, and then at once."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector: selectors.BaseSelector
        self._really, self._selector.select = self._selector.select, self._select  # type: ignore[method-assign]

    def time(self) -> float:
        """Not the machine's, which may stall."""
        return self._now

    def _select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return self._really(None)
        self._now += timeout
        return self._really(0)


def played(play: Coroutine[Any, Any, R]) -> R:
    """What comes of it."""
    with asyncio.Runner(loop_factory=Idle) as runner:
        return runner.run(play)


class Door:
    """A server with one place. Notes in which order those who came had their turn."""

    def __init__(self, places: int = 1) -> None:
        self.now = 0.0
        self.turns = Turns(places, lambda: self.now + asyncio.get_running_loop().time())
        self.done: list[str] = []
        self.opened = asyncio.Event()

    async def come(
        self,
        name: str,
        source: str,
        method: str = "POST",
        path: str = "/notice",
        body: bytes | None = b"",
        status: int = 200,
    ) -> None:
        scope: dict[str, Any] = {
            "method": method,
            "path": path,
            "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
            "client": (source, 1),
        }
        async with self.turns.turn(scope, body) as answered:
            await self.opened.wait()
            self.done.append(name)
            answered(status)

    async def has_answered(self, source: str, many: int) -> None:
        """So many notices of this source were taken before the test begins."""
        self.opened.set()
        for n in range(many):
            await self.come(f"before{n}", source)
        self.opened.clear()
        self.done.clear()
        self.now += LONGEST

    async def crowd(self, *comers: tuple[str, ...]) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.ensure_future(self.come(*one)) for one in comers]
        await asyncio.sleep(0)
        return tasks


def test_a_first_notice_goes_before_the_hundredth_of_another() -> None:
    async def play() -> list[str]:
        door = Door()
        flood = await door.crowd(*((f"flood{n}", "192.0.2.1") for n in range(5)))
        late = await door.crowd(("dana", "10.0.0.1"), ("page", "192.0.2.1", "GET", "/n/H"))
        door.opened.set()
        await asyncio.gather(*flood, *late)
        return door.done

    order = apart(played, play())
    assert order == ["flood0", "dana", "flood1", "page", "flood2", "flood3", "flood4"]


def test_a_crowd_leaves_all_places_but_one_to_the_others_and_gets_its_turn_in_the_end() -> None:
    async def play() -> tuple[list[str], list[str]]:
        door = Door(places=4)
        await door.has_answered("192.0.2.1", OFTEN + 1)
        flood = await door.crowd(*((f"flood{n}", "192.0.2.1") for n in range(9)))
        others = await door.crowd(("dana", "10.0.0.1"), ("gil", "10.0.0.2"), ("ola", "10.0.0.3"))
        assert +door.turns._under_way == Counter(crowd=1, notice=3)
        door.opened.set()
        await asyncio.gather(*flood, *others)
        assert not door.turns._under_way.total()
        return door.done[:4], door.done

    first, whole = apart(played, play())
    assert set(first) == {"flood0", "dana", "gil", "ola"}
    assert len(whole) == 12


def test_a_crowd_waits_while_others_are_there_but_never_longer_than_the_pause() -> None:
    async def play() -> tuple[int, list[str]]:
        door = Door(places=8)
        await door.has_answered("192.0.2.1", OFTEN + 1)
        stays = await door.crowd(("dana", "10.0.0.1"))
        door.now -= LONGEST  # one of the crowd had its turn just now
        flood = await door.crowd(*((f"flood{n}", "192.0.2.1") for n in range(9)))
        assert +door.turns._under_way == Counter(notice=1)
        await asyncio.sleep(LONGEST + 0.1)  # nobody comes or goes meanwhile
        alone = door.turns._under_way["crowd"]
        door.opened.set()
        await asyncio.gather(*stays, *flood)
        return alone, door.done

    alone, whole = apart(played, play())
    assert alone == 1
    assert len(whole) == 10


def test_pages_without_end_keep_no_crowd_waiting_for_ever() -> None:
    async def play() -> list[str]:
        door = Door()
        await door.has_answered("192.0.2.1", OFTEN + 1)
        pages = await door.crowd(*((f"page{n}", "10.0.0.1", "GET", "/") for n in range(3)))
        flood = await door.crowd(("flood", "192.0.2.1"))
        door.now += LONGEST
        door.opened.set()
        await asyncio.gather(*pages, *flood)
        return door.done

    assert apart(played, play()) == ["page0", "flood", "page1", "page2"]


def test_forms_that_are_long_to_read_take_one_place_and_keep_it_from_nobody() -> None:
    async def play() -> "tuple[Counter[str], list[str]]":
        door = Door(places=8)
        slow = [
            asyncio.ensure_future(door.come(f"{n}", f"10.0.0.{n}", body=None)) for n in range(6)
        ]
        await asyncio.sleep(0)
        under_way = Counter(door.turns._under_way)
        wordy = asyncio.ensure_future(
            door.come("wordy", "10.0.1.1", body=b"x" * (LOOKED_AT_BYTES + 1))
        )
        await asyncio.sleep(0)
        crowd = door.turns._under_way["crowd"]
        door.opened.set()
        await asyncio.gather(*slow, wordy)
        return under_way + Counter(crowd=crowd), door.done

    under_way, done = apart(played, play())
    assert under_way == Counter(long=1, crowd=1)
    assert len(done) == 7


def test_first_notices_without_end_keep_no_crowd_waiting_for_ever() -> None:
    async def play() -> list[str]:
        door = Door()
        await door.has_answered("192.0.2.1", OFTEN + 1)
        firsts = await door.crowd(*((f"{n}", f"10.0.0.{n}") for n in range(3)))
        flood = await door.crowd(("flood", "192.0.2.1"))
        door.now += LONGEST
        door.opened.set()
        await asyncio.gather(*firsts, *flood)
        return door.done

    assert apart(played, play()) == ["0", "flood", "1", "2"]


def test_a_second_notice_waits_for_no_page_that_came_later() -> None:
    async def play() -> list[str]:
        door = Door()
        await door.has_answered("10.0.0.1", 1)
        first = await door.crowd(("holds", "10.0.0.2", "GET", "/"))
        second = await door.crowd(("second", "10.0.0.1"))
        pages = await door.crowd(*((f"page{n}", "10.0.0.3", "GET", "/") for n in range(3)))
        door.opened.set()
        await asyncio.gather(*first, *second, *pages)
        return door.done

    assert apart(played, play()) == ["holds", "second", "page0", "page1", "page2"]


def test_where_hundreds_of_a_crowd_wait_the_next_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "MOST_OF_CROWD", 2)

    async def play() -> list[str]:
        door = Door()
        await door.has_answered("192.0.2.1", OFTEN + 1)
        holds = await door.crowd(("holds", "10.0.0.2"))
        flood = await door.crowd(*((f"flood{n}", "192.0.2.1") for n in range(2)))
        with pytest.raises(TooMany) as refused:
            await door.come("too many", "192.0.2.1")
        for code, _ in settings.LANGUAGES:
            assert f'lang="{code}"'.encode() in refused.value.page
        other = await door.crowd(("dana", "10.0.0.1"))
        door.opened.set()
        await asyncio.gather(*holds, *flood, *other)
        return door.done

    assert apart(played, play()) == ["holds", "dana", "flood0", "flood1"]


def test_junk_that_names_a_place_makes_nobody_wait_who_names_it_in_earnest() -> None:
    async def play(status: int) -> str:
        door = Door()
        door.opened.set()
        for n in range(OFTEN + 1):
            await door.come(f"{n}", f"192.0.2.{n}", body=b"links=one", status=status)
        door.opened.clear()
        dana = asyncio.ensure_future(door.come("dana", "10.0.0.1", body=b"links=one"))
        await asyncio.sleep(0)
        kind = next(iter(+door.turns._under_way), "waits")
        dana.cancel()
        return kind

    assert apart(played, play(422)) == "notice"
    assert apart(played, play(200)) != "notice"


@pytest.mark.parametrize("path", FORMS)
def test_wherever_a_notice_can_be_sent_to_it_is_one(path: str) -> None:
    async def play() -> "Counter[str]":
        door = Door()
        task = asyncio.ensure_future(door.come("dana", "10.0.0.1", path=path))
        await asyncio.sleep(0)
        under_way = Counter(door.turns._under_way)
        task.cancel()
        return under_way

    assert apart(played, play()) == Counter(notice=1)


def test_what_says_the_same_lets_others_go_first_wherever_it_comes_from() -> None:
    async def play() -> list[str]:
        door = Door()
        door.opened.set()
        for n in range(OFTEN + 1):
            await door.come(f"before{n}", f"192.0.2.{n}", body=b"links=https://a.example/1")
        door.opened.clear()
        door.done.clear()
        comers = [("holds", b""), ("wave", b"links=https://a.example/1"), ("dana", b"links=other")]
        tasks = [
            asyncio.ensure_future(door.come(name, f"10.0.0.{n}", body=body))
            for n, (name, body) in enumerate(comers)
        ]
        await asyncio.sleep(0)
        door.opened.set()
        await asyncio.gather(*tasks)
        return door.done

    assert apart(played, play()) == ["holds", "dana", "wave"]


def test_few_notices_at_a_time_and_pages_beside_them() -> None:
    async def play() -> "tuple[Counter[str], list[str]]":
        door = Door(places=8)
        people = await door.crowd(*((f"{n}", f"10.0.0.{n}") for n in range(6)))
        pages = await door.crowd(*((f"page{n}", "10.0.0.9", "GET", "/") for n in range(6)))
        under_way = Counter(door.turns._under_way)
        door.opened.set()
        await asyncio.gather(*people, *pages)
        return under_way, door.done

    under_way, done = apart(played, play())
    assert under_way == Counter(notice=NOTICES, page=8 - NOTICES)
    assert len(done) == 12


def test_who_goes_away_while_waiting_keeps_no_place() -> None:
    async def play() -> list[str]:
        door = Door()
        tasks = await door.crowd(*((f"{n}", f"10.0.0.{n}") for n in range(4)))
        tasks[1].cancel()
        door.opened.set()
        await asyncio.sleep(0)
        tasks[2].cancel()  # perhaps just as the place was given
        await asyncio.gather(*tasks, return_exceptions=True)
        await door.come("later", "10.0.0.9")
        return door.done

    done = apart(played, play())
    assert [name for name in done if name not in ("1", "2")] == ["0", "3", "later"]


def test_what_somebody_sent_is_forgotten_after_a_while() -> None:
    async def play() -> list[str]:
        door = Door()
        door.opened.set()
        for n in range(9):
            await door.come(f"school{n}", "10.0.0.1")
        for _ in range(2):
            door.now += REMEMBERED_SECONDS + 1
            await door.come("somebody", "10.0.0.2")
        door.opened.clear()
        door.done.clear()
        tasks = await door.crowd(
            ("holds", "10.0.0.3"), ("school", "10.0.0.1"), ("other", "10.0.0.4")
        )
        door.opened.set()
        await asyncio.gather(*tasks)
        return door.done

    assert apart(played, play()) == ["holds", "school", "other"]
