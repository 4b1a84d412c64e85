"""What the match index is fed with: signals, in the order of the transactions that changed them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db import ProgrammingError, connection, transaction
from numpy.typing import NDArray

from heed.hashing.index.book import NEAR, SAME, Fresh

# One row of COPY's binary form: each field has its length before it, most significant byte first.
_ROW = np.dtype(
    [("fields", ">i2"), ("l0", ">i4"), ("ref", ">i8"), ("l1", ">i4"), ("xid", ">i8"),
     ("l2", ">i4"), ("op", ">i4"), ("l3", ">i4"), ("kind", ">i4"), ("l4", ">i4"),
     ("value", "u1", 32)]
)  # fmt: skip
_HEADER_BYTES = 19
GONE_KEPT = 10_000_000  # transactions


@dataclass(frozen=True, slots=True)
class Feed:
    """A book's source. `rows` selects ref, xid, op, kind and value from a `{mark}` on."""

    name: str
    kinds: Mapping[str, str]
    rows: str
    setting: str = "0"  # an SQL expression: the number that goes with the book


class News(NamedTuple):
    """What a reading found: everything that was there when `watermark` was asked for."""

    fresh: Fresh
    watermark: int
    setting: int


_PADDED = (
    "CASE WHEN length({0}) = 32 THEN {0}"
    " ELSE substring({0} || decode(repeat('00', 32), 'hex') FROM 1 FOR 32) END"
)
_NONE = "decode(repeat('00', 32), 'hex')"

REGISTERED = Feed(
    "registered",
    {"pdq": NEAR, "vpdq": NEAR},
    f"""
    SELECT id, stamp, 0, CASE type WHEN 'pdq' THEN 0 ELSE 1 END, value
    FROM media_signal WHERE stamp >= {{mark}} AND length(value) = 32
    UNION ALL
    SELECT ref, stamp, 1, 0, {_NONE} FROM media_gonesignal
    WHERE stamp >= {{mark}} AND feed = 'registered'
    """,
)
BANKED = Feed(
    "banked",
    {"pdq": NEAR, "vpdq": NEAR, "sha256": SAME, "md5": SAME, "sha1": SAME},
    f"""
    SELECT id, stamp, CASE WHEN withdrawn_at IS NULL AND off_until IS NULL THEN 0 ELSE 1 END,
           array_position(ARRAY['pdq', 'vpdq', 'sha256', 'md5', 'sha1'], type::text) - 1,
           {_PADDED.format("value")}
    FROM media_banksignal WHERE stamp >= {{mark}}
      AND type IN ('pdq', 'vpdq', 'sha256', 'md5', 'sha1')
    UNION ALL
    SELECT ref, stamp, 1, 0, {_NONE} FROM media_gonesignal
    WHERE stamp >= {{mark}} AND feed = 'banked'
    """,
    setting="(SELECT coalesce(max(threshold_bits), 0) FROM media_bank WHERE enabled)",
)


def identity() -> str:
    """Which database this is; another after a restore from a backup or a failover."""
    here = "(SELECT oid::text FROM pg_database WHERE datname = current_database())"
    cluster = "system_identifier || ':' || timeline_id"
    try:
        with transaction.atomic():
            return str(
                _asked(
                    f"SELECT {cluster} || ':' || {here}"
                    " FROM pg_control_system(), pg_control_checkpoint()"
                )[0][0]
            )
    except ProgrammingError:  # some who host databases let nobody ask
        return str(_asked(f"SELECT {here}")[0][0])


# What this very transaction drops may still be rolled back: then it must not have gone.
_CERTAIN = """
SELECT * FROM ({rows}) n(ref, xid, op, kind, value)
WHERE op = 0 OR xid IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
"""


def _rows(feed: Feed, mark: int) -> str:
    return _CERTAIN.format(rows=feed.rows.format(mark=int(mark)))


def news(feed: Feed, mark: int, *, most: int) -> News | None:
    """What came since `mark`; None for more than `most` rows. One statement."""
    rows = _asked(
        f"""
        SELECT a.below, a.setting, r.* FROM (
            SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS below,
                   {feed.setting} AS setting
        ) a LEFT JOIN ({_rows(feed, mark)} LIMIT {most + 1})
            r(ref, xid, op, kind, value) ON true
        """
    )
    below, setting = int(rows[0][0]), int(rows[0][1])
    found = [row[2:] for row in rows if row[2] is not None]
    return None if len(found) > most else News(_fresh(found), below, setting)


def everything(feed: Feed, mark: int, *, part: int) -> Iterator[tuple[Fresh, int | None]]:
    """The same in parts of so many rows, for millions. The watermark comes with the last."""
    below = int(_asked("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")[0][0])
    before: Fresh | None = None
    for fresh in _copied(_rows(feed, mark), part):
        if before is not None:
            yield before, None
        before = fresh
    yield before if before is not None else _fresh([]), below


def forget_gone(watermark: int) -> None:
    """What went so long ago that every machine has heard of it; who has not, asks the database."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM media_gonesignal WHERE stamp < %s", [watermark - GONE_KEPT])


def _copied(rows: str, part: int) -> Iterator[Fresh]:
    """By COPY in binary: a row is some bytes in their place, and nothing is made of each."""
    typed = (
        f"SELECT ref::int8, xid::int8, op::int4, kind::int4, value FROM ({rows})"
        " n(ref, xid, op, kind, value)"
    )
    parts: list[bytes] = []
    statement = f"COPY ({typed}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        skip = _HEADER_BYTES
        for piece in copy:
            data = bytes(piece)[skip:]
            skip = 0
            if len(data) >= _ROW.itemsize:
                parts.append(data)
            if len(parts) >= part:
                yield _parsed(b"".join(parts))
                parts = []
    if parts:
        yield _parsed(b"".join(parts))


def _parsed(data: bytes) -> Fresh:
    whole = len(data) // _ROW.itemsize * _ROW.itemsize
    rows = np.frombuffer(data[:whole], _ROW)
    if (rows["fields"] != 5).any() or (rows["l4"] != 32).any():
        raise ValueError("the database sent a signal that is not 32 bytes long")
    return Fresh(
        rows["ref"].astype(np.int64), rows["xid"].astype(np.uint64), rows["op"].astype(np.uint32),
        rows["kind"].astype(np.uint32), np.ascontiguousarray(rows["value"]),
    )  # fmt: skip


def _fresh(rows: list[tuple[Any, ...]]) -> Fresh:
    columns: Any = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    ref, xid, op, kind, values = columns
    joined: NDArray[np.uint8] = np.frombuffer(b"".join(bytes(one) for one in values), np.uint8)
    return Fresh(
        np.array(ref, np.int64), np.array(xid, np.uint64), np.array(op, np.uint32),
        np.array(kind, np.uint32), joined.reshape(-1, 32),
    )  # fmt: skip


def _asked(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
