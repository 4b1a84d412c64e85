"""What the processes say: who runs Heed can find out what failed, and nobody is named by it."""

import logging
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from heed.instance.logs import OneLine

CASE = UUID(int=7)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What our own handler writes: there is one, for everything."""
    (ours,) = [one for one in logging.root.handlers if isinstance(one.formatter, OneLine)]
    stream = StringIO()
    monkeypatch.setattr(ours, "stream", stream)
    return stream


def test_a_line_has_its_time_and_the_ids_that_it_is_about(said: StringIO) -> None:
    logging.getLogger("heed.flows").warning(
        "not\nkept", extra={"case": CASE, "why": "x" * 900, "rows": [1]}
    )
    (line,) = said.getvalue().splitlines()
    assert line[4::3][:2] == "--" and line[19:20] == "Z"
    assert f"WARNING heed.flows: not kept case={CASE} why=xxx" in line
    assert len(line) < 400 and "rows" not in line


def test_no_line_names_anybody_or_lets_anybody_in(said: StringIO) -> None:
    log = logging.getLogger("heed.flows")
    try:
        raise ValueError("Key (email)=(dana@example.org) exists")
    except ValueError:
        log.exception("at postgresql://heed_app:secret@db/heed, key heed_abcd2345_x-Y_z/c")
    text = said.getvalue()
    assert "Traceback" in text and "<address>" in text and "<key>" in text
    assert not any(word in text for word in ("dana", "example.org", "secret", "x-Y_z"))


def test_a_page_that_failed_is_told_by_its_pattern_with_the_way_there(
    said: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("heed.web.notifier.links.sites", fails)
    answer = Client(raise_request_exception=False).get("/notice?url=https://secret.example/a")
    assert answer.status_code == 500
    assert "ERROR django.request: a page failed status_code=500 page=GET /notice" in said.getvalue()
    assert "RuntimeError: a fault of ours" in said.getvalue()
    assert "secret.example" not in said.getvalue()
    Client().get("/nowhere/at/all", headers={"host": "127.0.0.1"})
    assert "nowhere" not in said.getvalue()
