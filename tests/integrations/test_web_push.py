"""One empty message to a device: signed so that its push service knows us, and nothing in it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from heed.instance import keys as instance_keys
from heed.instance.place import Place
from heed.integrations.web_push import keys
from heed.integrations.web_push.push import WITHIN_SECONDS, WebPush
from heed.ports import DeviceGone, NoPushKey, PushBusy, PushRefused
from tests.integrations.push_service import PushService, the_only_one


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    with the_only_one(settings) as service:
        yield service


@pytest.fixture
def push() -> Iterator[WebPush]:
    with closing(WebPush()) as push:
        yield push


def tell(address: str, *, after: timedelta = timedelta()) -> None:
    with closing(WebPush()) as push:
        push.tell(address, now=datetime.now(UTC) + after)


def test_the_message_is_empty_and_signed_by_the_key_that_browsers_are_given(
    service: PushService, push: WebPush, settings: Settings
) -> None:
    settings.HEED_PUSH_CONTACT, address = "mailto:people@heed.example", service.device()
    push.tell(address, now=datetime.now(UTC))
    push.tell(address, now=datetime.now(UTC))
    assert service.refused == []
    told = service.told[-1]
    assert told.key == push.public_key()
    assert told.claims["aud"] == service.origin
    assert told.claims["sub"] == "mailto:people@heed.example"
    assert (told.headers["ttl"], told.headers["urgency"]) == ("86400", "normal")
    assert told.headers["content-length"] == "0"
    assert "cookie" not in told.headers
    assert len(service.told) == 2
    assert len(service.waiting) == 1, "a second one takes the place of the first"


def test_a_signature_for_longer_than_a_day_or_by_another_key_would_be_refused(
    service: PushService, push: WebPush, tmp_path: Path, settings: Settings
) -> None:
    """The stand-in looks: a test of it, or the test above would mean nothing."""
    address = service.device()
    with pytest.raises(PushRefused, match="status 400"):
        tell(address, after=timedelta(days=2))
    assert service.refused == ["signed for too long"]
    assert push.public_key()
    settings.HEED_PUSH_KEY_FILE = tmp_path / "other"
    settings.HEED_PUSH_KEY_FILE.write_bytes(keys.make())
    push.public_key = WebPush().public_key  # type: ignore[method-assign]
    with pytest.raises(PushRefused):
        push.tell(address, now=datetime.now(UTC))
    assert service.refused[-1] == "signature: InvalidSignatureError"


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_named_so(service: PushService, status: int) -> None:
    address = service.device()
    service.answers_with(address, status)
    with pytest.raises(DeviceGone):
        tell(address)


def test_a_busy_push_service_says_when_to_come_again(service: PushService) -> None:
    address = service.device()
    service.answers_with(address, 429, Retry_After="120")
    service.answers_with(address, 500)
    with pytest.raises(PushBusy, match="status 429") as busy:
        tell(address)
    assert busy.value.again_in == timedelta(minutes=2)
    with pytest.raises(PushBusy, match="status 500") as broken:
        tell(address)
    assert broken.value.again_in is None


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 413])
def test_what_is_refused_is_not_followed_and_not_tried_again(
    service: PushService, status: int
) -> None:
    address, elsewhere = service.device(), service.device()
    service.answers_with(address, status, Location=elsewhere)
    with pytest.raises(PushRefused, match=f"status {status}") as refused:
        tell(address)
    assert refused.value.for_good
    assert service.asked == 1


def test_one_that_is_slow_or_away_is_tried_later(
    service: PushService, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    service.slow_seconds = 3
    with monkeypatch.context() as short, pytest.raises(PushBusy, match="timed_out"):
        short.setattr("heed.integrations.web_push.push.WITHIN_SECONDS", 0.3)
        tell(service.device())
    assert WITHIN_SECONDS == 10
    settings.HEED_PUSH_SERVICES = ["http://127.0.0.1:9"]
    with pytest.raises(PushBusy, match="connection_refused"):
        tell("http://127.0.0.1:9/x")


def test_nobody_is_told_at_a_service_that_was_taken_off_the_list(
    service: PushService, settings: Settings
) -> None:
    address = service.device()
    settings.HEED_PUSH_SERVICES = ["fcm.googleapis.com"]
    with pytest.raises(PushRefused, match="not on the list"):
        tell(address)
    assert service.asked == 0


def test_the_key_is_made_once_and_kept_private(tmp_path: Path, settings: Settings) -> None:
    place = Place(tmp_path)
    settings.HEED_PUSH_KEY_FILE = place.keys / "push.key"
    with pytest.raises(NoPushKey):
        WebPush().public_key()
    instance_keys.ensure(place)
    made = WebPush().public_key()
    instance_keys.ensure(place)
    assert WebPush().public_key() == made
    assert (place.keys / "push.key").stat().st_mode & 0o777 == 0o600
    assert len(made) == 87, "65 bytes, as browsers want them"
    (place.keys / "push.key").write_text("rubbish")
    with pytest.raises(NoPushKey):
        WebPush().public_key()
