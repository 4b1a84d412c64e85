"""A notice may name what the platform has not told us of yet."""

from heed.cases.models import Target
from heed.outbox.models import StateTelling
from tests.flows.stage import SECOND, Stage, picture
from tests.people import gil


def test_an_unknown_address_is_registered_and_told_under_it(town: Stage) -> None:
    town.hear(gil(town.url("unknown")))
    assert Target.objects.get().state == Target.State.REGISTERED
    told = StateTelling.objects.get()
    assert (told.item_ref, told.visibility) == (town.url("unknown"), "hidden")


def test_when_the_platform_adopts_the_item_its_state_is_told_again_by_the_platforms_own_name(
    town: Stage,
) -> None:
    town.hear(gil(town.url("post-7")))
    before = StateTelling.objects.get().revision
    done = town.register(town.row("post-7"))
    assert done[0].visibility == "hidden"
    told = StateTelling.objects.get()
    assert (told.item_ref, told.visibility) == ("post-7", "hidden")
    assert told.revision > before
    assert done[0].revision == told.revision


def test_a_file_that_comes_with_the_adoption_gets_its_case_and_its_copies_go(town: Stage) -> None:
    one = picture("one")
    town.post("copy", one)
    town.hear(gil(town.url("post-7")))
    assert town.seen("copy") == ["visible"]
    town.register(town.row("post-7", one))
    town.later(10 * SECOND)
    town.work()
    assert town.case(one).level == "hidden"
    assert town.seen("post-7", "copy") == ["hidden", "hidden"]


def test_two_long_addresses_that_begin_alike_are_two_places(town: Stage) -> None:
    long = "x" * 250
    town.hear(gil(town.url(long + "a"), town.url(long + "b")))
    assert set(StateTelling.objects.values_list("visibility", flat=True)) == {"hidden"}
    assert StateTelling.objects.count() == 2


def test_an_address_too_long_to_be_one_does_not_keep_the_others_from_protection(
    town: Stage,
) -> None:
    town.post("post", picture("one"))
    town.hear(gil(town.url("y" * 3_000), town.url("post")))
    assert town.seen("post") == ["hidden"]
    assert Target.objects.get(position=0).state == Target.State.NOT_AN_ITEM


def test_a_place_on_another_site_is_named_so_and_harms_nothing(town: Stage) -> None:
    town.post("post", picture("one"))
    town.hear(gil("https://elsewhere.example/1", town.url("post")))
    assert Target.objects.get(position=0).state == Target.State.FOREIGN
    assert town.seen("post") == ["hidden"]
