"""Exchanges against servers that page, refuse, break off and take things back."""

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from pytest_django import Settings

from heed.flows import manage_banks, manage_exchanges, sync_exchanges
from heed.flows.manage_exchanges import ExchangeRefused, NoSuchKind, add_exchange
from heed.flows.manage_platforms import add_platform
from heed.instance import doctor_outside
from heed.media import banks, exchanges
from heed.media import exchanges as writing
from heed.media.models import BankSignal, Exchange, File, Match, Platform, Signal
from heed.media.services import FileIn, keep_told_signals
from tests.integrations.site import Site, Visit
from tests.killed import Killed, die

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NS = "https://hashsharing.ncmec.org/hashsharing/v2"
Page = Callable[[Visit], None]
pytestmark = pytest.mark.django_db


def pdq(n: int) -> str:
    return f"{n:02x}" * 32


def md5(n: int) -> str:
    return f"{n:02x}" * 16


@pytest.fixture(autouse=True)
def apart(settings: Settings, tmp_path: Path) -> None:
    settings.HEED_VAR = tmp_path


@pytest.fixture(autouse=True)
def all_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own transaction never ends, so nothing of it would count as committed."""
    monkeypatch.setattr(writing, "oldest_running", lambda: 2**62)


class Stage:
    """One exchange on loopback; answers are taken from a list, the last one again and again."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site, self.now, self.patch = site, NOW, monkeypatch
        self.said: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.retry_after = "7"

    def add(self, kind: str, credentials: dict[str, str], **said: Any) -> Exchange:
        self.patch.setenv("HEED_EXCHANGE_X", json.dumps(credentials))
        where = {} if kind == "folder" else {"base": self.site.url(""), "private": self.site.place}
        add_exchange(name="x", kind=kind, said={**where, **said}, by="test", now=self.now)
        return Exchange.objects.get()

    def answers(self, path: str, *pages: bytes | int) -> None:
        left = list(pages)

        def answer(visit: Visit) -> None:
            query = parse_qs(urlsplit(visit.path).query)
            self.said.append({name: values[-1] for name, values in query.items()})
            self.bodies.append(visit.body)
            page = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(page, int):
                visit.say(page, b"", Retry_After=self.retry_after)
            else:
                visit.say(200, page)

        self.site.pages[path] = answer

    def sync(self) -> Exchange:
        self.now += timedelta(hours=1)
        return sync_exchanges.sync_exchange(name="x", now=self.now)

    def held(self) -> set[str]:
        live = BankSignal.objects.filter(withdrawn_at=None)
        return {bytes(value).hex() for value in live.values_list("value", flat=True)}


@pytest.fixture
def stage(site: Site, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(site, monkeypatch)


# ------------------------------------------------------------------ NCMEC


def ncmec(*entries: str, onward: str = "") -> bytes:
    paging = f"<paging><next>{onward.replace('&', '&amp;')}</next></paging>" if onward else ""
    images = f'<images maxTimestamp="2026-05-01T00:00:00Z">{"".join(entries)}</images>'
    return f'<queryResult xmlns="{NS}">{images}{paging}</queryResult>'.encode()


def entry(ref: str, prints: str, member: int = 42, tag: str = "image") -> str:
    return (
        f'<{tag}><member id="{member}">M</member><id>{ref}</id>'
        f"<classification>A1</classification><fingerprints>{prints}</fingerprints></{tag}>"
    )


NEXT = "/v2/entries?from=a&to=b&start=1001"
USER = {"user": "u", "password": "p"}


def test_ncmec_pages_are_taken_one_by_one_and_a_broken_one_is_asked_for_again(
    stage: Stage,
) -> None:
    stage.add("ncmec_hashes", USER, environment="test", members=["42"])
    first = ncmec(
        entry("a", f"<md5>{md5(1)}</md5><pdna>zz</pdna><sha1>{'5' * 40}</sha1><pdq>{pdq(1)}</pdq>"),
        entry("b", f"<pdq>{pdq(2)}</pdq>", member=7),
        onward=NEXT,
    )
    second = ncmec(entry("c", f"<pdq>{pdq(3)}</pdq>"))
    stage.answers("/v2/entries", first, second[:90], 429, 500, second, ncmec())
    done = stage.sync()
    assert done.trouble == "half an answer: no XML" and done.synced_at is None
    assert stage.held() == {md5(1), "5" * 40, pdq(1)}  # what came before stays, with its cursor
    assert done.cursor["next"] == NEXT
    busy = stage.sync()
    assert busy.trouble == "it answered 429"
    assert busy.due_at == stage.now + timedelta(seconds=7)
    assert stage.sync().trouble == "it answered 500"
    done = stage.sync()
    assert (done.trouble, done.tries, done.synced_at) == ("", 0, stage.now)
    assert stage.held() == {md5(1), "5" * 40, pdq(1), pdq(3)}
    assert done.counts["passed_over"] == {"pdna": 1}
    assert stage.said[0]["from"] == "2010-01-01T00:00:00Z"
    assert stage.said[-1]["start"] == "1001"  # went on where it was
    stage.sync()
    assert stage.said[-1]["from"] == "2026-06-01T12:50:00Z"  # UTC, with an overlap
    auth = stage.site.visits[0][2]["Authorization"]
    assert base64.b64decode(auth.partition(" ")[2]) == b"u:p"


def test_killed_after_a_page_it_goes_on_with_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.add("ncmec_hashes", USER, environment="test")
    first = ncmec(entry("a", f"<pdq>{pdq(1)}</pdq>"), onward=NEXT)
    stage.answers("/v2/entries", first, ncmec(entry("b", f"<pdq>{pdq(2)}</pdq>")))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(sync_exchanges, "reached", die)
        stage.sync()
    assert stage.held() == {pdq(1)}
    stage.sync()
    assert stage.held() == {pdq(1), pdq(2)}
    assert stage.said[-1]["start"] == "1001"


def test_ncmec_entries_that_change_or_are_deleted_go_from_the_bank(stage: Stage) -> None:
    stage.add("ncmec_hashes", USER, environment="test")
    before = ncmec(
        entry("a", f"<pdq>{pdq(1)}</pdq><md5>{md5(1)}</md5>"), entry("b", f"<pdq>{pdq(2)}</pdq>"),
        entry("twin", f"<pdq>{pdq(2)}</pdq>", member=7),
    )  # fmt: skip
    gone = '<deletedImage><member id="42">M</member><id>b</id></deletedImage>'
    after = ncmec(entry("a", f"<pdq>{pdq(9)}</pdq>"), gone)
    stage.answers("/v2/entries", before, after)
    stage.sync()
    said = {"bank_id": Exchange.objects.get().bank_id, "by": "rae", "now": stage.now}
    assert manage_banks.take_out(values=[md5(1), "77"], **said) == 1
    Exchange.objects.update(cursor={})  # told once more, from the beginning
    stage.answers("/v2/entries", before, after)
    stage.sync()
    assert not banks.live(Exchange.objects.get().bank).filter(type="md5")  # taken out for good
    done = stage.sync()
    assert stage.held() == {pdq(9), pdq(2)}  # another member gave the same: it stays
    assert BankSignal.objects.filter(source_ref="42:b", withdrawn_at=None).count() == 0
    assert (done.counts["came"], done.counts["went"]) == (5, 3)
    assert not done.bank.enabled


def test_a_next_address_that_is_too_old_is_not_used_again(stage: Stage) -> None:
    exchange = stage.add("ncmec_hashes", USER, environment="test")
    began = (NOW - timedelta(days=2)).isoformat()
    cursor = {"from": "2026-01-01T00:00:00Z", "to": began, "next": NEXT, "began": began}
    Exchange.objects.filter(id=exchange.id).update(cursor=cursor)
    stage.answers("/v2/entries", ncmec())
    stage.sync()
    assert stage.said == [{"from": "2026-01-01T00:00:00Z", "to": "2026-06-01T13:00:00Z"}]


def test_what_people_say_is_told_once_and_only_where_the_operator_wants_it(stage: Stage) -> None:
    stage.add("ncmec_hashes", USER, environment="test", feedback=True, reason="guid-1")
    stage.answers("/v2/entries", ncmec(entry("a", f"<pdq>{pdq(1)}</pdq>")), ncmec())
    stage.sync()
    match(BankSignal.objects.get(), "wrong")
    bodies: list[bytes] = []
    stage.site.pages["/v2/entries/42/a/PDQ/feedback"] = lambda visit: (
        bodies.append(visit.body),
        visit.say(200),
    )[1]
    stage.sync()
    stage.sync()
    assert len(bodies) == 1 and b"guid-1" in bodies[0]
    Match.objects.update(shared_at=None)
    stage.site.pages["/v2/entries/42/a/PDQ/feedback"] = lambda visit: visit.say(404)
    assert stage.sync().trouble == ""  # it was deleted there: that is no trouble of ours
    assert Match.objects.get().shared_at == stage.now


def match(signal: BankSignal, word: str) -> Match:
    added = add_platform(slug="town", name="t", url_prefixes=["https://t.example"], now=NOW)
    platform = Platform.objects.get(id=added.platform_id)
    file = File.objects.create(sha256=b"1" * 32, state="hashed", first_seen_at=NOW)
    return Match.objects.create(
        file=file, bank_signal=signal, platform=platform, distance_bits=0, threshold_bits=31,
        found_at=NOW, word=word, said_at=NOW,
    )  # fmt: skip


# ------------------------------------------------------------------ StopNCII


def records(*rows: tuple[str, str, str], more: str = "", at: int = 99) -> bytes:
    return json.dumps(
        {
            "count": len(rows),
            "hasMoreRecords": bool(more),
            "nextPageToken": more,
            "nextSetTimestamp": at,
            "hashRecords": [
                {"signalType": kind, "hashValue": value, "hashStatus": state}
                for kind, value, state in rows
            ],
        }
    ).encode()


KEYS = {"subscription_key": "s", "fetch_key": "f", "submit_key": "t", "feedback_key": "b"}


def test_stopncii_withdrawals_are_honoured_and_our_own_signals_given(stage: Stage) -> None:
    stage.add("stopncii", KEYS, submit_bank="OWN", feedback=True)
    own = banks.make("OWN", None, made_by="test", now=NOW, action="pass")
    banks.add(own, [banks.SignalIn("pdq", bytes.fromhex(pdq(8)), 100)], source="case:1", now=NOW)
    one = ("ImagePDQ", pdq(1), "Active")
    stage.answers(
        "/FetchHashes",
        records(one, ("ImagePDQ", pdq(2), "Active"), ("VideoTMK", "x", "Active"), more="t2"),
        records(("VideoMD5", md5(3), "Active"), at=120),
        records(("ImagePDQ", pdq(2), "Withdrawn"), ("VideoMD5", md5(3), "Deleted"), at=150),
    )
    submitted: list[Any] = []
    stage.site.pages["/SubmitHashes"] = lambda visit: (
        submitted.append(json.loads(visit.body)),
        visit.say(200),
    )[1]
    done = stage.sync()
    assert stage.held() == {pdq(1), pdq(2), md5(3), pdq(8)}
    assert done.counts["passed_over"] == {"VideoTMK": 1}
    assert [one.get("nextPageToken") for one in stage.said] == [None, "t2"]
    done = stage.sync()
    assert stage.said[-1]["startTimestamp"] == "120"
    assert stage.held() == {pdq(1), pdq(8)}
    assert [row["hashRecords"][0]["hashValue"] for row in submitted] == [pdq(8)]
    keys = stage.site.visits[0][2]
    assert (keys["x-functions-key"], keys["Ocp-Apim-Subscription-Key"]) == ("f", "s")


def test_nobody_gives_what_another_platform_decided(stage: Stage) -> None:
    """Each platform has a bank of its removals, and all of them are called the same."""
    from heed.flows.sync_exchanges import _bank_to_give

    ids = [
        add_platform(slug=slug, name=slug, url_prefixes=[f"https://{slug}.example"], now=NOW)
        for slug in ("one", "two")
    ]
    first, second = (one.platform_id for one in ids)
    theirs = banks.lasting("Removed", first, action="block", now=NOW)
    assert _bank_to_give("Removed", first) == _bank_to_give("Removed", None) == theirs
    with pytest.raises(ExchangeRefused, match="none here"):
        _bank_to_give("Removed", second)
    mine = banks.lasting("Removed", second, action="block", now=NOW)
    assert _bank_to_give("Removed", second) == mine
    with pytest.raises(ExchangeRefused, match="--platform"):
        _bank_to_give("Removed", None)
    shared = banks.make("Removed", None, made_by="test", now=NOW, action="pass")
    assert _bank_to_give("Removed", None) == shared
    assert _bank_to_give("Removed", first) == theirs


def test_a_way_to_the_next_page_that_is_not_known_any_more_is_given_up_and_begun_again(
    stage: Stage,
) -> None:
    stage.add("stopncii", KEYS)
    one, two = (("ImagePDQ", pdq(n), "Active") for n in (1, 2))
    lost = json.loads(records(one)) | {"hasMoreRecords": True, "nextSetTimestamp": 10}
    stage.answers(
        "/FetchHashes",
        *(records(one, more="t2"), 400, 400, records(one, more="t3"), records(two)),
        json.dumps(lost).encode(),
    )
    for _ in range(2):
        assert "400" in stage.sync().trouble
    done = stage.sync()
    assert (done.trouble, done.cursor) == ("", {"from": 99})
    tokens = [one.get("nextPageToken") for one in stage.said]
    assert tokens == [None, "t2", "t2", None, "t3"]
    assert stage.held() == {pdq(1), pdq(2)}
    Exchange.objects.update(cursor={})
    assert "no way to it" in stage.sync().trouble  # more is there: it is not called whole


# ------------------------------------------------------------------ ThreatExchange


def test_threatexchange_pages_keep_no_token_and_withdrawn_signals_go(stage: Stage) -> None:
    stage.add("threatexchange", {"access_token": "1|secret"}, privacy_group="5")
    stamps = iter(range(100, 200))

    def update(ref: str, value: str, gone: bool = False) -> dict[str, Any]:
        return {"id": ref, "indicator": value, "type": "HASH_PDQ", "last_updated": next(stamps),
                "should_delete": gone}  # fmt: skip

    onward = stage.site.url("/5/threat_updates/?access_token=1%7Csecret&after=abc&limit=500")
    first = {"data": [update("1", pdq(1)), update("2", pdq(2))], "paging": {"next": onward}}
    second = {"data": [update("3", pdq(3))]}
    third = {"data": [update("2", pdq(2), gone=True)]}
    pages = [json.dumps(one).encode() for one in (first, second, third)]
    stage.answers("/5/threat_updates/", pages[0], 500, pages[1], pages[2])
    broken = stage.sync()
    assert broken.cursor["next"] == {"after": "abc", "limit": "500"}
    assert "secret" not in json.dumps(broken.cursor) + broken.trouble
    assert stage.sync().synced_at == stage.now
    assert stage.held() == {pdq(1), pdq(2), pdq(3)}
    assert stage.said[2]["after"] == "abc"
    stage.sync()
    assert stage.said[-1]["start_time"] == "102"
    assert stage.held() == {pdq(1), pdq(3)}


# ------------------------------------------------------------------ Arachnid Shield


def test_arachnid_is_sent_hashes_alone_each_once_and_what_it_knows_is_banked(stage: Stage) -> None:
    with pytest.raises(ExchangeRefused, match="not csma"):
        stage.add("arachnid", USER, classes="csma")
    stage.add("arachnid", USER, classes="csam, harmful-abusive-material")  # as typed
    added = add_platform(slug="town", name="t", url_prefixes=["https://t.example"], now=NOW)
    platform = Platform.objects.get(id=added.platform_id)
    for n in (1, 2):
        told = FileIn(sha256=bytes([n]) * 32, pdq=bytes.fromhex(pdq(n)), pdq_quality=100)
        keep_told_signals(platform, told, now=NOW)
    asked: list[Any] = []

    def answer(visit: Visit) -> None:
        body = json.loads(visit.body)
        asked.append(body)
        known = base64.b64encode(bytes.fromhex(pdq(2))).decode()
        rows = {
            one: {"classification": "csam" if one == known else "no-known-match"}
            for one in body["hashes"]
        }
        half = len(asked) == 1
        visit.say(200, json.dumps({"scanned_hashes": {} if half else rows}).encode())

    stage.site.pages["/v1/pdq"] = answer
    assert stage.sync().trouble == "half an answer: some hashes were not answered"
    assert stage.sync().trouble == ""
    assert stage.held() == {pdq(2)}
    assert BankSignal.objects.get().note == "csam"
    stage.sync()
    assert len(asked) == 2 and set(asked[1]) == {"hashes"} and len(asked[1]["hashes"]) == 2
    assert Signal.objects.count() == 2


def test_a_picture_whose_transaction_ended_late_is_asked_about_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add_platform(slug="town", name="t", url_prefixes=["https://t.example"], now=NOW)
    platform = Platform.objects.get(id=added.platform_id)
    for n in (1, 2):
        told = FileIn(sha256=bytes([n]) * 32, pdq=bytes.fromhex(pdq(n)), pdq_quality=100)
        keep_told_signals(platform, told, now=NOW)
    late, early = Signal.objects.filter(type="pdq").order_by("id")
    with connection.cursor() as cursor:  # the lower number, of the transaction that ended later
        cursor.execute("UPDATE media_signal SET stamp = 10 WHERE id = %s", [early.id])
        cursor.execute("UPDATE media_signal SET stamp = 20 WHERE id = %s", [late.id])
    monkeypatch.setattr(writing, "oldest_running", lambda: 15)
    ((place, value),) = writing.new_pictures((0, 0), 9)
    assert value.hex() == pdq(2)
    monkeypatch.setattr(writing, "oldest_running", lambda: 30)
    assert [one.hex() for _, one in writing.new_pictures(place, 9)] == [pdq(1)]


# ------------------------------------------------------------------ a folder


def test_a_folder_is_read_file_by_file_and_files_that_go_take_their_signals(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    stage.add("folder", {}, path=str(folder))
    (folder / "a.csv").write_text(f"type,value\npdq,{pdq(1)}\npdq,short\nmd5,{md5(2)}\n")
    (folder / "b.json").write_text(json.dumps([{"type": "pdq", "value": pdq(3)}]))
    (folder / "notes.txt").write_text("nothing of ours")
    done = stage.sync()
    assert stage.held() == {pdq(1), md5(2), pdq(3)}
    assert done.counts["passed_over"] == {"rows that do not fit": 1}
    (folder / "a.csv").write_text(f"type,value\npdq,{pdq(1)}\n")  # it is being written
    assert stage.sync().trouble == "a.csv was changed a moment ago: it may not be whole"
    (folder / "a.csv").write_text("type,va")
    os.utime(folder / "a.csv", (0, 0))
    assert "a.csv can't be read" in stage.sync().trouble
    assert stage.held() == {pdq(1), md5(2), pdq(3)}
    (folder / "a.csv").write_text(f"type,value\npdq,{pdq(1)}\n")
    os.utime(folder / "a.csv", (0, 0))
    (folder / "b.json").unlink()
    assert stage.sync().trouble == ""
    assert stage.held() == {pdq(1)}


# ------------------------------------------------------------------ keeping house


def test_without_credentials_nothing_is_asked_and_the_status_says_where_to_put_them(
    stage: Stage,
) -> None:
    with pytest.raises(ExchangeRefused, match="HEED_EXCHANGE_NCMEC_A"):
        add_exchange(
            name="ncmec a", kind="ncmec_hashes", said={"environment": "test"}, by="t", now=NOW
        )
    for name in (" ", "a/b", "x" * 72):
        with pytest.raises(ExchangeRefused, match="name: 1 to 71"):
            add_exchange(name=name, kind="ncmec_hashes", said={}, by="t", now=NOW)
    with pytest.raises(NoSuchKind, match="folder"):
        add_exchange(name="x", kind="nothing", said={}, by="t", now=NOW)
    with pytest.raises(ExchangeRefused, match="environment"):
        stage.add("ncmec_hashes", USER, environment="nowhere", base="")
    with pytest.raises(ExchangeRefused, match="no setting zzz"):
        stage.add("ncmec_hashes", USER, environment="test", zzz="1")
    stage.add("ncmec_hashes", USER, environment="test")
    stage.answers("/v2/entries", 401, ncmec())
    refused = stage.sync()
    assert "credentials" in refused.trouble
    (found,) = doctor_outside.exchanges(now=stage.now)
    assert found.says == f"never taken over whole; {refused.trouble}" and found.remedy
    assert refused.due_at == stage.now + timedelta(hours=1)
    assert sync_exchanges.sync_due(now=stage.now) == 0
    assert sync_exchanges.sync_due(now=stage.now + timedelta(hours=2)) == 1
    (row,) = exchanges.status()
    assert (row["trouble"], row["synced_at"]) == ("", stage.now + timedelta(hours=2))
    (found,) = doctor_outside.exchanges(now=stage.now + timedelta(hours=3))
    assert found.says.endswith("UTC; its bank x is off, so nothing meets it") and not found.remedy
    (found,) = doctor_outside.exchanges(now=stage.now + timedelta(hours=9))
    assert "not asked since" in found.says and found.remedy


def test_an_exchange_is_asked_by_one_at_a_time_by_turns_and_never_once_it_was_removed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = stage.add("ncmec_hashes", USER, environment="test")
    stage.retry_after = "999999999"
    first, second = (ncmec(entry(ref, f"<pdq>{pdq(n)}</pdq>"), onward=NEXT) for n, ref in
                     enumerate("ab"))  # fmt: skip
    stage.answers("/v2/entries", first, second, 429, first)
    writing.begin(exchange, now=stage.now, until=stage.now + timedelta(hours=2))
    with pytest.raises(sync_exchanges.UnderWay):
        stage.sync()
    manage_exchanges.switch_exchange(name="x", on=True, by="t", now=stage.now)
    assert sync_exchanges.sync_due(now=stage.now) == 0
    monkeypatch.setattr(sync_exchanges, "PAGES_AT_ONCE", 1)
    later = NOW + timedelta(hours=2)
    assert sync_exchanges.sync_due(now=later) == 3
    exchange.refresh_from_db()
    assert (exchange.due_at, exchange.tries) == (later + sync_exchanges.MOST_PATIENCE, 1)
    stage.now = later + timedelta(hours=9)
    monkeypatch.setattr(sync_exchanges, "PAGES_AT_ONCE", 9)
    monkeypatch.setattr(sync_exchanges, "reached", lambda _: Exchange.objects.all().delete())
    assert sync_exchanges.sync_due(now=stage.now) == 1
    assert len(stage.said) == 5  # the answer that came after it was gone is not kept


def test_a_private_address_that_the_operator_did_not_name_is_not_reached(stage: Stage) -> None:
    stage.add("ncmec_hashes", USER, environment="test", private="127.0.0.1:1")
    assert "address" in stage.sync().trouble
    assert not stage.site.visits
