"""What Heed asks for is what visitors get."""

import httpx2
import pytest

from .conftest import TOKEN, Town, eventually, picture
from .stand_in import StandInHeed, send, wish

OTHER_SECRET = "whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LWVudGlyZWx5IQ=="


def everywhere(town: Town, words: str) -> list[str]:
    """Of the places that promote, those that show a post with these words."""
    places = ["/", f"/search?q={words}", "/trending"]
    return [place for place in places if f"<p>{words}</p>" in town.http.get(place).text]


def test_a_limited_post_is_still_there_but_found_nowhere(town: Town) -> None:
    ref = town.published("uri", "limitedwords", picture())
    town.http.post("/pretend/seed", json={"of": ref, "views": 50_000})
    assert len(everywhere(town, "limitedwords")) == 3
    assert "limitedwords" in town.http.get("/search?q=nothing").text  # holds the advertising slot
    town.want(ref, "limited", 1)
    page = town.http.get(f"/p/{ref}")
    assert page.status_code == town.status(f"/f/{ref}/0") == town.status(f"/t/{ref}/0") == 200
    assert 'class="ad"' not in page.text
    assert everywhere(town, "limitedwords") == []
    assert "limitedwords" not in town.http.get("/search?q=nothing").text


def test_a_limited_post_cannot_be_reshared(town: Town) -> None:
    ref = town.published("uri", "no resharing", picture())
    town.want(ref, "limited", 1)
    assert town.reshare("zed", ref).status_code == 409
    town.want(ref, "visible", 2)
    assert town.reshare("zed", ref).status_code == 201


@pytest.mark.parametrize(("visibility", "status"), [("hidden", 404), ("removed", 410)])
def test_a_hidden_or_removed_post_is_seen_by_nobody(
    town: Town, visibility: str, status: int
) -> None:
    ref = town.published("uri", "secretwords", picture())
    again = town.reshare("zed", ref).json()["id"]
    assert town.status(f"/t/{ref}/0") == 200
    town.want(ref, visibility, 1)
    places = [f"/p/{ref}", f"/f/{ref}/0", f"/t/{ref}/0"]
    assert [town.status(place) for place in places] == [status] * 3
    as_author = {"Cookie": "townsquare=uri"}
    assert [town.status(place, headers=as_author) for place in places] == [status] * 3
    assert town.reshare("zed", ref).status_code == status
    town.want(again, visibility, 1)
    assert everywhere(town, "secretwords") == []
    assert "secretwords" not in town.http.get("/u/uri", headers=as_author).text


def test_a_hidden_reshare_leaves_the_list_of_reshares(town: Town) -> None:
    ref = town.published("uri", "tell everybody", picture())
    again = town.reshare("zed", ref).json()["id"]
    assert f"/p/{again}" in town.http.get(f"/p/{ref}").text
    town.want(again, "hidden", 1)
    assert f"/p/{again}" not in town.http.get(f"/p/{ref}").text


def test_a_hidden_post_answers_just_like_one_that_never_was(town: Town) -> None:
    ref = town.published("uri", "", picture())
    town.want(ref, "hidden", 1)
    assert town.http.get(f"/p/{ref}").text == town.http.get("/p/000000000000").text


def test_a_restored_post_is_as_it_was_before(town: Town) -> None:
    ref = town.published("uri", "backagain", picture())
    before = town.fact(ref)
    town.want(ref, "hidden", 1)
    town.want(ref, "visible", 2)
    after = town.fact(ref)
    assert {**after, "revision": 0, "told_views": 0} == {**before, "told_views": 0}
    assert "/search?q=backagain" in everywhere(town, "backagain")


def test_an_older_revision_changes_nothing(town: Town) -> None:
    ref = town.published("uri", "", picture())
    town.want(ref, "visible", 7)
    assert town.want(ref, "hidden", 6) == [{"item": ref, "revision": 7, "result": "applied"}]
    assert town.status(f"/p/{ref}") == 200


def test_a_repeated_revision_is_applied_once(town: Town) -> None:
    ref = town.published("uri", "", picture())
    for _ in range(3):
        assert town.want(ref, "hidden", 1)[0]["result"] == "applied"
    assert sum(one["item"] == ref for one in town.facts()["applied"]) == 1


def test_an_unknown_visibility_means_hidden(town: Town) -> None:
    ref = town.published("uri", "", picture())
    town.want(ref, "translucent", 1)
    assert town.status(f"/p/{ref}") == 404


def test_an_item_that_is_not_here_is_said_to_be_not_found(town: Town) -> None:
    assert town.want("nosuchitem", "hidden", 3)[0]["result"] == "not_found"


def test_a_wrong_signature_changes_nothing(town: Town) -> None:
    ref = town.published("uri", "", picture())
    event = {"type": "states.desired", "states": [wish(ref, "hidden", 1)]}
    assert send(town.http, event, secret=OTHER_SECRET).status_code == 401
    assert town.http.post("/heed/callback", json=event).status_code == 401
    assert town.http.post("/heed/callback", content=b"\xff\xfe").status_code == 401
    assert town.status(f"/p/{ref}") == 200


def test_evidence_is_for_the_holder_of_the_token_alone(town: Town) -> None:
    data = picture()
    ref = town.published("uri", "", data)
    town.want(ref, "hidden", 1)
    for wrong in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Bearer"}):
        assert town.status(f"/evidence/{ref}/0", headers=wrong) == 401
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert town.http.get(f"/evidence/{ref}/0", headers=right).content == data
    assert town.status(f"/evidence/{ref}/1", headers=right) == 404
    town.want(ref, "removed", 2)
    assert town.http.get(f"/evidence/{ref}/0", headers=right).content == data


def test_a_batch_of_a_thousand_states_is_kept_whole(town: Town) -> None:
    ref = town.published("uri", "many", picture())
    seeded = town.http.post("/pretend/seed", json={"of": ref, "reshares": 999, "depth": 4})
    refs = [ref, *seeded.json()["reshares"]]
    event = {"type": "states.desired", "states": [wish(one, "hidden", 1) for one in refs]}
    results = send(town.http, event).json()["results"]
    assert [one["item"] for one in results] == refs
    assert {one["result"] for one in results} == {"applied"}
    assert (
        sum(one["serves"] == 404 for one in town.facts()["items"] if one["text"] == "many") == 1000
    )


def test_the_uploader_reads_the_statement_of_reasons_once(town: Town) -> None:
    ref = town.published("uri", "", picture())
    statement = {
        "item": ref,
        "account": "uri",
        "statement": [{"label": "Ground", "text": "<b>It breaks rule 3.</b>"}],
        "appeal_url": "http://127.0.0.1:9/appeal/abc",
    }
    event = {"type": "statements.issued", "statements": [statement]}
    for _ in range(2):
        assert send(town.http, event, message_id=f"msg_{ref}").is_success
    page = town.http.get("/messages", headers={"Cookie": "townsquare=uri"}).text
    assert page.count("&lt;b&gt;It breaks rule 3.&lt;/b&gt;") == 1
    assert "http://127.0.0.1:9/appeal/abc" in page
    assert "rule 3" not in town.http.get("/messages", headers={"Cookie": "townsquare=zed"}).text


def test_a_kind_of_event_that_is_new_to_the_site_is_no_failure(town: Town) -> None:
    assert send(town.http, {"type": "weather.changed"}).is_success


def test_a_reshare_of_something_hidden_is_hidden_as_soon_as_it_is_registered(
    town: Town, heed: StandInHeed
) -> None:
    ref = town.published("uri", "", picture())
    heed.born[ref] = ("hidden", 4)
    again = town.reshare("zed", ref).json()["id"]
    eventually(lambda: town.status(f"/p/{again}") == 404)
    assert town.want(again, "hidden", 4) == [{"item": again, "revision": 4, "result": "applied"}]
    assert sum(one["item"] == again for one in town.facts()["applied"]) == 1


def test_a_lying_site_says_applied_and_goes_on_showing(town: Town) -> None:
    ref = town.published("uri", "", picture())
    town.pretend("lying")
    assert town.want(ref, "hidden", 1)[0]["result"] == "applied"
    assert town.status(f"/p/{ref}") == 200
    assert all(one["item"] != ref for one in town.facts()["applied"])
    town.pretend("well")
    town.want(ref, "hidden", 1)
    assert town.status(f"/p/{ref}") == 404


def test_a_half_deaf_site_answers_half_and_does_half(town: Town) -> None:
    refs = [town.published("uri", "", picture()) for _ in range(4)]
    town.pretend("half")
    event = {"type": "states.desired", "states": [wish(ref, "hidden", 1) for ref in refs]}
    results = send(town.http, event).json()["results"]
    assert [one["item"] for one in results] == refs[:2]
    assert [town.status(f"/p/{ref}") for ref in refs] == [404, 404, 200, 200]


def test_a_site_that_is_down_answers_503_to_all(town: Town) -> None:
    ref = town.published("uri", "", picture())
    town.pretend("down")
    event = {"type": "states.desired", "states": [wish(ref, "hidden", 1)]}
    assert send(town.http, event).status_code == 503
    assert town.status(f"/p/{ref}") == 503
    town.pretend("down", only="/heed")
    assert town.status(f"/p/{ref}") == 200
    town.pretend("down", seconds=0.1)
    eventually(lambda: town.status(f"/p/{ref}") == 200)


def test_a_slow_site_answers_later_than_it_is_waited_for(town: Town) -> None:
    town.pretend("slow", seconds=1, only="/trending")
    with pytest.raises(httpx2.ReadTimeout):
        town.http.get("/trending", timeout=httpx2.Timeout(30, read=0.2))


def test_a_late_site_answers_202_and_reports_afterwards(town: Town, heed: StandInHeed) -> None:
    ref = town.published("uri", "", picture())
    town.pretend("late", seconds=0.1)
    event = {"type": "states.desired", "states": [wish(ref, "hidden", 1)]}
    assert send(town.http, event, secret=OTHER_SECRET).status_code == 401
    assert send(town.http, event).status_code == 202
    result = {"item": ref, "revision": 1, "result": "applied"}
    eventually(lambda: result in heed.late_results)
    assert town.status(f"/p/{ref}") == 404
