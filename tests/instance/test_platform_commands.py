"""`heed platform`: a site is told where it is listened to and asked, by what an operator types."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner, Result

from heed import cli
from heed.instance import boot
from heed.instance.trouble import Trouble
from heed.media.keys import caller_with
from heed.media.models import Platform
from tests.flows.stage import entries

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
        ("town", "--at-once"): "--at-once goes with --new-secret",
    }.items():
        refused = heed("platform", "set", *words).exception
        assert isinstance(refused, Trouble) and why in str(refused)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "Town!", "--url", "https://u.example/"), "small letters"),
        (("add", "other", "--url", "ht!tp"), "--url 'ht!tp': write it as https://"),
        (("add", "other", "--url", "https://t.example"), "'town' has that address already"),
        (("set", "town", "--callback-url", "town.example"), "write it as https://"),
        (("set", "town", "--evidence-url", "https://t.example/e"), "/evidence/{ref}/{n}"),
        (("set", "town", "--evidence-url", "https://t.example/{ref}/{n}/{x}"), "{ref}/{n}"),
        (("set", "town", "--private-address", "10.0.0.7"), "write it as 127.0.0.1:8000"),
    ],
)
def test_what_could_never_work_is_refused_and_changes_nothing(
    words: tuple[str, ...], why: str
) -> None:
    heed(*ADD)
    before = list(Platform.objects.values())
    refused = heed("platform", *words).exception
    assert isinstance(refused, Trouble) and why in str(refused)
    assert list(Platform.objects.values()) == before


def test_a_mistake_in_the_sites_address_can_be_put_right() -> None:
    heed(*ADD)
    heed("platform", "set", "town", "--url", "town.example", "--name", "Town")
    platform = Platform.objects.get()
    assert (platform.name, platform.url_prefixes) == ("Town", ["https://town.example/"])
    heed("platform", "add", "other", "--url", "https://t.example/")
    refused = heed("platform", "set", "town", "--url", "https://t.example").exception
    assert "'other' has that address" in str(refused)
    listed = heed("platform", "list").stdout
    assert "town: Town, https://town.example/" in listed and "other" in listed


def test_a_callback_with_a_question_mark_is_kept_and_none_takes_it_back() -> None:
    heed(*ADD)
    heed("platform", "set", "town", "--callback-url", "https://t.example/i.php?route=heed")
    assert Platform.objects.get().callback_url == "https://t.example/i.php?route=heed"
    heed("platform", "set", "town", "--callback-url", "none")
    assert Platform.objects.get().callback_url == ""


def test_a_lost_key_is_withdrawn_from_the_command_line_alone() -> None:
    heed(*ADD)
    key = json.loads(heed("key", "add", "town", "--json").stdout)["key"]
    other = json.loads(heed("key", "add", "town", "--days", "7", "--json").stdout)["key"]
    assert caller_with(key, now=timezone.now()) is not None
    rows = json.loads(heed("key", "list", "town", "--json").stdout)
    assert {row["prefix"] for row in rows} == {key.split("_")[1], other.split("_")[1]}
    assert "nothing with it gets in" in heed("key", "withdraw", key.split("_")[1]).stdout
    assert caller_with(key, now=timezone.now()) is None
    assert "before" in heed("key", "withdraw", key).stdout
    assert entries("key.withdrawn") == 1
    assert caller_with(other, now=timezone.now()) is not None
    assert caller_with(other, now=timezone.now() + timedelta(days=8)) is None
    listed = heed("key", "list", "town").stdout
    assert "ended" in listed and "until" in listed and key not in listed


def test_a_key_that_there_is_not_is_not_called_withdrawn() -> None:
    for words in (("withdraw", "abcdefgh"), ("withdraw", "heed_"), ("list", "nowhere")):
        refused = heed("key", *words).exception
        assert isinstance(refused, Trouble) and "there is no" in str(refused)
