"""The upload gate: at once where nothing is known, Django's word for everything else."""

import asyncio
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, Mock

import httpx2
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.utils import timezone

from examples import pictures
from heed.flows import wiring
from heed.instance.bridge import Threads
from heed.ledger.models import EntryBody
from heed.media import banks, matching
from heed.media.banks import SignalIn
from heed.media.feeds import BANKED
from heed.media.models import ApiKey, Bank, File, Platform, Unchecked
from heed.ports import Fetched, NotFetched
from heed.rules.gate import NoSuchSwitch, Surface, looks, switches
from heed.web.platform_api.gate import following, handler, known_keys, together
from heed.web.platform_api.gate.following import Following
from heed.web.platform_api.gate.handler import Gate
from heed.web.platform_api.gate.missed import Missed
from tests.apart import apart
from tests.web.platform_api.engineer import Api

SIGNALS = {"sha256": "ab" * 32, "md5": "00" * 16, "pdq": "0f" * 32, "pdq_quality": 90}
CHECK = "/api/v1/uploads/check"
Talk = Callable[[httpx2.AsyncClient], Awaitable[Any]]


class Door:
    """The server's application, in this process. Counts what Django was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.following = Following()
        self.following.once()
        self.pool = ThreadPoolExecutor(4)
        threads = Threads(self._counted, self.pool)
        self.missed = Missed()
        self.gate = Gate(threads, self.following, self.missed)
        self.django: Any = get_wsgi_application()

    def _counted(self, environ: Any, start: Any) -> Any:
        self.asked += 1
        return self.django(environ, start)

    def talk(self, say: Talk, key: str) -> Any:
        async def whole() -> Any:
            transport = httpx2.ASGITransport(app=self.gate)
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://testserver", headers=headers
            ) as client:
                return await say(client)

        return apart(asyncio.run, whole())

    def post(self, key: str, path: str = CHECK, **more: Any) -> httpx2.Response:
        answer: httpx2.Response = self.talk(lambda client: client.post(path, **more), key)
        return answer


@pytest.fixture
def door(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Door]:
    monkeypatch.setattr(settings, "HEED_VAR", tmp_path)  # an index that no other test has filled
    monkeypatch.setattr(following, "BELIEVED_SECONDS", 600.0)  # here nobody follows meanwhile
    monkeypatch.setattr(
        handler, "SIGNALS_WITHIN_SECONDS", 60.0
    )  # a machine that stalls is no fault
    monkeypatch.setattr(handler, "HOOK_WITHIN_SECONDS", 60.0)
    matching._shelf.forget(BANKED)
    door = Door()
    yield door
    matching._shelf.forget(BANKED)
    door.pool.shutdown()
    door.gate._looking.shutdown()


@pytest.fixture
def api(transactional_db: None, square: Platform) -> Api:
    return Api("square")


def bank(platform: Platform, *signals: SignalIn) -> None:
    made = banks.make("known", platform.id, made_by="test", now=timezone.now(), action="block")
    banks.add(made, signals, source="test", now=timezone.now())
    matching.catch_up(BANKED)  # as a flow does, in whichever process


def test_who_meets_nothing_is_let_in_without_django_and_in_its_very_words(
    door: Door, api: Api
) -> None:
    path = f"{CHECK}?account_ref=uri&upload_ref=a%2Fb"
    quick = door.post(api.key, path, json={"signals": SIGNALS})
    assert (quick.status_code, door.asked, File.objects.count()) == (200, 0, 0)
    assert quick.headers["content-type"] == "application/json"
    assert quick.json() == api.post(path.removeprefix("/api/v1/"), {"signals": SIGNALS}).json()
    many = {"uploads": [{"signals": SIGNALS, "upload_ref": f"u{n}"} for n in range(64)]}
    said = door.post(api.key, json=many).json()
    assert [one["upload_ref"] for one in said["results"]] == [f"u{n}" for n in range(64)]
    assert door.asked == 0
    assert said == api.post("uploads/check", many).json()


def test_what_any_process_banked_is_met_at_the_next_request(door: Door, api: Api) -> None:
    platform = Platform.objects.get()
    assert door.post(api.key, json={"signals": SIGNALS}).json()["verdict"] == "allow"
    bank(
        platform,
        SignalIn("pdq", bytes.fromhex("0f" * 31 + "00"), 100),
        SignalIn("sha256", b"\1" * 32, None),
        SignalIn("md5", b"\2" * 16, None),
        SignalIn("sha1", b"\4" * 20, None),
    )
    near = door.post(api.key, json={"signals": SIGNALS}).json()
    assert (near["verdict"], near["reason"]) == ("hold", "looks-like-claimed")
    same = door.post(api.key, json={"signals": {"sha256": "01" * 32}}).json()
    assert (same["verdict"], same["reason"]) == ("block", "removed-before")
    assert (near["bank"], same["bank"]) == ("known", "known")
    md5 = {"sha256": "03" * 32, "md5": "02" * 16}
    sha1 = {"sha256": "07" * 32, "sha1": "04" * 20}
    for one in (md5, sha1):
        assert door.post(api.key, json={"signals": one}).json()["verdict"] == "hold"
    far = {**SIGNALS, "sha256": "05" * 32, "pdq": "f0" * 32}
    uploads = [{"signals": far}, {"signals": {"sha256": "01" * 32}}, {"signals": far}]
    results = door.post(api.key, json={"uploads": uploads}).json()["results"]
    assert [one["verdict"] for one in results] == ["allow", "block", "allow"]
    blurred = {**SIGNALS, "sha256": "06" * 32, "pdq_quality": 10}
    assert door.post(api.key, json={"signals": blurred}).json()["verdict"] == "allow"


def test_who_asks_in_the_same_moment_is_searched_for_together_and_answered_apart(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank(Platform.objects.get(), SignalIn("sha256", b"\1" * 32, None))
    door.post(api.key, json={"signals": SIGNALS})  # from now on the key is known
    asked: list[int] = []
    search = matching.strangers
    monkeypatch.setattr(
        matching, "strangers", lambda files, book: asked.append(len(files)) or search(files, book)
    )
    monkeypatch.setattr(together, "FILES_AT_ONCE", 20)

    def question(n: int) -> dict[str, Any]:
        one = {
            "signals": {"sha256": "01" * 32 if n == 7 else f"{n:02x}" * 32},
            "upload_ref": f"{n}",
        }
        return {"uploads": [one] * (n % 3 + 1)} if n % 2 else one

    async def crowd(client: httpx2.AsyncClient) -> list[httpx2.Response]:
        return await asyncio.gather(*(client.post(CHECK, json=question(n)) for n in range(2, 32)))

    answers = door.talk(crowd, api.key)
    for n, answer in enumerate(answers, 2):
        results = answer.json().get("results", [answer.json()])
        assert [one["upload_ref"] for one in results] == [f"{n}"] * (n % 3 + 1 if n % 2 else 1)
        assert {one["verdict"] for one in results} == {"block" if n == 7 else "allow"}
    assert len(asked) < 10 and max(asked) <= 20
    assert door.asked == 1


def test_a_search_that_fails_lets_nobody_in_unseen(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bank(Platform.objects.get(), SignalIn("sha256", b"\1" * 32, None))
    once = Mock(wraps=matching.strangers, side_effect=chain([ValueError], repeat(DEFAULT)))
    monkeypatch.setattr(matching, "strangers", once)
    said = door.post(api.key, json={"signals": {"sha256": "01" * 32}}).json()
    assert (said["verdict"], door.asked) == ("block", 1)
    assert "could not be searched" in caplog.text


def test_a_withdrawn_key_is_refused_once_its_moment_is_over(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "AGAIN_AFTER_SECONDS", 0.02)
    monkeypatch.setattr(known_keys, "BELIEVED_SECONDS", 0.1)

    async def use(client: httpx2.AsyncClient) -> list[int]:
        seen = [(await client.post(CHECK, json={"signals": SIGNALS})).status_code]
        await asyncio.to_thread(withdraw)
        for _ in range(40):
            seen.append((await client.post(CHECK, json={"signals": SIGNALS})).status_code)
            await asyncio.sleep(0.01)
        return seen

    def withdraw() -> None:
        ApiKey.objects.update(revoked_at=timezone.now())
        connection.close()

    seen = door.talk(use, api.key)
    assert seen[0] == 200 and seen[-1] == 401
    assert known_keys.BELIEVED_SECONDS < 1


def test_errors_and_missing_rights_are_django_s_to_tell(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "BELIEVED_SECONDS", 0.0)
    assert door.post("heed_x_y", json={"signals": SIGNALS}).status_code == 401
    assert door.post(api.key, json={"signals": {"sha256": "1"}}).status_code == 422
    assert (
        door.post(api.key, content=b"{", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    assert door.post(api.key, f"{CHECK}?surprise=1", json={"signals": SIGNALS}).status_code == 200
    many = {"uploads": [{"signals": SIGNALS}] * 65}
    assert "at most 64" in door.post(api.key, json=many).text
    ApiKey.objects.update(scopes=["items"])
    assert door.post(api.key, json={"signals": SIGNALS}).status_code == 403
    assert door.talk(lambda client: client.get("/status"), "").text == "I-AM-ALIVE"


def test_a_question_in_pieces_is_whole_and_one_that_never_ends_keeps_nobody_else(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.dumps({"signals": SIGNALS}).encode()
    as_json = {"Content-Type": "application/json"}

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(whole), 50):
            yield whole[at : at + 50]

    async def endless() -> AsyncIterator[bytes]:
        yield whole[:50]
        await asyncio.Event().wait()

    async def ask(client: httpx2.AsyncClient) -> list[int]:
        late = [client.post(CHECK, content=endless(), headers=as_json) for _ in range(3)]
        waiting = asyncio.gather(*late)
        await asyncio.sleep(0)
        quick = await client.post(CHECK, json={"signals": SIGNALS})
        return [quick.status_code, *(one.status_code for one in await waiting)]

    said = door.post(api.key, content=pieces(), headers=as_json)
    assert (said.status_code, said.json()["verdict"], door.asked) == (200, "allow", 0)
    monkeypatch.setattr(handler, "SENT_WITHIN_SECONDS", 0.05)
    door.gate._room = asyncio.Semaphore(1)  # the second and third wait for the first
    assert door.talk(ask, api.key) == [200, 408, 408, 408]
    assert door.asked == 0


def test_strangers_who_never_end_keep_no_room_from_who_has_a_key(door: Door, api: Api) -> None:
    whole = json.dumps({"signals": SIGNALS}).encode()
    as_json = {"Content-Type": "application/json"}
    door.gate._strangers_room = asyncio.Semaphore(1)

    async def pieces(*, ends: bool) -> AsyncIterator[bytes]:
        yield whole[:50]
        if not ends:
            await asyncio.Event().wait()
        yield whole[50:]

    async def ask(client: httpx2.AsyncClient) -> tuple[int, bool]:
        stranger = {**as_json, "Authorization": "Bearer heed_x_y"}
        late = [client.post(CHECK, content=pieces(ends=False), headers=stranger) for _ in range(3)]
        waiting = asyncio.gather(*late, return_exceptions=True)
        await asyncio.sleep(0.05)
        said = await client.post(CHECK, content=pieces(ends=True), headers=as_json)
        still = not waiting.done()
        waiting.cancel()
        return said.status_code, still

    assert door.post(api.key, json={"signals": SIGNALS}).status_code == 200  # its key is seen
    assert door.talk(ask, api.key) == (200, True)


def test_an_index_that_is_not_up_to_date_is_not_believed(door: Door, api: Api) -> None:
    door.following._at = float("-inf")
    assert door.post(api.key, json={"signals": SIGNALS}).json()["verdict"] == "allow"
    assert door.asked == 1


class Broken:
    """Django on bad days."""

    def __init__(self, well: Any) -> None:
        self.well, self.release = well, threading.Event()

    def fails(self, environ: Any, start: Any) -> Any:
        raise ValueError

    def has_no_database(self, environ: Any, start: Any) -> Any:
        start("503 Service Unavailable", [])
        return [b"{}"]

    def is_slow(self, environ: Any, start: Any) -> Any:
        assert self.release.wait(60)
        return self.well(environ, start)


ONE = {"signals": SIGNALS}
TWO = {"uploads": [{"signals": SIGNALS, "upload_ref": "v"}] * 2}


def held(door: Door, key: str, **more: Any) -> str:
    """Asks what only Django could answer; the reason why it is held."""
    answer = door.post(key, f"{CHECK}?upload_ref=u&surprise=1", **more)
    said = answer.json()
    told = said.get("results", [said])
    assert (answer.status_code, {row["verdict"] for row in told}) == (200, {"hold"})
    assert [row["upload_ref"] for row in told] == (["v", "v"] if len(told) == 2 else ["u"])
    assert set(told[0]) == {"verdict", "reason", "bank", "sha256", "upload_ref", "case"}
    return str(told[0]["reason"])


def test_where_heed_fails_uploads_are_held_with_the_reason_and_somebody_is_due(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, raw = Broken(door.django), f"/api/v1/uploads/raw/{api.key}"
    door.django = bad.fails
    assert held(door, api.key, json=ONE) == "failed-here"
    assert door.post("", raw, content=b"x").status_code == 503
    door.django = bad.has_no_database
    for more in ({"json": ONE}, {"json": TWO}, {"content": b"x"}):
        assert held(door, api.key, **more) == "database-away"
    door.django = bad.is_slow
    with monkeypatch.context() as short:
        short.setattr(handler, "SIGNALS_WITHIN_SECONDS", 0.05)
        assert held(door, api.key, json=ONE) == "no-answer-in-time"
    bad.release.set()
    door.django, door.following._failed, asked = bad.well, True, door.asked
    for more in ({"json": ONE}, {"json": TWO}, {"content": b"x"}):
        assert held(door, api.key, **more) == "database-away"
    assert door.asked == asked  # nobody waits for what does not answer
    door.following._failed = False
    with monkeypatch.context() as full:
        full.setattr(handler, "MOST_WAITING", -4)
        assert held(door, api.key, content=b"x") == "too-many-at-once"
    for _ in range(2):  # the second has nothing to tell
        door.missed.tell()
    assert dict(Unchecked.objects.values_list("reason", "asked")) == {
        "failed-here": 2, "database-away": 8, "no-answer-in-time": 1, "too-many-at-once": 1,
    }  # fmt: skip
    assert EntryBody.objects.filter(event="gate.failed").count() == 4


# ------------------------------------------------------------------ where it looks


def test_messages_in_the_union_are_looked_at_only_where_the_operator_says_so(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank(Platform.objects.get(), SignalIn("sha256", bytes.fromhex("ab" * 32), None))

    def verdict(where: str) -> tuple[str, str]:
        answer = door.post(api.key, f"{CHECK}?{where}", json={"signals": SIGNALS}).json()
        return answer["verdict"], answer["reason"]

    known, passed = ("block", "removed-before"), ("allow", "not-looked-at")
    assert verdict("surface=public&country=DE") == known
    assert verdict("surface=private&country=US") == known
    assert verdict("surface=private&country=de") == passed
    monkeypatch.setattr(settings, "HEED_GATE", switches("private:EU, -public:US"))
    assert verdict("surface=private&country=DE") == known
    assert verdict("surface=public&country=US") == passed
    unknown = door.post(api.key, f"{CHECK}?surface=private", json={"signals": SIGNALS})
    assert unknown.status_code == 422 and "country" in unknown.text
    raw = door.post(api.key, f"{CHECK}?country=US", content=b"x")
    assert (raw.json()["reason"], len(raw.json()["sha256"])) == ("not-looked-at", 64)
    known_bytes = b"these very bytes"
    bank_it = SignalIn("sha256", hashlib.sha256(known_bytes).digest(), None)
    banks.add(Bank.objects.get(), [bank_it], source="test", now=timezone.now())
    hook = f"/api/v1/uploads/raw/{api.key}"
    asked = ("", "?country=US", "?surface=private&country=DE", "?surface=private&country=JP")
    statuses = [door.post("", hook + one, content=known_bytes).status_code for one in asked]
    assert statuses == [403, 204, 403, 403]
    monkeypatch.setattr(settings, "HEED_GATE", ())
    assert door.post("", f"{hook}?surface=private&country=DE", content=known_bytes).is_success
    assert door.post("", f"{hook}?surface=private", content=known_bytes).status_code == 422


def test_the_nearest_word_about_a_place_counts() -> None:
    said = switches("-private,private:FR,-public:EU")
    assert looks(Surface.PRIVATE, "FR", said) and not looks(Surface.PRIVATE, "DE", said)
    assert not looks(Surface.PRIVATE, "US", said) and not looks(Surface.PUBLIC, "IE", said)
    assert looks(Surface.PUBLIC, "", said) and looks(Surface.PUBLIC, "US", ())
    for wrong in ("posts", "private:Germany", "private:de"):
        with pytest.raises(NoSuchSwitch, match="public or private"):
            switches(wrong)


# ------------------------------------------------------------------ bytes and addresses


def test_bytes_and_raw_bytes_are_read_through_the_threads(door: Door, api: Api) -> None:
    data = b"no picture " * 200_000

    async def pieces() -> Any:
        for start in range(0, len(data), 65_536):
            yield data[start : start + 65_536]

    for more in ({"content": data}, {"content": pieces()}, {"files": {"file": ("a", data)}}):
        said = door.post(api.key, **more).json()
        assert said["verdict"] == "allow", said
    bank(Platform.objects.get(), SignalIn("sha256", bytes.fromhex(said["sha256"]), None))
    raw = f"/api/v1/uploads/raw/{api.key}"
    assert door.post("", raw, content=b"something else").status_code == 204
    assert door.post("", raw, content=data).status_code == 403
    assert door.post("", raw + "x", content=data).status_code == 404


class SlowFetcher:
    """Answers when it is let; an address that says so is never answered."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()

    def fetch(self, url: str, **_: Any) -> Fetched:
        if "gone" in url:
            raise NotFetched("no such host")
        self.asked.set()
        assert self.go.wait(60)
        status = 404 if "missing" in url else 200
        return Fetched(status=status, content_type="", body=b"bytes", complete=True, final_url=url)


def test_an_address_is_fetched_without_keeping_anybody_else_waiting(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = SlowFetcher()
    monkeypatch.setattr(wiring, "fetcher", lambda: fetcher)

    async def both(client: httpx2.AsyncClient) -> tuple[Any, Any, Any]:
        slow = [
            asyncio.ensure_future(client.post(CHECK, json={"url": f"https://a.example/{name}"}))
            for name in ("a", "b", "missing", "d", "e", "f")
        ]
        await asyncio.to_thread(fetcher.asked.wait, 60)
        quick = await client.post(CHECK, json={"signals": SIGNALS})
        page = await client.get("/status")
        fetcher.go.set()
        return [one.json() for one in await asyncio.gather(*slow)], quick.json(), page.status_code

    slow, quick, page = door.talk(both, api.key)
    assert (quick["verdict"], page) == ("allow", 200)
    held = ("hold", "could-not-be-checked")
    expected = [held if n == 2 else ("allow", "nothing-found") for n in range(6)]
    assert [(one["verdict"], one["reason"]) for one in slow] == expected
    gone = door.post(api.key, json={"url": "https://a.example/gone"}).json()
    assert (gone["verdict"], gone["reason"], gone["sha256"]) == (*held, None)
    assert EntryBody.objects.filter(event="gate.failed").count() == 2
    assert Unchecked.objects.filter(ended_at=None, retry_at__isnull=False).count() == 2


class PictRs:
    """As pict-rs: bytes in chunks, their type, no other header; anything but 2xx refuses them."""

    def __init__(self, door: Door, hook: str) -> None:
        self.door, self.hook, self.kept = door, hook, list[bytes]()

    def upload(self, data: bytes, kind: str = "image/png") -> bool:
        async def pieces() -> Any:
            for start in range(0, len(data), 4_096):
                yield data[start : start + 4_096]

        answer = self.door.post("", self.hook, content=pieces(), headers={"Content-Type": kind})
        if answer.is_success:
            self.kept.append(data)
        return answer.is_success


def test_pict_rs_keeps_no_banked_picture_and_nothing_at_all_while_heed_can_not_look(
    door: Door, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    banked, other = pictures.picture(5), pictures.picture(6)
    bank(Platform.objects.get(), SignalIn("sha256", hashlib.sha256(banked).digest(), None))
    hook = f"/api/v1/uploads/raw/{api.key}"
    pict_rs = PictRs(door, hook)
    assert [pict_rs.upload(one) for one in (banked, other)] == [False, True]
    assert pict_rs.upload(b"some film", "video/webm") and not pict_rs.upload(banked, "video/mp4")
    let_in = PictRs(door, f"{hook}?when_heed_cannot_look=let-in-unseen")
    odd = PictRs(door, f"{hook}?when_heed_cannot_look=let-in")
    assert not let_in.upload(banked) and let_in.upload(other)
    assert not odd.upload(other)
    bad = Broken(door.django)
    for way in (bad.fails, bad.has_no_database, bad.is_slow):
        if way == bad.is_slow:  # the others answer, and a busy machine may take its time for it
            monkeypatch.setattr(handler, "HOOK_WITHIN_SECONDS", 0.05)
        door.django = way
        assert not pict_rs.upload(other) and not odd.upload(other)
        assert let_in.upload(other)
    assert len(pict_rs.kept) == 2 and len(let_in.kept) == 4
    bad.well = bad.has_no_database  # whoever comes too late finds no request to read
    bad.release.set()
    door.missed.tell()
    rows = dict(Unchecked.objects.filter(file=None).values_list("reason", "asked"))
    assert rows == {
        "failed-here": 2, "database-away": 2, "no-answer-in-time": 2, "let-in-unseen": 3,
    }  # fmt: skip
    assert EntryBody.objects.filter(event="gate.let_in").count() == 1
