"""register_items: what a platform says of an item that is known already, and what that changes."""

from typing import Any

from heed.flows.change_item import change_item
from heed.flows.register_items import register_items
from heed.media.models import Item
from heed.media.queries import item_at
from heed.media.services import ItemIn, Registered
from tests.flows.stage import Stage, picture
from tests.people import gil


def told(town: Stage, **said: Any) -> Registered:
    """The platform tells of the post `a` again."""
    row = ItemIn(**{"ref": "a", "url": town.url("a"), **said})
    return register_items(platform_id=town.platform_id, rows=[row], now=town.now)[0]


def test_a_post_that_moved_is_protected_by_its_new_address_and_by_its_old_one(town: Stage) -> None:
    town.post("a", picture("one"))
    old, new = town.url("a"), town.url("a-with-another-title")
    assert told(town, url=new).status == "changed"
    assert told(town, url=new).status == "known"
    town.hear(gil(new))
    assert town.item("a").desired == "hidden"
    for address in (old, new):
        assert item_at(town.item("a").platform, address) == town.item("a")
    assert Item.objects.count() == 1, "no address was taken for another post"


def test_what_was_seen_at_the_old_address_does_not_count_at_the_new_one(town: Stage) -> None:
    town.post("a", picture("one"))
    seen = {"seen_before": True, "observed": "gone", "observe_due_at": None, "observe_tries": 3}
    Item.objects.update(**seen)
    told(town, url=town.url("a") + "?utm_source=mail")  # the same place
    assert (town.item("a").seen_before, town.item("a").observed) == (True, "gone")
    told(town, url=town.url("elsewhere"))
    item = town.item("a")
    assert (item.seen_before, item.observed, item.observe_tries) == (False, "", 0)
    assert item.observe_due_at == town.now


def test_who_posted_what_a_notice_named_first_is_learnt_when_the_platform_tells(
    town: Stage,
) -> None:
    town.hear(gil(town.url("a")))
    assert Item.objects.get().account is None
    told(town, account_ref="uri", published_at=town.now)
    item = town.item("a")
    assert item.account is not None and item.account.ref == "uri"
    assert item.published_at == town.now
    told(town)  # what is left out stays
    assert town.item("a").account == item.account and town.item("a").published_at == town.now


def test_a_deleted_post_that_is_told_of_again_is_there_again(town: Stage) -> None:
    town.post("a", picture("one"))
    change_item(platform_id=town.platform_id, ref="a", deleted_at=town.now, now=town.now)
    files = (picture("one"), picture("two"))
    change_item(platform_id=town.platform_id, ref="a", files=files, now=town.now)
    assert town.item("a").deleted_at == town.now  # an edit of a deleted one says nothing of that
    assert told(town).status == "changed"
    assert town.item("a").deleted_at is None
