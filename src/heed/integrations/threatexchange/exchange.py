"""Takes a privacy group's signals over, and out again when they are to be deleted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from heed.integrations.exchanges.base import Base
from heed.integrations.exchanges.credentials import credentials
from heed.integrations.exchanges.remote import Remote, onward, private
from heed.integrations.exchanges.signals import signal
from heed.ports import ExchangeBusy, ExchangeRefused, SharedPage, SharedSignal

BASE = "https://graph.facebook.com/v21.0"
PAGE = 500
FIELDS = "id,indicator,type,last_updated,should_delete,status,tags"
_TYPES = {"HASH_PDQ": "pdq", "HASH_MD5": "md5", "HASH_VIDEO_MD5": "md5", "HASH_SHA256": "sha256",
          "HASH_SHA1": "sha1"}  # fmt: skip


class ThreatExchange(Base):
    """Keeps the promise of `ports.Exchange`."""

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return {
            "privacy_group": "number of the privacy group (required)",
            "base": "another address, for trying out",
            "private": "host:port of that address when it is your own",
        }

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused`, for credentials first."""
        credentials(name, ["access_token"])
        if not str(said.get("privacy_group", "")).isdigit():
            raise ExchangeRefused("privacy_group: its number")

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """One page of updates. The next one's address holds the token: only its rest is kept."""
        token = credentials(name, ["access_token"])["access_token"]
        asked: dict[str, Any] = {"limit": PAGE, "fields": FIELDS, "start_time": cursor.get("from")}
        asked |= onward(cursor, now) or {}
        remote = Remote(str(said.get("base") or BASE), {}, private(said))
        where = f"/{said['privacy_group']}/threat_updates/"
        told = remote.get_json(where, {**asked, "access_token": token})
        if not isinstance(told, dict) or not isinstance(told.get("data"), list):
            raise ExchangeBusy("half an answer: data is missing")
        entries, passed, newest = _entries(told["data"], int(cursor.get("newest") or 0))
        rest = _without_token(str((told.get("paging") or {}).get("next") or ""))
        if rest:
            further = {
                "from": cursor.get("from"), "next": rest, "newest": newest, "at": now.isoformat(),
            }  # fmt: skip
            return SharedPage(entries=entries, cursor=further, more=True, passed_over=passed)
        done = {"from": max(newest, int(cursor.get("from") or 0)) or None}
        return SharedPage(entries=entries, cursor=done, more=False, passed_over=passed)


def _without_token(url: str) -> dict[str, str]:
    pairs = dict(parse_qsl(urlsplit(url).query))
    pairs.pop("access_token", None)
    return pairs


def _entries(
    rows: Sequence[Any], newest: int
) -> tuple[dict[str, list[SharedSignal]], Counter[str], int]:
    entries: dict[str, list[SharedSignal]] = {}
    passed: Counter[str] = Counter()
    for row in rows:
        try:
            ref, kind = str(row["id"]), str(row["type"])
            newest = max(newest, int(row.get("last_updated") or 0))
            gone = row.get("should_delete") or row.get("status") == "NON_MALICIOUS"
            text = "" if gone else str(row["indicator"])
        except (KeyError, TypeError, ValueError):
            raise ExchangeBusy("half an answer: an update is not whole") from None
        found = signal(_TYPES[kind], text) if kind in _TYPES and text else None
        if found is None and not gone:
            passed[kind] += 1
        entries[ref] = [] if found is None else [found]
    return entries, passed, newest
