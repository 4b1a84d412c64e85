"""What clients of Hasher-Matcher-Actioner rely on is kept; what nobody can rely on is mended."""

import json
import logging
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from examples import pictures
from heed.flows import answer_lookups, curate_banks  # the flows behind this door
from heed.flows.check_upload import check_bytes
from heed.flows.manage_platforms import add_platform
from heed.instance.logs import OneLine
from heed.media import banks
from heed.media.models import Bank, Platform
from heed.rules.gate import Verdict
from tests.integrations.site import Site
from tests.web.hma.conftest import Hma, serves

assert answer_lookups and curate_banks
pytestmark = pytest.mark.usefixtures("decoder")
A, B = "0f" * 32, "f0" * 32
NEAR = "0e" + A[2:]
MD5 = "ab" * 16


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    assert answer.content.endswith(b"\n")
    return json.loads(answer.content)


def refused(answer: Any, status: int, message: str) -> None:
    told = said(answer, status)["message"]
    assert told.startswith(message), told


# ------------------------------------------------------------------ Coop's calls


def test_the_sequence_of_calls_that_coop_makes(hma: Hma, site: Site) -> None:
    url = serves(site, "/a.jpg", pictures.picture(7), "image/jpeg")
    apis = said(hma.get("/c/exchanges/apis"))
    assert "ncmec" in apis and "stop_ncii" in apis
    assert said(hma.get("//c/exchanges/api/ncmec")) == {
        "has_set_authentification": False, "supports_authentification": True,
    }  # fmt: skip
    schema = said(hma.get("/c/exchanges/api/ncmec/schema"))
    assert {"name", "type", "required", "default", "help", "choices"} == set(
        schema["config_schema"]["fields"][0]
    )
    made = hma.post("/c/banks", {"name": "COOP_1", "enabled_ratio": "1"})
    assert said(made, 201) == {"matching_enabled_ratio": 1.0, "name": "COOP_1"}
    empty = hma.client.post(
        f"{hma.base}/c/bank/COOP_1/content?url={url}", b"", content_type="application/json"
    )
    added = said(empty)
    assert set(added) == {"id", "signals"}
    hashes = said(hma.get("/h/hash", url=url))  # each item that is submitted
    assert hashes == added["signals"] and len(hashes["pdq"]) == 64
    for kind, value in hashes.items():
        found = said(hma.get("/m/lookup", signal_type=kind, signal=value))
        assert found == {"COOP_1": [{"bank_content_id": added["id"], "distance": "0"}]}
    assert said(hma.get("//c/bank/COOP_1"))["name"] == "COOP_1"
    refused(hma.get("/c/exchange/COOP_1"), 404, "Exchange 'COOP_1' not found")
    half = said(hma.put("/c/bank/COOP_1", {"enabled_ratio": 0.5}))
    assert half == {"matching_enabled_ratio": 0.5, "name": "COOP_1"}
    for _ in range(2):
        assert said(hma.delete("/c/bank/COOP_1")) == {"message": "Done"}
    refused(hma.get("/c/bank/COOP_1"), 404, "bank 'COOP_1' not found")
    assert said(hma.get("/m/lookup", signal_type="pdq", signal=hashes["pdq"])) == {}
    said(hma.post("/c/banks", {"name": "COOP_1", "enabled_ratio": "1"}), 201)  # its name is free


def test_an_exchange_is_called_as_its_bank_and_uses_no_credentials_of_others(
    hma: Hma, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = json.dumps({"user": "u", "password": "p"})
    monkeypatch.setenv("HEED_EXCHANGE_EX1", known)  # the operator's own, or another platform's
    asked = {"bank": "EX1", "api": "ncmec", "api_json": {"environment": "test"}}
    refused(hma.post("/c/exchanges", asked), 400, "Failed to parse `api_json` - there are no")
    assert said(hma.get("/c/exchanges")) == [] == said(hma.get("/c/banks"))
    monkeypatch.setenv("HEED_EXCHANGE_COOP_EX1", known)
    assert said(hma.post("/c/exchanges", asked), 201) == {"message": "Created successfully"}
    refused(hma.post("/c/exchanges", asked), 403, "Bank already exists")
    assert said(hma.get("/c/exchanges")) == ["EX1"]
    # Its bank answers lookups from the start, as clients expect, and does nothing else.
    assert said(hma.get("/c/bank/EX1")) == {"matching_enabled_ratio": 1.0, "name": "EX1"}
    assert not banks.acts(Bank.objects.get(name="EX1"))
    shown = said(hma.get("/c/exchange/EX1"))
    assert (shown["name"], shown["api"], shown["enabled"]) == ("EX1", "ncmec", True)
    assert said(hma.get("/c/exchange/EX1/status")) == {
        "checkpoint_ts": None, "fetched_items": 0, "last_fetch_complete_ts": None,
        "last_fetch_succeeded": None, "running_fetch_start_ts": None, "up_to_date": False,
    }  # fmt: skip
    assert said(hma.put("/c/exchange/EX1", {"enabled": False}))["enabled"] is False
    for _ in range(2):
        assert said(hma.delete("/c/exchange/EX1")) == {"message": "Exchange deleted"}
    refused(hma.get("/c/exchange/EX1"), 404, "Exchange 'EX1' not found")
    refused(hma.get("/c/bank/EX1"), 404, "bank 'EX1' not found")


# ------------------------------------------------------------------ keep


def test_status_and_description_are_open_and_in_the_words_that_clients_know(hma: Hma) -> None:
    nobody = Client()
    for path in ("/status", "/status/live"):
        for base in ("/hma", hma.base):
            alive = nobody.get(base + path)
            assert (alive.status_code, alive.content) == (200, b"I-AM-ALIVE")
    document = nobody.get("/hma/openapi/openapi.json").json()
    assert document["info"]["title"] == "Open Media Match API"
    paths = nobody.get("/hma/site-map").json()
    assert paths == sorted(paths) and "/m/lookup" in paths


def test_signals_are_put_in_looked_up_switched_off_and_taken_out(hma: Hma) -> None:
    said(hma.post("/c/banks", {"name": "X", "enabled": "true", "enabled_ratio": "0.5"}), 201)
    said(hma.put("/c/bank/X", {"enabled_ratio": 1}))
    made = said(hma.post("/c/bank/X/signal", {"pdq": A, "video_md5": MD5.upper(), "note": "n"}))
    assert made["signals"] == {"pdq": A, "video_md5": MD5}
    number = made["id"]
    same = said(hma.get("/m/lookup", signal=MD5, signal_type="video_md5"))
    assert same == {"X": [{"bank_content_id": number, "distance": "-"}]}
    found = said(hma.get("/m/lookup", signal=NEAR, signal_type="pdq"))
    assert found == {"X": [{"bank_content_id": number, "distance": "1"}]}
    assert said(hma.get("/m/lookup", signal=B, signal_type="pdq")) == {}
    assert said(hma.get("/m/lookup", signal=A, signal_type="pdq", banks="Y")) == {}
    raw = {"signal": A, "signal_type": "pdq"}
    assert said(hma.get("/m/raw_lookup", **raw)) == {"matches": [number]}
    shown = said(hma.get(f"/c/bank/X/content/{number}", include_signals="true"))
    assert shown["disable_until_ts"] == 1 and shown["note"] == "n"
    assert shown["signals"] == {"pdq": A} and shown["original_media_uri"] is None
    at = f"/c/bank/X/content/{number}"
    off = said(hma.put(at, {"disable_until_ts": 0, "note": ""}))
    assert (off["disable_until_ts"], off["note"]) == (0, None)
    assert said(hma.get("/m/lookup", signal=A, signal_type="pdq")) == {}
    assert said(hma.get("/m/raw_lookup", **raw, include_distance="true")) == {
        "matches": [{"bank_content_id": number, "distance": "0"}]
    }
    said(hma.put(at, {"disable_until_ts": 1}))
    assert said(hma.get("/m/lookup", signal=A, signal_type="pdq")) != {}
    assert said(hma.delete(at)) == {"deleted": 1}
    assert said(hma.delete(at)) == {"deleted": 0}
    refused(hma.get(at), 404, f"content '{number}' not found")
    assert said(hma.get("/m/raw_lookup", **raw)) == {"matches": []}


def test_a_bank_that_a_client_made_answers_and_holds_no_upload(hma: Hma) -> None:
    data, platform = pictures.picture(3), Platform.objects.get()
    said(hma.post("/c/banks", {"name": "X"}), 201)
    said(hma.file("/c/bank/X/content", "photo", data, note="n", metadata='{"content_id": "7"}'))
    sha_like = said(hma.file("/m/lookup", "photo", pictures.altered(data, "mirror")))
    assert list(sha_like["pdq"]) == ["X"]
    assert said(hma.file("/m/lookup", "photo", pictures.picture(4))) == {"pdq": {}}
    from django.utils import timezone

    checked = check_bytes(platform_id=platform.id, data=data, now=timezone.now())
    assert checked.verdict is Verdict.ALLOW
    # What the operator let it do besides is tried before it goes on, and widened by nobody else.
    Bank.objects.update(action="hold", enabled=False)
    refused(hma.put("/c/bank/X", {"enabled": True}), 403, "bank 'X' holds uploads")
    Bank.objects.update(enabled=True, enabled_share=0.5)
    refused(hma.put("/c/bank/X", {"enabled_ratio": 1}), 403, "bank 'X' holds uploads")
    said(hma.put("/c/bank/X", {"enabled_ratio": 0.2}))


ERRORS = [
    ("get", "/c/bank/NO", None, 404, "bank 'NO' not found"),
    ("put", "/c/bank/NO", {"enabled": True}, 404, "Bank not found"),
    ("post", "/c/banks", {"name": "lower"}, 400, "Bank names must be UPPER_WITH_UNDERSCORE"),
    ("post", "/c/banks", {"name": "X"}, 403, "Bank already exists"),
    ("put", "/c/bank/X", {"name": "Y"}, 403, "Bank name already exists"),
    ("get", "/m/lookup", None, 400, "Either url or both signal and signal_type are required"),
    ("get", "/m/lookup?signal=1&signal_type=x", None, 400, "No such SignalType 'x'"),
    ("get", "/m/lookup?signal=1&signal_type=pdq", None, 400, "invalid signal: invalid PDQ hash"),
    ("get", "/m/index/status?signal_type=x", None, 400, "No such signal type 'x'"),
    ("post", "/m/compare", [], 400, "Request input was not a dict"),
    ("post", "/m/compare", {"pdq": "a"}, 400, "Comparison hashes for pdq was not a list"),
    ("post", "/m/compare", {"pdq": ["a"]}, 400, "Comparison hash list length must be exactly 2"),
    ("post", "/m/compare", {"pdq": ["a", "b"]}, 400, "Invalid pdq hash: "),
    ("post", "/c/bank/X/signal", {}, 400, "No signals given"),
    ("post", "/c/bank/X/signal", {"x": "1"}, 400, "No such signal type x"),
    ("post", "/c/bank/X/signal", {"pdq": "1"}, 400, "Invalid pdq signal: invalid PDQ hash"),
    ("post", "/c/bank/NO/signal", {"pdq": A}, 404, "bank 'NO' not found"),
    ("post", "/c/bank/X/content", {}, 400, "Neither `url` nor multipart file upload was received"),
    ("post", "/c/bank/X/content", {"metadata": 1}, 400, "metadata should be a json object"),
    ("post", "/c/bank/X/content", {"metadata": {"z": 1}}, 400, "Invalid metadata: "),
    ("post", "/c/bank/X/content", {"metadata": {"content_id": "\0"}}, 400, "a text must not"),
    ("post", "/c/bank/X/content", {"note": 1}, 400, "note should be a string"),
    ("get", "/c/bank/X/content/9", None, 404, "content '9' not found"),
    ("get", "/h/hash?url=http://10.0.0.1/a", None, 400, "Invalid or unsafe URL provided"),
    ("get", "/h/hash?url=x&content_type=x", None, 400, "no such content_type: 'x'"),
    ("post", "/h/hash", None, 400, "Missing multipart/form-data file upload"),
    ("get", "/c/exchanges/api/x", None, 400, "no such Exchange API 'x'"),
    ("get", "/c/exchanges/api/x/schema", None, 404, "Exchange API 'x' not found"),
    ("get", "/c/exchange/X/status", None, 404, "Exchange 'X' not found"),
    ("post", "/c/exchanges", {}, 400, "bank is required"),
    ("post", "/c/exchanges", {"bank": "a"}, 400, "Field `bank` must match /^[A-Z0-9_]+$/"),
    ("post", "/c/exchanges", {"bank": "Z"}, 400, "Field `api_type` is required"),
    ("post", "/c/exchanges", {"bank": "Z", "api": "x"}, 400, "No such exchange type 'x'"),
    ("post", "/c/exchanges", {"bank": "Z", "api": "ncmec", "api_json": 1}, 400,
     "Field `api_json` must be object"),
    ("post", "/c/exchanges", {"bank": "Z", "api": "ncmec", "api_json": "{"}, 400,
     "Failed to parse `api_json` - "),
]  # fmt: skip


def test_errors_have_the_codes_and_words_that_clients_match(hma: Hma) -> None:
    for name in ("X", "Y"):
        said(hma.post("/c/banks", {"name": name}), 201)
    for method, path, body, status, message in ERRORS:
        answer = hma.get(path) if method == "get" else hma.send(method, path, body)
        assert (path, answer.status_code) == (path, status), answer.content
        refused(answer, status, message)
    for at, body in (("2000000000000", {}), ("-1", {})):
        assert hma.put(f"/c/bank/X/content/{at}", body).status_code == 404


def test_wrong_fields_are_a_list_and_numbers_may_be_texts(hma: Hma) -> None:
    for answer in (hma.post("/c/banks", {}), hma.get("/h/hash"), hma.get("/m/raw_lookup")):
        (first, *_) = said(answer, 422)
        assert {"type", "loc", "msg", "input"} <= set(first)
    assert isinstance(said(hma.send("post", "/c/banks", "{"), 422), list)
    answer = hma.client.post(f"{hma.base}/m/compare", b"x", content_type="text/plain")
    refused(answer, 415, "Did not attempt to load JSON data because")
    assert said(hma.post("/m/compare", {"pdq": [A, NEAR]})) == {"pdq": [True, {"distance": 1}]}
    assert said(hma.post("/m/compare", {})) == {}


def test_unknown_paths_are_pages_and_a_slash_at_the_end_leads_nowhere(hma: Hma) -> None:
    for path in ("/c/banks/", "/nowhere", "/c/bank/X/content/abc"):
        answer = hma.get(path)
        assert (answer.status_code, answer["Content-Type"][:9]) == (404, "text/html")
    assert hma.delete("/c/banks").status_code == 405
    assert hma.get("//c//banks").status_code == 200


# ------------------------------------------------------------------ mend


def test_what_no_client_can_rely_on_is_mended(hma: Hma) -> None:
    for name in ("X", "Y"):
        said(hma.post("/c/banks", {"name": name}), 201)
    number = said(hma.post("/c/bank/X/signal", {"pdq": A.upper()}))["id"]  # upper case is read
    refused(hma.put(f"/c/bank/Y/content/{number}", {"note": "n"}), 404, "content")
    refused(hma.get(f"/c/bank/Y/content/{number}"), 404, "content")
    said(hma.put("/c/bank/X", {"enabled_ratio": 0}))
    asked = {"signal": A, "signal_type": "pdq", "seed": "1"}
    assert said(hma.get("/m/lookup", **asked)) == {}
    assert said(hma.get("/m/lookup", **asked, bypass_coinflip="true")) != {}  # on GET too
    assert hma.put("/c/signal_type/pdq", {"enabled_ratio": 1}).status_code == 204
    said(hma.put("/c/signal_type/pdq", {"enabled_ratio": 0.5}), 400)
    said(hma.put("/c/bank/X", {"enabled_ratio": 7}), 422)
    assert said(hma.put("/c/bank/X", {"enabled": False}))["matching_enabled_ratio"] == 0
    assert said(hma.get("/m/lookup", **asked)) == {}
    assert said(hma.put("/c/bank/X", {"enabled_ratio": 1}))["matching_enabled_ratio"] == 1
    assert said(hma.get("/m/lookup", **asked)) != {}  # on again by its ratio, as clients do it
    for body in (b'{"note": "\\ud800"}', b'{"disable_until_ts": NaN}', b"[" * 100_000):
        at = f"{hma.base}/c/bank/X/content/{number}"
        assert hma.client.put(at, body, content_type="application/json").status_code == 400
    said(hma.post("/c/bank/X/signal", [A]), 400)
    compared = said(hma.post("/m/compare", {"video_md5": [MD5, MD5]}))
    assert compared["video_md5"][0] is True
    refused(hma.file("/h/hash", "photo", b"no picture"), 400, "the file could not be read")
    refused(
        hma.post("/c/exchanges/api/ncmec", {"credential_json": {}}), 403, "credentials are kept"
    )


def test_what_fails_here_is_told_in_the_same_form_and_noted_without_the_key(
    hma: Hma, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = StringIO()
    (ours,) = [one for one in logging.root.handlers if isinstance(one.formatter, OneLine)]
    monkeypatch.setattr(ours, "stream", noted)

    def fails(**asked: Any) -> None:
        raise faults.pop(0)

    monkeypatch.setattr(curate_banks, "banks_of", fails)
    faults: list[Exception] = [OperationalError("away"), ValueError(f"/hma/{hma.key} a@b.example")]
    away = hma.get("/c/banks")
    refused(away, 503, "index not yet ready")
    assert away["Retry-After"] == "2"
    refused(hma.get("/c/banks"), 500, "The server encountered an internal error")
    assert "error=OperationalError" in noted.getvalue()
    assert "ValueError: /hma/<key> <address>" in noted.getvalue()
    assert hma.key not in noted.getvalue()
    head = hma.client.head(f"{hma.base}/status")
    assert (head.status_code, head.content) == (200, b"")


def test_a_flat_picture_is_hashed_to_nothing_and_known_by_its_bytes(hma: Hma) -> None:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (200, 200), (9, 9, 9)).save(out, "PNG")
    flat = out.getvalue()
    assert said(hma.file("/h/hash", "photo", flat)) == {"pdq": ""}
    said(hma.post("/c/banks", {"name": "X"}), 201)
    number = said(hma.file("/c/bank/X/content", "photo", flat))["id"]
    assert said(hma.file("/m/lookup", "photo", flat)) == {
        "pdq": {"X": [{"bank_content_id": number, "distance": "-"}]}
    }


# ------------------------------------------------------------------ who asks


def test_only_a_key_with_the_scope_is_let_in_by_path_or_as_a_bearer(hma: Hma) -> None:
    nobody = Client()
    assert nobody.get("/hma/c/banks").status_code == 401
    assert nobody.get("/hma/heed_wrong_key/c/banks").status_code == 401
    bearer = {"Authorization": f"Bearer {hma.key}"}
    assert nobody.get("/hma/c/banks", headers=bearer).status_code == 200
    other = Hma("coop", ["items"])
    refused(other.get("/c/banks"), 403, "missing role")


def test_no_platform_sees_another_ones_banks_and_shared_ones_are_not_changed(hma: Hma) -> None:
    from django.utils import timezone

    add_platform(slug="b", name="B", url_prefixes=["https://b.example"], now=timezone.now())
    other = Hma("b", ["banks"])
    said(hma.post("/c/banks", {"name": "X"}), 201)
    number = said(hma.post("/c/bank/X/signal", {"pdq": A}))["id"]
    assert said(other.get("/c/banks")) == []
    assert said(other.get("/m/lookup", signal=A, signal_type="pdq")) == {}
    assert other.get(f"/c/bank/X/content/{number}").status_code == 404
    said(other.post("/c/banks", {"name": "X"}), 201)  # a name of its own
    Bank.objects.filter(platform__slug="coop").update(platform=None, name="Everybody's")
    assert said(other.get("/m/lookup", signal=A, signal_type="pdq"))["EVERYBODY_S"]
    refused(
        other.post("/c/bank/EVERYBODY_S/signal", {"pdq": B}), 403, "bank 'Everybody's' is shared"
    )
    refused(other.delete("/c/bank/EVERYBODY_S"), 403, "bank")
