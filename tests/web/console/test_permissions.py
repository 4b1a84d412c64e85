"""Each role sees what it is for; to anybody else there is no such page."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from heed.cases.models import Rollback
from heed.filings.models import (
    Dispute,
    Officer,
    Order,
    Publication,
    SealedObject,
    StatementOfReasons,
)
from heed.flows import revive_jobs
from heed.media.models import ApiKey, Bank, Platform, Unchecked
from heed.outbox.models import Letter, StateTelling
from heed.people.duty_models import Call
from heed.people.models import Role, Staff
from heed.people.partner_models import Partner
from heed.people.staff_models import Invitation
from heed.web.console.permissions import RIGHTS, TABLE
from tests.web.console.test_deciding import REMOVE, send
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
    ("get", "here", ALL),
    ("post", "unsent/forget", ALL),
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
    ("get", "tips", {S, L, A}),
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


def test_each_role_opens_exactly_its_pages(world: World) -> None:
    world.post("near", 1, "quality")
    case = world.case(danger_now=True)
    notice = case.joins.get().notice
    near = case.copies.get(how="near").near_file_id
    known = {"case": case.number, "notice": notice.number, "file": case.file_id, "near": near,
             "call": Call.objects.get().id}  # fmt: skip
    for role in sorted(ALL):
        with transaction.atomic():  # the same world for each: what one did is undone
            opened = _opened(world.as_("Rae", role), known)
            transaction.set_rollback(True)
        wanted = {(method, path): role in who for method, path, who in VIEWS}
        assert {key: status != 404 for key, status in opened.items()} == wanted, role
        assert max(opened.values()) < 500, role


def _opened(client: Client, known: dict[str, object]) -> dict[tuple[str, str], int]:
    return {
        (method, path): getattr(client, method)(f"/console/{path.format(**known)}").status_code
        for method, path, _ in VIEWS
    }


def test_a_case_of_another_platform_does_not_exist(world: World) -> None:
    case = world.case()
    world.add_platform("elsewhere", "Elsewhere")
    client = world.as_("Zed", R, C, S, platform="elsewhere")
    for path in ("", "copies/named", "entries"):
        assert client.get(f"/console/c/{case.number}/{path}").status_code == 404
    assert case.number not in client.get("/console/").content.decode()


SAME_FOR_ALL = {
    "here", "me", "practice/parody", "help", "exchanges", "policy", "policy/square", "reasons",
    "operator", "operator/square", "team", "blind",
}  # fmt: skip
PAGES = [path for method, path, _ in VIEWS if method == "get" and "{" not in path]


def told(client: Client) -> dict[str, str]:
    """Every page that needs no address of anything, without what is drawn afresh each time."""
    drawn = r'name="csrfmiddlewaretoken" value="[^"]+"|datetime="[^"]+"'
    pages = (*PAGES, "unchecked", "policies", "?state=all")
    return {one: re.sub(drawn, "", client.get(f"/console/{one}").content.decode()) for one in pages}


def much_happens(world: World) -> None:
    """A case that is decided, and one of everything that the console lists."""
    case, at = world.case(danger_now=True), world.now
    send(world.as_("Rae", C), case, "decide", REMOVE)
    own, who = {"platform_id": world.platform.id}, Staff.objects.get(name="Rae").pk
    StateTelling.objects.update(dead_at=at, due_at=None, last_error="unreachable")
    Letter.objects.create(**own, kind="account.measured", payload={}, key="l", enqueued_at=at,
                          dead_at=at)  # fmt: skip
    rolled = Rollback.objects.create(what="key", which="hk_square", says="the key of the square",
                                     proposed_by=who, proposed_at=at)  # fmt: skip
    job(case_id=str(case.id)), job(rollback_id=str(rolled.id))
    told = StatementOfReasons.objects.create(**own, case_id=case.id, item_id=uuid4(), basis="b",
                                             body={}, link_hash=b"l", issued_at=at)  # fmt: skip
    Publication.objects.create(statement=told, cause="c", payload={}, state="refused", due_at=at)
    Dispute.objects.create(case_id=case.id, side="uploader", body="ADR", dispute_ref="7",
                           opened_at=at, noted_by=who)  # fmt: skip
    SealedObject.objects.create(**own, copy="evidence", case_id=case.id, state="missed",
                                asked_at=at)  # fmt: skip
    Unchecked.objects.create(**own, cause=b"c", url="http://p/1", reason="not-read", since_at=at,
                             last_at=at, due_at=at)  # fmt: skip
    Partner.objects.create(**own, name="Hotline", kind="hotline", fields=["other"],
                           link_hash=b"l", invited_at=at)  # fmt: skip
    Invitation.objects.create(email="dana@heed.example", name="Dana", roles=["senior"],
                              platform_ids=[world.platform.id], token_hash=b"t", made_at=at,
                              expires_at=at + timedelta(days=1))  # fmt: skip
    ola = Officer.objects.create(name="Ola", agency="Police", mail_sealed=b"", phone_sealed=b"",
                                 mail_index=b"", made_at=at)  # fmt: skip
    Order.objects.create(**own, number="O-1", officer=ola, kind="warrant", cases=[case.id],
                         link_hash=b"", code_hash=b"", received_at=at)  # fmt: skip
    Bank.objects.create(**own, name="ours", action="hold", made_at=at)
    ApiKey.objects.create(**own, name="ours", prefix="hk_square", secret_hash=b"s", scopes=[],
                          made_at=at)  # fmt: skip


def job(**about: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)"
            " VALUES ('work', 'heed.look_again', %s, 'failed', 12)",
            [json.dumps(about)],
        )


def test_nothing_that_happens_at_one_platform_changes_any_page_of_another(world: World) -> None:
    """Not a name, not an address, not a count."""
    world.add_platform("elsewhere", "Elsewhere")
    zed, sam = world.as_("Zed", *ALL, platform="elsewhere"), world.as_("Sam", *ALL)
    before, ours = told(zed), told(sam)
    much_happens(world)
    assert told(zed) == before
    changed = [path for path, page in told(sam).items() if page != ours[path]]
    assert set(PAGES) - set(changed) <= SAME_FOR_ALL, "these pages show nothing that happened"


@pytest.mark.usefixtures("seldom_noted")
def test_a_longer_list_asks_the_database_no_more_often(world: World) -> None:
    sam, own = world.as_("Sam", *ALL), {"platform_id": world.platform.id}
    pages = ("people", "partners", "tips", "rollbacks", "team", "outbox", "custody")

    def one_more(n: int) -> None:
        rae = world.person(f"Rae{n}", C)
        send(world.signed_in(rae), world.case(f"q{n}", n), "decide", REMOVE)
        Partner.objects.create(**own, name=f"H{n}", kind="hotline", fields=["other"],
                               link_hash=b"l", invited_at=world.now)  # fmt: skip
        Rollback.objects.create(what="key", which=f"k{n}", says="a key", proposed_by=rae.pk,
                                proposed_at=world.now)  # fmt: skip

    def asked() -> dict[str, int]:
        found = {}
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert sam.get(f"/console/{page}").status_code == 200
            found[page] = len(queries)
        return found

    one_more(1)
    asked()  # the first of a session also notes that somebody is there
    few = asked()
    one_more(2), one_more(3)
    assert asked() == few


def test_nobody_has_anything_of_another_platform_tried_again(world: World) -> None:
    world.add_platform("elsewhere", "Elsewhere")
    much_happens(world)
    zed = world.as_("Zed", *ALL, platform="elsewhere")
    for said in ({"jobs": "1"}, {"of": "square", "all": "1"}, {"of": "square", "letters": "1"}):
        zed.post("/console/outbox/retry", said)
    zed.post("/console/outbox/publish")
    assert StateTelling.objects.exclude(dead_at=None).exists()
    assert Letter.objects.exclude(dead_at=None).exists()
    assert Publication.objects.get().state == "refused"
    assert len(revive_jobs.failed([world.platform.id])) == 1  # a rollback is nobody's own alone
    assert len(revive_jobs.failed(Platform.objects.values_list("id", flat=True))) == 2


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
