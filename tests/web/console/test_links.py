"""Two cases that look alike are compared once, by a person, for both."""

from heed.cases.models import CaseLink, Copy
from heed.flows.find_copies import find_copies
from heed.media.models import Item
from heed.people.models import Role
from tests.web.console.test_deciding import REMOVE, send
from tests.web.console.world import World


def test_what_a_person_says_of_a_near_copy_holds_for_both_linked_cases(world: World) -> None:
    """flows/judge_copy"""
    near = world.post("p2", 1, "quality")
    case = world.case("p1", 1)
    other = world.notice(near).joins.get().case
    for one in (other, case):
        find_copies(case_id=one.id, now=world.now)
    assert CaseLink.objects.get().same is None
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    page = f"/console/c/{case.number}/near/{other.file_id}"
    rae.post(f"{page}/look", {"warned": "1"})
    rae.post(f"{page}/judge", {"same": "yes"})
    link = CaseLink.objects.get()
    assert (link.same, link.judged_by) == (True, world.added["Rae"].staff_id)
    assert set(Copy.objects.filter(how="near").values_list("case__number", "same")) <= {
        (case.number, True), (other.number, True),
    }  # fmt: skip
    send(rae, case, "decide", REMOVE)
    other.refresh_from_db()
    assert other.state == "open"
    assert Item.objects.get(ref="p2").desired == "removed"
