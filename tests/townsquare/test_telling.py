"""Heed learns of everything, and is asked before anything is shown."""

import hashlib
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from .conftest import Town, eventually, picture, video
from .stand_in import StandInHeed, send, wish


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_an_allowed_post_is_registered_by_the_bytes_that_were_checked(
    town: Town, heed: StandInHeed
) -> None:
    first, second = picture(), picture()
    ref = town.published("uri", "two pictures", first, second)
    told = eventually(lambda: heed.items.get(ref))
    assert [file["sha256"] for file in told["files"]] == [sha(first), sha(second)]
    assert heed.uploads[f"{ref}.1"] == sha(second)
    assert (told["account_ref"], told["kind"], told["reshare_of"]) == ("uri", "post", None)
    assert httpx2.get(told["url"]).status_code == 200


def test_a_reshare_of_a_reshare_is_registered_after_what_it_reshares(
    town: Town, heed: StandInHeed
) -> None:
    ref = town.published("uri", "", picture())
    again = town.reshare("zed", ref).json()["id"]
    third = town.reshare("sam", again).json()["id"]
    eventually(lambda: third in heed.items)
    assert heed.items[third]["reshare_of"] == again
    assert heed.items[third]["kind"] == "reshare"
    places = [heed.orders.index(one) for one in (ref, again, third)]
    assert places == sorted(places)


def test_views_reach_heed_within_seconds(town: Town, heed: StandInHeed) -> None:
    ref = town.published("uri", "look at this", picture())
    for _ in range(3):
        town.http.get(f"/p/{ref}")
    assert town.fact(ref)["views"] == 3
    eventually(lambda: heed.items.get(ref, {}).get("views", 0) >= 3)


def test_a_blocked_upload_is_refused_and_its_bytes_are_not_kept(
    town: Town, heed: StandInHeed
) -> None:
    data = picture()
    heed.verdicts[sha(data)] = "block"
    answer = town.post("uri", "", data)
    assert answer.status_code == 422
    assert not (town.var / "files" / sha(data)).exists()
    assert town.status(f"/p/{answer.json()['id']}") == 404


def test_bytes_that_another_post_shows_outlive_a_refusal(town: Town, heed: StandInHeed) -> None:
    data = picture()
    ref = town.published("uri", "", data)
    heed.verdicts[sha(data)] = "block"
    assert town.post("zed", "", data).status_code == 422
    assert town.status(f"/f/{ref}/0") == 200


def test_a_held_upload_is_seen_by_nobody_until_it_is_released(
    town: Town, heed: StandInHeed
) -> None:
    data, innocent = picture(), picture()
    heed.verdicts[sha(data)] = "hold"
    answer = town.post("uri", "wait for me", innocent, data)
    assert answer.status_code == 202
    ref = answer.json()["id"]
    assert [town.status(f"/{way}") for way in (f"p/{ref}", f"f/{ref}/0", f"t/{ref}/1")] == [404] * 3
    own_page = town.http.get("/u/uri", headers={"Cookie": "townsquare=uri"}).text
    assert "being checked" in own_page
    released = {"type": "upload.released", "upload_ref": f"{ref}.1", "sha256": sha(data)}
    assert send(town.http, released).is_success
    assert town.status(f"/p/{ref}") == 200
    eventually(lambda: ref in heed.items)


def test_a_held_upload_that_is_blocked_is_dropped(town: Town, heed: StandInHeed) -> None:
    data = picture()
    heed.verdicts[sha(data)] = "hold"
    ref = town.post("uri", "", data).json()["id"]
    send(town.http, {"type": "upload.blocked", "upload_ref": f"{ref}.0", "sha256": sha(data)})
    assert town.fact(ref)["status"] == "refused"
    assert not (town.var / "files" / sha(data)).exists()


def test_while_heed_is_down_uploads_are_held_and_afterwards_published(
    town: Town, heed: StandInHeed
) -> None:
    heed.stop()
    try:
        answer = town.post("uri", "fail closed", picture())
        words = town.published("uri", "words alone need no asking")
    finally:
        heed.start_again()
    ref = answer.json()["id"]
    assert answer.status_code == 202
    eventually(lambda: town.status(f"/p/{ref}") == 200)
    eventually(lambda: {ref, words} <= heed.items.keys())


def test_an_author_can_delete_a_post_and_heed_is_told(town: Town, heed: StandInHeed) -> None:
    ref = town.published("uri", "", picture())
    assert town.http.post(f"/p/{ref}/delete", headers={"X-Account": "zed"}).status_code == 404
    assert town.http.post(f"/p/{ref}/delete", headers={"X-Account": "uri"}).status_code == 303
    assert town.status(f"/p/{ref}") == town.status(f"/f/{ref}/0") == 410
    eventually(lambda: ref in heed.deletions)


def test_no_registration_is_lost_when_the_site_is_killed(tmp_path: Path) -> None:
    heed = StandInHeed()
    heed.stop()
    town = Town(tmp_path, heed)
    try:
        words = town.published("uri", "before the crash")
        held = town.post("uri", "", picture()).json()["id"]
        shown = town.published("uri", "restricted while the site was away")
        town.kill()
        heed.missed_states.append(wish(shown, "hidden", 3))
        heed.start_again()
        town.start()
        eventually(lambda: {words, held, shown} <= heed.items.keys())
        assert town.status(f"/p/{held}") == 200
        eventually(lambda: town.status(f"/p/{shown}") == 404)
    finally:
        town.close()
        heed.stop()


def test_a_seeded_tree_is_as_deep_and_as_viewed_as_asked(town: Town, heed: StandInHeed) -> None:
    ref = town.published("uri", "spreads", picture())
    asked = {"of": ref, "reshares": 60, "depth": 5, "views": 1000}
    refs = town.http.post("/pretend/seed", json=asked).json()["reshares"]
    items = {item["id"]: item for item in town.facts()["items"]}
    deepest, one = 0, refs[-1]
    while one != ref:
        deepest, one = deepest + 1, items[one]["reshare_of"]
    assert deepest == 5
    assert sum(items[one]["views"] for one in (ref, *refs)) == 1000
    assert len({items[one]["account"] for one in refs}) > 20
    eventually(lambda: set(refs) <= heed.items.keys())


def test_each_post_leads_to_heeds_form_with_the_place_filled_in(
    town: Town, heed: StandInHeed
) -> None:
    ref = town.published("uri", "report me")
    where = f"http%3A%2F%2F127.0.0.1%3A{town.port}%2Fp%2F{ref}"
    assert f"{heed.url}/notice?url={where}" in town.http.get(f"/p/{ref}").text


def test_what_people_write_is_never_markup(town: Town) -> None:
    ref = town.published("uri", "<script>alert(1)</script>")
    page = town.http.get(f"/p/{ref}")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert '"><b>' not in town.http.get('/search?q="><b>').text


@pytest.mark.parametrize(
    ("pictures", "text", "status"),
    [([b"<svg onload=alert(1)>"], "", 415), ([], "", 422), ([b"\x89PNG\r\n\x1a\n"] * 5, "", 413)],
)
def test_a_post_that_cannot_be_is_refused_with_a_plain_status(
    town: Town, pictures: list[bytes], text: str, status: int
) -> None:
    assert town.post("uri", text, *pictures).status_code == status


def test_a_person_can_come_in_and_post_and_reshare_from_the_page(
    town: Town, heed: StandInHeed
) -> None:
    with httpx2.Client(base_url=town.http.base_url, follow_redirects=True) as browser:
        assert "@sam" in browser.post("/enter", data={"name": "Sam"}).text
        sent = {"files": ("a.png", picture(), "image/png")}
        page = browser.post("/posts", data={"text": "hello square"}, files=sent)
        assert page.url.path.startswith("/p/")
        waits = picture()
        heed.verdicts[sha(waits)] = "hold"
        sent = {"files": ("b.png", waits, "image/png")}
        assert "being checked" in browser.post("/posts", data={"text": ""}, files=sent).text
        again = browser.post(f"{page.url.path}/reshare")
        assert "reshared" in again.text
        assert "Come in" in browser.post("/leave").text


def test_a_video_is_shown_with_a_picture_of_its_first_frame(town: Town) -> None:
    ref = town.published("uri", "", video())
    assert town.http.get(f"/f/{ref}/0").headers["content-type"] == "video/mp4"
    part = town.http.get(f"/f/{ref}/0", headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)
    assert town.http.get(f"/t/{ref}/0").content.startswith(b"\xff\xd8")
    assert "<video" in town.http.get(f"/p/{ref}").text


def test_a_picture_that_cannot_be_read_is_shown_without_a_preview(town: Town) -> None:
    ref = town.published("uri", "", b"\x89PNG\r\n\x1a\n and then nonsense")
    assert town.status(f"/p/{ref}") == 200
    assert town.status(f"/t/{ref}/0") == 404


def test_nobody_posts_without_a_name(town: Town) -> None:
    assert town.http.post("/api/posts", data={"text": "hi"}).status_code == 401
    assert town.post("../../etc", "hi").status_code == 401


def test_the_site_is_small(town: Town) -> None:
    assert psutil.Process(town.process.pid).memory_info().rss < 70_000_000
