"""Our client for the DSA Transparency Database: batches, and whether one is there already."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx2
from django.conf import settings

from heed.rules.transparency import (
    DatabaseAway,
    DatabaseBusy,
    NotAuthorised,
    Published,
    StatementsRefused,
)

WITHIN_SECONDS = 60.0


class Client:
    """One operator's account at one of the two databases (sandbox and production)."""

    def __init__(self, url: str = "", token: str = "") -> None:
        self._http = httpx2.Client(
            base_url=(url or settings.HEED_DSA_URL).rstrip("/") + "/api/v1/",
            headers={
                "Authorization": f"Bearer {token or settings.HEED_DSA_TOKEN}",
                "Accept": "application/json",
            },
            timeout=httpx2.Timeout(WITHIN_SECONDS, connect=10.0),
            follow_redirects=False,  # 302 is an answer: "there already"
            trust_env=False,
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def publish(self, statements: Sequence[Mapping[str, Any]]) -> list[Published]:
        """All of them, or none. Raises as the port says."""
        status, told = self._ask("POST", "statements", json={"statements": list(statements)})
        if status == 201:
            rows = told.get("statements", [])
            return [
                Published(puid=str(row.get("puid", "")), ref=str(row.get("uuid", "")))
                for row in rows
            ]
        if status == 422:
            raise _refused(told.get("errors", {}))
        raise DatabaseAway(f"it answered {status}")

    def is_there(self, puid: str) -> bool:
        """302 says yes, 404 says no; anything else says nothing."""
        status, _ = self._ask("GET", f"statement/existing-puid/{quote(puid, safe='')}")
        if status in (302, 404):
            return status == 302
        raise DatabaseAway(f"it answered {status}")

    def _ask(self, method: str, path: str, **what: Any) -> tuple[int, dict[str, Any]]:
        try:
            answer = self._http.request(method, path, **what)
        except httpx2.TransportError as why:
            raise DatabaseAway(type(why).__name__) from None
        if answer.status_code == 429:
            raise DatabaseBusy("too many at once")
        if answer.status_code in (401, 403):
            raise NotAuthorised("the token is not (or no longer) good for this")
        try:
            told = answer.json() if answer.content else {}
        except ValueError:
            told = {}
        return answer.status_code, told if isinstance(told, dict) else {}


def _refused(errors: Any) -> StatementsRefused:
    """Which ones, and why: `statement_<i>.<field>`; and those that were there already."""
    wrong: dict[int, list[str]] = {}
    known: set[str] = set()
    for name, what in errors.items() if isinstance(errors, dict) else ():
        if name == "existing_puids":
            known.update(str(one) for one in what)
        elif name.startswith("statement_"):
            place = name.removeprefix("statement_").partition(".")[0]
            said = what if isinstance(what, dict) else {name: what}
            words = [f"{field}: {' '.join(map(str, why))}" for field, why in said.items()]
            wrong.setdefault(int(place), []).extend(words)
    return StatementsRefused(wrong=wrong, known=frozenset(known))
