"""Whoever sends far more than any form holds: nobody reads it, and no disk takes it."""

from typing import Any

import pytest
from django.core.files import uploadedfile
from django.test import Client

from heed.flows import answer_lookups
from heed.flows.manage_platforms import add_key, add_platform
from tests.flows.stage import NOON

pytestmark = pytest.mark.django_db

HEAD = (
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
TAIL = b"\r\n--edge--\r\n"
FAR_TOO_LONG = 40 << 20  # more than the longest form takes: a list of signals, of 32 MB


def post(path: str, size: int) -> Any:
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies["csrftoken"] = "x" * 32
    kind = "multipart/form-data; boundary=edge"
    return stranger.generic("POST", path, HEAD + bytes(size) + TAIL, content_type=kind)


@pytest.fixture
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise AssertionError("a stranger's file was written to the disk")

    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", full)


@pytest.mark.parametrize(
    "path",
    ["/find", "/notice", "/n/H-0000-0000/message", "/officer/sign-in", "/console/sign-in/login/",
     "/console/banks/new", "/partner/018f0000-0000-7000-8000-000000000000/list"],
)  # fmt: skip
def test_what_no_form_holds_is_refused_before_it_is_read(path: str, no_disk: None) -> None:
    answer = post(path, FAR_TOO_LONG)
    assert answer.status_code == 413


def test_a_list_of_signals_is_longer_than_any_other_form() -> None:
    """The largest that its page takes still comes as far as the check of forms."""
    bank = "/console/banks/018f0000-0000-7000-8000-000000000000"
    assert post(f"{bank}/import", 32 << 20).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/uploads/check", 401),
        ("/api/v1/openapi.json", 200),  # whatever was sent with the question
        ("/api/v1/nothing", 404),
        ("/hma/h/hash", 401),
        ("/connect/square/hook", 413),
        ("/connect/square/gate", 405),
    ],
)
def test_what_programs_send_is_not_read_before_they_are_known(
    path: str, status: int, no_disk: None
) -> None:
    assert post(path, FAR_TOO_LONG).status_code == status


def test_a_file_that_is_looked_at_lies_in_no_temporary_directory(
    no_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_platform(slug="square", name="Square", url_prefixes=["https://square.example/"], now=NOON)
    key = add_key(platform_slug="square", name="hma", scopes=["banks"], now=NOON)
    said = post(f"/hma/{key}/h/hash", 5 << 20)
    assert said.status_code == 400 and b"no such content_type" in said.content
    monkeypatch.setattr(answer_lookups, "MOST_BYTES", 1 << 20)
    assert post(f"/hma/{key}/h/hash", 5 << 20).status_code == 413
