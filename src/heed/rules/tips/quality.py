"""How much an analyst could do with a tip, and what would make it better."""

from collections.abc import Callable
from dataclasses import dataclass

from heed.rules.tips.document import Capture, Document


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that makes a tip actionable. `remedy` says how to come by it."""

    name: str
    weight: int
    held: bool
    remedy: str


@dataclass(frozen=True, slots=True)
class Quality:
    """The meter: 0 to 100, and what is still missing, the weightiest first."""

    percent: int
    points: tuple[Point, ...]

    @property
    def missing(self) -> tuple[Point, ...]:
        """What is not there."""
        lacking = [point for point in self.points if not point.held]
        return tuple(sorted(lacking, key=lambda point: -point.weight))


def of(document: Document) -> Quality:
    """Measure a tip. Nothing here stands in the way of sending: an early tip beats a full one."""
    points = tuple(
        Point(name, weight, holds(document), remedy) for name, weight, holds, remedy in _POINTS
    )
    held = sum(point.weight for point in points if point.held)
    return Quality(100 * held // sum(point.weight for point in points), points)


def _captures(document: Document) -> list[Capture]:
    people = [one for person in document.suspects for one in person.captures]
    people += [one for person in document.victims for one in person.captures]
    return people + [file.capture for file in document.files if file.capture is not None]


def _full_capture(document: Document) -> bool:
    return any(one.port is not None and one.at is not None for one in _captures(document))


_Row = tuple[str, int, Callable[[Document], bool], str]
_POINTS: tuple[_Row, ...] = (
    ("the files themselves, not only their hashes", 20, lambda d: bool(d.files),
     "Heed needs the platform's evidence address to fetch them."),
    ("an account or person to look for", 15, lambda d: bool(d.suspects),
     "Name whom you believe did it, if you do. Never somebody who only passed it on."),
    ("an address of the upload", 10, lambda d: bool(_captures(d)),
     "The platform gives it when it registers items: uploader.ip."),
    ("its port and time", 10, _full_capture,
     "Many people share one address: ask the platform for uploader.port and uploader.at."),
    ("the child's age", 10, lambda d: any(one.age is not None for one in d.victims),
     "Ask the notifier on their page, or enter what you know."),
    ("a way to the child or guardian", 8,
     lambda d: any(one.guardian or one.school or one.last_name for one in d.victims),
     "Choose to give the guardian's address, the school or the name."),
    ("the number of the police", 7, lambda d: bool(d.agency_ref),
     "Ask the notifier whether they have told the police."),
    ("where it is", 5, lambda d: bool(d.urls), "Name the addresses."),
    ("what was said, and what you saw", 5, lambda d: bool(d.words.strip()),
     "Write a few words to the analyst."),
    ("files that our own people have looked at", 5,
     lambda d: bool(d.files) and all(file.viewed for file in d.files),
     "Only if it is needed: an unopened file is told as unopened, and that is in order."),
    ("how grave it is, on the industry's scale", 3,
     lambda d: any(file.classification for file in d.files),
     "Choose A1 to B2 if you have looked."),
    ("how to serve legal process", 2, lambda d: bool(d.operator.legal_process),
     "Fill in the operator's profile."),
)  # fmt: skip
