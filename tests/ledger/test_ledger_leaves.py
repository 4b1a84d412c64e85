"""What a leaf tells, and what it keeps to itself."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.ledger import events, leaves
from heed.ledger.leaves import NotCanonical

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SALT = bytes(32)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=9)
BODIES = st.dictionaries(st.text(max_size=5), SCALARS | st.lists(SCALARS, max_size=3), max_size=4)


def committed(body: object, **other: object) -> bytes:
    told = {"event": "case.opened", "subject": "1", "at": AT, "salt": SALT, **other}
    return leaves.commitment(body=body, **told)  # type: ignore[arg-type]


@given(BODIES)
def test_every_leaf_has_one_size_whatever_it_is_about(body: dict[str, object]) -> None:
    assert len(leaves.encode_leaf(5, committed(body))) == leaves.LEAF_BYTES


def test_a_leaf_gives_back_its_code_and_its_commitment() -> None:
    hashed = committed({})
    assert leaves.decode_leaf(leaves.encode_leaf(38, hashed)) == (38, hashed)


@pytest.mark.parametrize(
    "other",
    [
        {"event": "case.split"},
        {"subject": "2"},
        {"at": AT + timedelta(microseconds=1)},
        {"salt": bytes(31) + b"\x01"},
    ],
)
def test_a_commitment_is_to_all_of_it(other: dict[str, object]) -> None:
    assert committed({}, **other) != committed({})


def test_one_moment_is_one_moment_in_every_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert committed({"when": elsewhere}, at=elsewhere) == committed({"when": AT})


def test_ids_and_times_stand_in_a_body_as_text() -> None:
    one = UUID(int=1)
    assert leaves.plain({"id": one, "at": AT, "all": (one,)}) == {
        "id": str(one),
        "at": "2026-03-01T12:00:00.000000Z",
        "all": [str(one)],
    }


@pytest.mark.parametrize(
    "body", [{"n": 2**53}, {"x": float("nan")}, {"half": "\ud800"}, {"b": b"x"}, {"s": {1}}]
)
def test_what_has_no_one_spelling_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(NotCanonical):
        committed(body)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(NotCanonical):
        committed({}, at=AT.replace(tzinfo=None))


def test_every_event_has_a_code_and_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({event.code for event in events.EVENTS}) == len(events.EVENTS)
    assert len({event.name for event in events.EVENTS}) == len(events.EVENTS)
    assert all(event.name.count(".") == 1 and event.says.endswith(".") for event in events.EVENTS)
