"""hear_peer, deliver_states: a Lemmy server is asked for reports, and told what to remove."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from examples import pictures
from heed.cases.models import Notice
from heed.flows import guard_media
from heed.flows.connect_platform import connect_platform, examine_platform
from heed.flows.deliver_states import deliver_letters, deliver_states
from heed.flows.guard_media import may_serve
from heed.flows.hear_peer import NotFromPeer, ask_peers, hear_peer
from heed.flows.measure_account import measure_account
from heed.flows.observe_states import observe_states
from heed.flows.shared import peers
from heed.integrations.lemmy.listing import LemmyListing
from heed.integrations.lemmy.server import Server
from heed.integrations.lemmy.stand_in import running
from heed.integrations.lemmy.stand_in_state import TOKEN, Thing
from heed.ledger.models import EntryBody
from heed.media.models import Account, Item
from heed.outbox.models import Letter
from heed.ports import PeerRefused
from heed.rules.accounts import AccountMeasure
from heed.rules.decisions import Ruling
from tests.flows.conftest import close_ports
from tests.flows.stage import Stage, entries

PICTURE = pictures.picture(7)
MINUTES = timedelta(minutes=5)


class Lemmy(Stage):
    """A platform that runs Lemmy."""

    def __init__(self, server: Any) -> None:
        self.there = server.there
        place = urlsplit(self.there.base).netloc
        super().__init__("lemmy", self.there.base, private_addresses=[place])
        self.now = datetime.now(UTC) + timedelta(minutes=1)
        self.said = {"url": self.there.base, "gate": "on", "reason_csam": "minor_sexual"}
        connect_platform(
            platform_slug="lemmy", connector="lemmy", said=self.said, by="test", now=self.now
        )

    def tell(self, *, times: int = 1) -> None:
        """The worker tells what is due, as often as it takes."""
        for _ in range(times):
            deliver_states(platform_id=self.platform_id, now=self.now)
            with suppress(IndexError):
                while deliver_letters(platform_id=self.platform_id, now=self.now):
                    pass
            self.later(MINUTES)

    def item_of(self, thing: Thing) -> Item:
        return self.item(f"{thing.kind}-{thing.id}")

    def ask_the_gate(self) -> None:
        """As the proxy does for each picture: what it may serve now."""
        guard_media.forget()
        served = {
            path: may_serve(platform_slug="lemmy", address=path, bearer="", now=self.now)
            for path in (f"/pictrs/image/{alias}" for alias in self.there.pictures)
        }
        self.there.gate = served.__getitem__

    def looks_at_them(self) -> None:
        observe_states(now=self.now)
        self.later(MINUTES)


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lemmy]:
    monkeypatch.setenv("HEED_CONNECTOR_LEMMY", json.dumps({"token": TOKEN}))
    with running() as server:
        yield Lemmy(server)
    close_ports()
    guard_media.forget()


def test_a_report_ends_with_the_post_gone_the_picture_gone_and_the_report_resolved(
    town: Lemmy,
) -> None:
    there = town.there
    uri, gil, ola = (there.join(name) for name in ("uri", "gil", "ola"))
    post, other = there.post(uri, "look", PICTURE), there.post(uri, "a cat", pictures.picture(8))
    assert ask_peers(now=town.now) == 0
    town.looks_at_them()
    report = there.report(gil, post, "csam, she is fourteen")
    there.faults["/api/v3/post/report/list"] = ["busy", "half"]
    assert [ask_peers(now=town.now) for _ in range(3)] == [0, 0, 1]
    notice, item = Notice.objects.get(), town.item_of(post)
    assert (notice.category, notice.words) == ("minor_sexual", report.reason)
    assert (item.desired, item.files.count()) == ("hidden", 1)
    town.work()
    there.faults["/api/v3/post/remove"] = ["busy", "after"]
    town.tell(times=3)
    assert post.removed and not other.removed
    assert report.resolved and report.resolver is there.heed  # by the removal alone
    second = there.report(ola, post, "that is Dana")
    ask_peers(now=town.now)
    town.ask_the_gate()
    town.looks_at_them()
    assert town.item_of(post).observed == "gone"
    assert town.item_of(other).observed == "seen"
    town.remove(town.case(item=item.ref), town.staff("Rae"), without_evidence=True)
    report.resolved = second.resolved = False  # somebody there opened them again
    town.tell(times=2)
    assert report.resolved and second.resolved
    assert there.destroyed == [] and entries("peer_report.settled") == 2
    entered = EntryBody.objects.values_list("body", flat=True)
    kept = json.dumps([notice.verbatim, there.log, *entered], default=str)
    assert not any(word in kept for word in ("gil", "matrix.example"))


def test_a_report_that_only_our_own_removal_resolved_is_not_lost(town: Lemmy) -> None:
    there = town.there
    uri, gil, ola = (there.join(name) for name in ("uri", "gil", "ola"))
    post = there.post(uri, "look", PICTURE)
    there.report(gil, post, "csam")
    ask_peers(now=town.now)
    town.work()
    late = there.report(ola, post, "my sister")
    settled = there.report(ola, there.post(uri, "fine"), "I do not like it")
    settled.resolved, settled.resolver = True, gil
    town.tell()
    assert late.resolved
    ask_peers(now=town.now)
    ask_peers(now=town.now)
    assert set(Notice.objects.values_list("words", flat=True)) == {"csam", "my sister"}


def test_what_people_let_stand_comes_back_unless_a_moderator_took_it_away_too(town: Lemmy) -> None:
    there = town.there
    uri, gil = there.join("uri"), there.join("gil")
    mine, theirs = there.post(uri, "one", PICTURE), there.post(uri, "two", pictures.picture(9))
    for post in (mine, theirs):
        there.report(gil, post, "csam")
    ask_peers(now=town.now)
    town.work()
    town.tell()
    assert mine.removed and theirs.removed
    there.remove(gil, theirs, True, "off topic")
    rae, sam = town.staff("Rae"), town.staff("Sam")
    for post in (mine, theirs):
        town.keep(town.case(item=town.item_of(post).ref), rae, sam, clause="none")
    town.tell(times=2)
    assert (mine.removed, theirs.removed) == (False, True)
    assert town.item_of(theirs).answer == "unsupported"  # in sight, for a person


def test_a_comment_leaves_its_place_so_only_its_pictures_prove_anything(town: Lemmy) -> None:
    there = town.there
    uri, gil = there.join("uri"), there.join("gil")
    plain, deleted = there.comment(uri, "csam words"), there.comment(uri, "more")
    shown = there.comment(uri, f"![a]({there.upload(PICTURE)}) ![b](https://else.example/x.png)")
    ask_peers(now=town.now)
    town.looks_at_them()
    for one in (plain, deleted, shown):
        there.report(gil, one, "csam")
    ask_peers(now=town.now)
    deleted.deleted = True
    rae = town.staff("Rae")
    for one in (plain, deleted, shown):
        case = town.case(item=town.item_of(one).ref)
        town.decide(case, Ruling.REMOVE, rae, without_evidence=True)
    town.tell(times=2)
    assert (plain.removed, shown.removed, deleted.removed) == (True, True, False)
    assert town.item_of(deleted).answer == "unsupported"
    town.ask_the_gate()
    town.looks_at_them()
    assert town.item_of(shown).observed == "gone"
    assert town.item_of(plain).observed != "gone"  # its page is there, with its place empty
    assert [one.url for one in town.item_of(shown).files.all()] == [
        f"{there.base}/pictrs/image/{alias}" for alias in there.pictures
    ]


def test_accounts_are_banned_for_a_time_or_for_good_and_nothing_of_theirs_is_destroyed(
    town: Lemmy,
) -> None:
    there = town.there
    uri, gil = there.join("uri"), there.join("gil")
    post = there.post(uri, "look", PICTURE)
    there.report(gil, post, "csam")
    ask_peers(now=town.now)
    case = town.case(item=town.item_of(post).ref)
    town.remove(case, town.staff("Rae"), without_evidence=True)
    measure_account(
        case_id=case.id, account_id=Account.objects.get(ref=str(uri.id)).id,
        measure=AccountMeasure.LIMIT, reasons="This was a child.", by=town.staff("Sam").id,
        now=town.now,
    )  # fmt: skip
    there.faults["/api/v3/user/ban"] = ["after"]
    town.tell(times=3)
    assert uri.banned and uri.expires is not None and there.destroyed == []
    about_it = [one for one in uri.letters if "This was a child." in one]
    assert len(about_it) == 1 and "http" in about_it[0]
    assert "child" not in json.dumps([one["reason"] for one in there.log])
    assert not Letter.objects.filter(dead_at__isnull=False).exists()


def test_what_stood_there_before_is_listed_to_its_end(town: Lemmy) -> None:
    there = town.there
    uri = there.join("uri")
    for n in range(51):
        there.post(uri, f"post {n}")
    there.comment(uri, f"![a]({there.upload(PICTURE)})")
    waited: list[float] = []
    there.faults["/api/v3/comment/list"] = ["busy"]
    listing = LemmyListing(Server(), peers.peer_of(town.platform), wait=waited.append)
    pages, after = [], ""
    while not pages or after:
        pages.append(listing.page(after))
        after = pages[-1].after
    assert [len(page.items) for page in pages] == [50, 1, 1]
    (file,) = pages[-1].items[0].files
    assert file.url.startswith(f"{there.base}/pictrs/image/") and len(waited) == 1
    listing._server.close()


def test_what_is_missing_is_named_with_its_remedy(
    town: Lemmy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad() -> dict[str, str]:
        tried = examine_platform(platform_slug="lemmy", now=town.now)
        return {one.about: one.remedy for one in tried if one.remedy}

    assert set(bad()) == {"media gate"}
    town.there.heed.admin = False
    assert "administrator" in bad()["account"]
    assert ask_peers(now=town.now) == 0 and "administrator" in town.platform.trouble
    monkeypatch.setenv("HEED_CONNECTOR_LEMMY", json.dumps({"token": "old"}))
    assert "token" in bad()["server"]
    monkeypatch.setenv("HEED_CONNECTOR_LEMMY", "")
    assert "HEED_CONNECTOR_LEMMY" in bad()["server"]
    with pytest.raises(NotFromPeer):
        hear_peer(platform_slug="lemmy", headers={}, body=b"{}", now=town.now)
    for wrong in ({}, {"url": town.at, "gate": "maybe"}, {"url": town.at, "limit_days": "0"},
                  {"url": town.at, "reason_a b": "other"}, {"url": town.at, "x": "1"},
                  {"url": town.at, "reason_csam": "porn"}):  # fmt: skip
        with pytest.raises(PeerRefused):
            connect_platform(
                platform_slug="lemmy", connector="lemmy", said=wrong, by="test", now=town.now
            )
