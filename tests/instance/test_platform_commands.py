"""`heed platform`: a site is told where it is listened to and asked, by what an operator types."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner, Result

from heed import cli
from heed.instance import boot
from heed.instance.trouble import Trouble
from heed.media.models import Platform

ADD = ("platform", "add", "town", "--url", "https://t.example/", "--json")
FILES = ("--evidence-url", "https://t.example/e/{ref}/{n}")


@pytest.fixture(autouse=True)
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own database is the instance's."""

    @contextmanager
    def booted(*_: object, **__: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(boot, "booted", booted)


def heed(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def test_an_address_of_hidden_files_never_stands_without_a_token() -> None:
    said = heed(*ADD, *FILES).stdout
    platform = Platform.objects.get()
    assert len(platform.evidence_token) > 30 and platform.evidence_token in said


def test_a_token_that_was_given_is_kept_and_not_said_again() -> None:
    said = heed(*ADD, *FILES, "--evidence-token", "ours").stdout
    assert Platform.objects.get().evidence_token == "ours" and "evidence_token" not in said


def test_without_such_an_address_there_is_no_token_until_there_is_one() -> None:
    assert "evidence_token" not in heed(*ADD).stdout
    assert Platform.objects.get().evidence_token == ""
    said = heed("platform", "set", "town", *FILES, "--json").stdout
    platform = Platform.objects.get()
    assert platform.evidence_token and platform.evidence_token in said
    assert platform.evidence_url == FILES[1]


def test_to_set_nothing_says_what_could_be_set() -> None:
    heed(*ADD)
    for words, why in {
        ("town",): "say what changes, such as --callback-url",
        ("nowhere", "--new-secret"): "there is no platform 'nowhere'",
    }.items():
        refused = heed("platform", "set", *words).exception
        assert isinstance(refused, Trouble) and why in str(refused)
