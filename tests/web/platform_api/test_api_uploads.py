import gzip
import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from heed.media.models import File, Upload
from heed.web.platform_api import uploads
from tests.web.platform_api.engineer import SITE, Api, wrong_fields

DATA = b"not a picture, and that is fine"
SHA = hashlib.sha256(DATA).hexdigest()


def claim(api: Api) -> None:
    """Somebody gives notice of an item that carries the file."""
    api.post("uploads/check", DATA, content_type="application/octet-stream")
    api.post("items", {"ref": "1", "url": f"{SITE}p/1", "files": [{"sha256": SHA}]})
    said = {"category": "minor_sexual", "url": f"{SITE}p/1"}
    assert api.post("notices", said).status_code == 201


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/jpeg", "text/plain"])
def test_a_file_is_checked_by_its_bytes_whatever_they_are_called(api: Api, kind: str) -> None:
    answer = api.post("uploads/check?account_ref=uri&upload_ref=u-1", DATA, content_type=kind)
    assert answer.json() == {
        "verdict": "allow",
        "reason": "nothing-found",
        "sha256": SHA,
        "upload_ref": "u-1",
        "bank": None,
        "case": None,
    }


def test_a_file_is_checked_as_a_part_of_a_form(api: Api) -> None:
    file = SimpleUploadedFile("a.jpg", DATA)
    headers = {"Authorization": f"Bearer {api.key}"}
    answer = api.client.post("/api/v1/uploads/check", {"file": file}, headers=headers)
    assert answer.json()["sha256"] == SHA
    none = api.client.post("/api/v1/uploads/check", {"name": "x"}, headers=headers)
    assert "part of this name" in wrong_fields(none)["file"]


def test_a_packed_file_is_refused_and_never_let_in_as_other_bytes(api: Api) -> None:
    claim(api)
    packed = {"content_type": "image/png", "headers": {"Content-Encoding": "gzip"}}
    answer = api.post("uploads/check", gzip.compress(DATA), **packed)
    assert answer.status_code == 415
    assert "as it is" in wrong_fields(answer)["Content-Encoding"]
    form = {"Authorization": f"Bearer {api.key}", "Content-Encoding": "gzip"}
    file = SimpleUploadedFile("a.jpg", DATA)
    answer = api.client.post("/api/v1/uploads/check", {"file": file}, headers=form)
    assert answer.status_code == 415
    plain = {"content_type": "image/png", "headers": {"Content-Encoding": "identity"}}
    assert api.post("uploads/check", DATA, **plain).json()["verdict"] == "hold"


def test_a_file_is_checked_by_signals_alone(api: Api) -> None:
    signals = {"sha256": SHA.upper(), "md5": "00" * 16, "pdq": "0f" * 32, "pdq_quality": 90}
    answer = api.post("uploads/check", {"signals": signals})
    assert answer.json()["verdict"] == "allow"
    assert not File.objects.exists(), "what meets nothing is told again when it is registered"


def test_what_is_claimed_is_held_and_the_same_attempt_is_one(api: Api) -> None:
    claim(api)
    path = "uploads/check?account_ref=zed&upload_ref=again"
    first = api.post(path, DATA, content_type="image/png").json()
    again = api.post(path, DATA, content_type="image/png").json()
    assert (first["verdict"], first["reason"]) == ("hold", "same-as-claimed")
    assert first["bank"] is None  # a case's own bank is named by its case
    assert first == again and first["case"].startswith("C-")
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "remedy"),
    [
        ({}, "body", "signals, or by url"),
        ({"signals": {"md5": "00" * 16}}, "signals.sha256", "required"),
        ({"signals": {"sha256": "12"}}, "signals.sha256", "64 hexadecimal"),
        ({"signals": {"sha256": SHA, "pdq": "0f" * 32}}, "signals", "pdq_quality"),
        ({"signals": {"sha256": SHA, "pdq_quality": 101}}, "signals.pdq_quality", "100 or less"),
    ],
)
def test_bad_signals_are_named(api: Api, body: Any, field: str, remedy: str) -> None:
    answer = api.post("uploads/check", body)
    assert answer.status_code == 422
    assert remedy in wrong_fields(answer)[field]


def test_the_addresses_of_a_batch_share_one_time_and_none_is_let_in_for_want_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FETCHED_WITHIN_SECONDS", 0.0)
    body = {"uploads": [{"url": f"{SITE}f/{n}", "upload_ref": str(n)} for n in range(3)]}
    results = api.post("uploads/check", body).json()["results"]
    said = [(one["upload_ref"], one["verdict"], one["reason"]) for one in results]
    assert said == [(str(n), "hold", "could-not-be-checked") for n in range(3)]


def test_an_empty_file_and_a_bad_ref_are_refused(api: Api) -> None:
    empty = api.post("uploads/check", b"", content_type="image/png")
    assert "bytes of the file" in wrong_fields(empty)["body"]
    long = api.post(f"uploads/check?upload_ref={'x' * 201}", DATA, content_type="image/png")
    assert "at most 200" in wrong_fields(long)["upload_ref"]
    nul = api.post("uploads/check?account_ref=%00", DATA, content_type="image/png")
    assert "NUL" in wrong_fields(nul)["account_ref"]


def test_a_file_that_is_too_large_is_refused_with_the_limit_and_a_way(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_FILE_BYTES", 1 << 20)
    monkeypatch.setattr(uploads, "_FORM_BYTES", 1 << 20)
    data = b"x" * ((1 << 20) + 1)
    raw = api.post("uploads/check", data, content_type="video/mp4")
    headers = {"Authorization": f"Bearer {api.key}"}
    form = {"file": SimpleUploadedFile("a", data)}
    part = api.client.post("/api/v1/uploads/check", form, headers=headers)
    for answer in (raw, part):
        assert answer.status_code == 413
        assert "at most 1 MB" in wrong_fields(answer)["body"]
        assert "by its signals" in wrong_fields(answer)["body"]


def test_a_broken_form_is_a_400(api: Api) -> None:
    kind = "multipart/form-data; boundary="
    assert api.post("uploads/check", b"garbage", content_type=kind).status_code == 400
