"""What the story plants before anybody says a word: the thing, its copies, and what is innocent."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from examples import pictures
from examples.story.town import Posted, Town

CLAIMED = 1  # the drawn picture that stands for the boy's


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is planted of each kind."""

    reshares: int = 3_000
    identical: int = 40
    altered: int = 40
    unrelated: int = 200
    confusers: int = 100
    views: int = 167  # of the first post; each stands for a thousand


@dataclass(slots=True)
class Planted:
    """What was planted, by the ids that Townsquare gave."""

    first: Posted
    reshares: list[str] = field(default_factory=list)
    identical: list[Posted] = field(default_factory=list)
    altered: list[Posted] = field(default_factory=list)
    unrelated: list[Posted] = field(default_factory=list)
    confusers: list[Posted] = field(default_factory=list)

    def copies(self) -> set[str]:
        """Ids of everything that is the claimed thing."""
        posts = [self.first, *self.identical, *self.altered]
        return {post.id for post in posts} | set(self.reshares)


def altered(nth: int) -> bytes:
    """The claimed picture, changed in one of the ways in which people change it."""
    ways = pictures.ALTERATIONS
    return pictures.altered(pictures.picture(CLAIMED), ways[nth % len(ways)])


def plant(town: Town, plan: Plan, say: Callable[[str], None]) -> Planted:
    """Post everything, as many different accounts. `say` is told how far it has come."""
    claimed = pictures.picture(CLAIMED)
    planted = Planted(first=town.post("uri", "look at this", claimed))
    with ProcessPoolExecutor(max_workers=1) as drawing:
        say(f"{plan.identical} identical re-uploads")
        same = [(f"copy{n}", "found this", claimed) for n in range(plan.identical)]
        planted.identical = town.post_many(same)
        for name, draw, seeds in _kinds(plan):
            say(f"{len(seeds)} {name} pictures")
            drawn = drawing.map(draw, seeds, chunksize=8)
            posts = ((f"{name}{n}", name, data) for n, data in enumerate(drawn))
            getattr(planted, name).extend(_posted(town, posts))
    say(f"{plan.reshares} reshares")
    planted.reshares = town.seed_reshares(planted.first.id, plan.reshares, 6, plan.views)
    town.wait_registered()
    return planted


def _posted(town: Town, posts: Iterator[tuple[str, str, bytes]]) -> Iterator[Posted]:
    batch = []
    for post in posts:
        batch.append(post)
        if len(batch) == 8:
            yield from town.post_many(batch)
            batch = []
    yield from town.post_many(batch)


def _kinds(plan: Plan) -> list[tuple[str, Callable[[int], bytes], Sequence[int]]]:
    """Fewer confusers than there are lie spread over all their kinds."""
    every = max(1, pictures.CONFUSERS // max(1, plan.confusers))
    return [
        ("altered", altered, range(plan.altered)),
        ("unrelated", _unrelated, range(plan.unrelated)),
        ("confusers", _confuser, range(pictures.CONFUSERS)[::every][: plan.confusers]),
    ]


def _unrelated(nth: int) -> bytes:
    return pictures.picture(1_000 + nth)


def _confuser(nth: int) -> bytes:
    return pictures.confuser(CLAIMED, nth).data
