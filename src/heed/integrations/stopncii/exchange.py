"""Takes over what people gave to StopNCII.org, and takes it out again when they take it back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from heed.integrations.exchanges.base import Base
from heed.integrations.exchanges.credentials import credentials
from heed.integrations.exchanges.remote import Remote, onward, private
from heed.integrations.exchanges.signals import signal
from heed.ports import ExchangeBusy, SharedPage, SharedSignal, Word

BASE = "https://api.stopncii.org/v1"
FIRST_AT = 10  # seconds: before anything was given
PAGE = 800
_TYPES = {"ImagePDQ": "pdq", "VideoMD5": "md5"}
_OURS = {ours: theirs for theirs, ours in _TYPES.items()}
_GONE = {"withdrawn", "deleted"}
_FETCH, _SUBMIT, _FEEDBACK = "FetchHashes", "SubmitHashes", "SubmitFeedback"


class StopNcii(Base):
    """Keeps the promise of `ports.Exchange`."""

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return {
            "submit_bank": "name of a bank whose signals are given to StopNCII; none when left out",
            "base": "another address, for trying out",
            "private": "host:port of that address when it is your own",
        }

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused`."""
        credentials(name, ["subscription_key", "fetch_key"])

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """One page. A record is told whole each time; withdrawn and deleted ones hold nothing."""
        start = int(cursor.get("from", FIRST_AT))
        params = {
            "startTimestamp": start, "pageSize": PAGE, "nextPageToken": onward(cursor, now),
        }  # fmt: skip
        told = self._remote(name, said, _FETCH).get_json(f"/{_FETCH}", params)
        try:
            entries, passed = _entries(told["hashRecords"])
            more, token = bool(told["hasMoreRecords"]), told.get("nextPageToken")
            checkpoint = max(start, int(told.get("nextSetTimestamp") or start))
        except (KeyError, TypeError, ValueError):
            raise ExchangeBusy("half an answer: records are missing") from None
        if more and not token and checkpoint == start:
            raise ExchangeBusy("half an answer: there is more, and no way to it")
        further = {"from": start, "next": token, "at": now.isoformat()}
        onwards = further if more and token else {"from": checkpoint}
        return SharedPage(entries=entries, cursor=onwards, more=more, passed_over=passed)

    def tell(self, name: str, said: Mapping[str, Any], words: Sequence[Word]) -> int:
        """Blocked, or not blocked."""
        rows: list[dict[str, Any]] = [
            {
                "hashValue": word.value.hex(),
                "feedbackValue": "Blocked" if word.right else "NotBlocked",
                "tags": [],
            }
            for word in words
        ]
        body = {"count": len(rows), "hashFeedbacks": rows}
        self._remote(name, said, _FEEDBACK).send_json(f"/{_FEEDBACK}", body)
        return len(rows)

    def submit(self, name: str, said: Mapping[str, Any], signals: Sequence[SharedSignal]) -> int:
        """What people here have decided to remove."""
        rows = [
            {
                "signalType": _OURS[one.type],
                "hashValue": one.value.hex(),
                "CSPFeedbacks": [{"feedbackValue": "Blocked", "tags": []}],
            }
            for one in signals
            if one.type in _OURS
        ]
        if rows:
            body = {"count": len(rows), "hashRecords": rows}
            self._remote(name, said, _SUBMIT).send_json(f"/{_SUBMIT}", body)
        return len(rows)

    def _remote(self, name: str, said: Mapping[str, Any], what: str) -> Remote:
        """Each question has a key of its own."""
        field = {_FETCH: "fetch_key", _SUBMIT: "submit_key", _FEEDBACK: "feedback_key"}[what]
        known = credentials(name, ["subscription_key", field])
        headers = {
            "x-functions-key": known[field],
            "Ocp-Apim-Subscription-Key": known["subscription_key"],
        }
        return Remote(str(said.get("base") or BASE), headers, private(said))


def _entries(records: Sequence[Any]) -> tuple[dict[str, list[SharedSignal]], Counter[str]]:
    entries: dict[str, list[SharedSignal]] = {}
    passed: Counter[str] = Counter()
    for record in records:
        kind, value = str(record["signalType"]), str(record["hashValue"]).strip().lower()
        ref = f"{kind}:{value}"[:200]
        if str(record.get("hashStatus", "")).lower() in _GONE:
            entries[ref] = []
            continue
        found = signal(_TYPES[kind], value) if kind in _TYPES else None
        if found is None:
            passed[kind] += 1
        else:
            entries[ref] = [found]
    return entries, passed
