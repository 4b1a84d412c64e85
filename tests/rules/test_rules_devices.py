"""Which addresses a device may be told at: hostile input, one spelling, known push services."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.devices import (
    LONGEST_ADDRESS,
    LONGEST_WAIT,
    NotAPushAddress,
    checked,
    origin,
    stand_ins,
    wait_asked,
)
from heed.settings import HEED_PUSH_SERVICES

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
KNOWN = (
    "https://fcm.googleapis.com/fcm/send/cT3:APA91b_x-y",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl_-x=",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2bx%3d%3d",
    "https://web.push.apple.com/QGuQyavXutnMH_-",
)
HOSTILE = (
    "", "fcm.googleapis.com/x", "http://fcm.googleapis.com/x", "HTTPS://fcm.googleapis.com/x",
    "https://fcm.googleapis.com", "https://fcm.googleapis.com/", "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:443/x", "https://fcm.googleapis.com./x",
    "https://FCM.googleapis.com/x", "https://evilfcm.googleapis.com/x",
    "https://x.fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/x",
    "https://notify.windows.com/x", "https://evilnotify.windows.com/x",
    "https://.notify.windows.com/x", "https://x@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.example/x", "https://evil.example/fcm.googleapis.com",
    "https://evil.example#@fcm.googleapis.com/x", "https://evil.example\\@fcm.googleapis.com/x",
    "https://fcm.googleapis.com\\@evil.example/x", "https://fcm.googleapis.com/x#y",
    "https://fcm.googleapis.com/x y", "https://fcm.googleapis.com/x\r\nHost: evil.example",
    "https://fcm.googleapis.com/x\n", "\thttps://fcm.googleapis.com/x",
    "https://fcm.googleapis.com/\u00e9", "https://fcm\uff0egoogleapis.com/x",
    "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://localhost/x",
    "https://0x7f000001/x", "file:///etc/passwd", "javascript:alert(1)", "ftp://fcm.googleapis.com/x",
    "//fcm.googleapis.com/x", "https:fcm.googleapis.com/x", "https:///fcm.googleapis.com/x",
    "https://fcm.googleapis.com/" + "x" * LONGEST_ADDRESS,
)  # fmt: skip


@pytest.mark.parametrize("address", KNOWN)
def test_what_browsers_give_today_is_taken(address: str) -> None:
    assert checked(address, HEED_PUSH_SERVICES) == address
    assert address.startswith(origin(address) + "/")


@pytest.mark.parametrize("address", HOSTILE)
def test_anything_else_is_refused_by_name(address: str) -> None:
    with pytest.raises(NotAPushAddress, match=r"\w+"):
        checked(address, HEED_PUSH_SERVICES)


PIECES = st.sampled_from(
    ["https://", "http://", "fcm.googleapis.com", "evil.example", ".notify.windows.com", "@", ":",
     "/", "\\", "#", "?", "%2e", "..", "443", "\n", "\t", " ", "x", "[::1]", "\u3002"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=60))
def test_whatever_is_taken_leads_to_a_known_push_service_and_nowhere_else(address: str) -> None:
    try:
        checked(address, HEED_PUSH_SERVICES)
    except NotAPushAddress:
        return
    read = urlsplit(address)
    assert read.scheme == "https" and read.port is None and "@" not in read.netloc
    host = read.hostname or ""
    assert host in HEED_PUSH_SERVICES or host.endswith(".notify.windows.com")


def test_a_stand_in_is_taken_whole_and_on_this_machine_alone() -> None:
    services = ["http://127.0.0.1:8901", "http://evil.example:80", "https://push.example:8443"]
    assert checked("http://127.0.0.1:8901/push/x", services)
    assert checked("https://push.example:8443/x", services)
    for other in ("http://127.0.0.1:8902/x", "http://127.0.0.1/x", "http://evil.example:80/x"):
        with pytest.raises(NotAPushAddress):
            checked(other, services)
    assert stand_ins(services) == ("127.0.0.1:8901",)
    assert stand_ins(HEED_PUSH_SERVICES) == ()
    with pytest.raises(NotAPushAddress):
        checked(KNOWN[0], [])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30), ("0", 0), ("Mon, 01 Jun 2026 12:02:00 GMT", 120), ("999999999", None),
        ("Mon, 01 Jun 2020 12:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_how_long_a_push_service_asks_us_to_wait(said: str, seconds: int | None) -> None:
    expected = LONGEST_WAIT if seconds is None else timedelta(seconds=seconds)
    assert wait_asked(said, now=NOON) == expected


@given(st.text(max_size=40))
def test_no_answer_makes_us_wait_for_ever_or_fall(said: str) -> None:
    asked = wait_asked(said, now=NOON)
    assert asked is None or timedelta() <= asked <= LONGEST_WAIT
