"""Each role sees what it is for; to anybody else there is no such page."""

from uuid import uuid4

import pytest
from django.test import Client

from heed.people.duty_models import Call
from heed.people.models import Role
from heed.web.console.permissions import RIGHTS, TABLE
from tests.web.console.world import World

R, C, S, L, A, D = (
    Role.REVIEWER, Role.CHILD_SAFETY, Role.SENIOR, Role.LIAISON, Role.AUDITOR, Role.ADMINISTRATOR,
)  # fmt: skip
ALL = {R, C, S, L, A, D}
REVIEW = {R, C, S}
READ = REVIEW | {L, A}

# (method, path below /console/, who gets something other than 404)
VIEWS = [
    ("get", "", ALL),
    ("get", "counts", READ),
    ("post", "next", REVIEW),
    ("get", "outbox", REVIEW | {A, D}),
    ("post", "outbox/retry", {S, D}),
    ("get", "me", ALL),
    ("get", "practice/parody", ALL),
    ("get", "platforms", {A, D}),
    ("post", "platforms/square/keys", {D}),
    ("get", "blind", REVIEW),
    ("get", "help", ALL),
    ("get", "figures", {S, A, D}),
    ("post", "views", READ),
    ("get", "team", {S, A}),
    ("post", "c/{case}/hand-on", REVIEW),
    ("get", "people", {S, A, D}),
    ("post", "people/invite", {D}),
    ("post", "outbox/publish", {S, D}),
    ("get", "banks", {S, A, D}),
    ("post", "banks/new", {S, D}),
    ("get", "exchanges", {S, A, D}),
    ("get", "rollbacks", {S, A, D}),
    ("post", "rollbacks/propose", {S, D}),
    ("get", "partners", {S, L, A, D}),
    ("post", "partners/invite", {S, D}),
    ("get", "duty", ALL),
    ("post", "duty/square/shifts", {S, D}),
    ("post", "duty/square/hours", {S, D}),
    ("post", "duty/square/protocol", {S, D}),
    ("get", "calls/{call}", ALL),
    ("post", "calls/{call}/take", REVIEW | {L}),
    ("post", "calls/{call}/danger", REVIEW | {L}),
    ("post", "c/{case}/danger", REVIEW | {L}),
    ("get", "reasons", {S, D}),
    ("post", "reasons/square/en", {S, D}),
    ("get", "policy", ALL),
    ("get", "policy/square", {D}),
    ("post", "policy/square", {D}),
    ("get", "c/{case}/split", REVIEW),
    ("get", "c/{case}/together", REVIEW),
    ("get", "c/{case}/", READ),
    ("get", "c/{case}/copies/named", READ),
    ("get", "c/{case}/entries", READ),
    ("post", "c/{case}/take", REVIEW),
    ("post", "c/{case}/place", REVIEW),
    ("post", "c/{case}/decide", REVIEW),
    ("post", "c/{case}/second", REVIEW),
    ("post", "c/{case}/notices/{notice}/write", REVIEW),
    ("post", "c/{case}/notices/{notice}/translate", REVIEW),
    ("get", "c/{case}/near/{near}", REVIEW),
    ("post", "c/{case}/near/{near}/look", {C}),
    ("post", "c/{case}/files/{file}/blurred", {C}),
    ("post", "c/{case}/files/{file}/full", {C}),
    ("post", "c/{case}/files/{file}/exif", {C}),
    ("post", "c/{case}/retry", {S}),
    ("get", "tips", {S, L}),
    ("get", "c/{case}/tips/new", {S, L}),
    ("post", "tips/schema", {S, L}),
    ("get", "custody", {C, S, L, A}),
    ("get", "c/{case}/custody", {C, S, L, A}),
    ("post", "c/{case}/custody/holds", {S, L}),
    ("post", "c/{case}/custody/asked", {S, L}),
    ("get", "orders", {S, L, A}),
    ("get", "operator", {D}),
    ("get", "operator/square", {D}),
    ("post", "unchecked/settle", REVIEW),
]


@pytest.mark.parametrize("role", sorted(ALL), ids=str)
def test_each_role_opens_exactly_its_pages(world: World, role: Role) -> None:
    world.post("near", 1, "quality")
    case = world.case(danger_now=True)
    notice = case.joins.get().notice
    near = case.copies.get(how="near").near_file_id
    client = world.as_("Rae", role)
    known = {"case": case.number, "notice": notice.number, "file": case.file_id, "near": near,
             "call": Call.objects.get().id}  # fmt: skip
    opened = {
        (method, path): getattr(client, method)(f"/console/{path.format(**known)}").status_code
        for method, path, _ in VIEWS
    }
    wanted = {(method, path): role in who for method, path, who in VIEWS}
    assert {key: status != 404 for key, status in opened.items()} == wanted
    assert max(opened.values()) < 500


def test_a_case_of_another_platform_does_not_exist(world: World) -> None:
    case = world.case()
    world.add_platform("elsewhere", "Elsewhere")
    client = world.as_("Zed", R, C, S, platform="elsewhere")
    for path in ("", "copies/named", "entries"):
        assert client.get(f"/console/c/{case.number}/{path}").status_code == 404
    assert case.number not in client.get("/console/").content.decode()


def test_a_file_that_is_not_of_the_case_is_not_opened_through_it(world: World) -> None:
    case, other = world.case("p1", 1), world.case("p2", 2)
    client = world.as_("Rae", C)
    for file in (other.file_id, uuid4()):
        assert client.post(f"/console/c/{case.number}/files/{file}/blurred").status_code == 404


def test_somebody_without_a_role_gets_no_page_at_all(world: World) -> None:
    client = world.as_("Zed")
    assert [client.get(f"/console/{path}").status_code for path in ("", "outbox", "counts")] == [
        404, 404, 404,
    ]  # fmt: skip


def test_a_stranger_is_asked_to_sign_in_whether_the_case_exists_or_not(world: World) -> None:
    case = world.case()
    answers = [Client().get(f"/console/c/{number}/") for number in (case.number, "C-0000-0000")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert all(answer["Location"].startswith("/console/sign-in/login/") for answer in answers)


def test_only_the_child_safety_role_may_open_files_of_minors() -> None:
    assert [role for role in Role if "file.open_minor" in TABLE[role]] == [C]


def test_the_administrator_sees_no_case() -> None:
    assert not any(right.startswith(("case.", "file.", "queue.")) for right in TABLE[D])


def test_every_right_in_the_table_is_explained() -> None:
    assert set().union(*TABLE.values()) == set(RIGHTS)


def test_no_page_of_the_console_is_kept_by_the_browser(world: World) -> None:
    case = world.case()
    client = world.as_("Rae", C)
    for path in ("/console/", f"/console/c/{case.number}/"):
        assert "no-store" in client.get(path)["Cache-Control"]
