"""The cast: who speaks in the tests, and what they say when they tell us of something."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from heed.cases.services.notices import Place
from heed.flows.receive_notice import NoticeIn
from heed.people import services as people
from heed.people.models import Role, Staff
from heed.rules.claims import AgeThen, Category, Standing


def places(urls: Sequence[str]) -> tuple[Place, ...]:
    return tuple(Place(url=url) for url in urls)


def gil(*urls: str, **more: Any) -> NoticeIn:
    """The guardian of a boy of 13: a child's pictures, with no contact and no declaration."""
    facts: dict[str, Any] = {
        "places": places(urls),
        "category": Category.MINOR_EXTORTION,
        "standing": Standing.GUARDIAN,
        "age_then": AgeThen.UNDER_18,
        "stated_age": 13,
        "words": "My son is 13. They made him send these.",
    }
    return NoticeIn(**facts | more)


def dana(*urls: str, **more: Any) -> NoticeIn:
    """An adult who is shown: the whole statutory declaration, and an address to confirm."""
    facts: dict[str, Any] = {
        "places": places(urls),
        "category": Category.INTIMATE_IMAGE,
        "standing": Standing.DEPICTED,
        "age_then": AgeThen.ADULT,
        "good_faith": True,
        "not_consensual": True,
        "signature": "Dana",
        "email": "dana@example.org",
    }
    return NoticeIn(**facts | more)


def somebody(*urls: str, **more: Any) -> NoticeIn:
    """Anybody else, about anything but a body."""
    facts: dict[str, Any] = {"places": places(urls), "category": Category.OTHER}
    return NoticeIn(**facts | more)


def staff(name: str, platform_id: UUID, *roles: Role, now: datetime) -> Staff:
    """Somebody who works here: Rae and Sam review, Zed may see nothing."""
    person = people.add_staff(
        email=f"{name.lower()}@heed.example", name=name, password=None, outside=False, now=now
    )
    for role in roles:
        people.give_role(person, platform_id, role)
    return person
