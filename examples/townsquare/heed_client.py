"""The integration: tell Heed what is published, ask before publishing, hear what to do.

Copy this file. It needs `httpx2` and `standardwebhooks`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from httpx2 import AsyncClient, HTTPError
from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, Any]


class HeedUnreachable(Exception):
    """Heed did not confirm. Keep what you were telling it, hold what you were asking about."""


class NotFromHeed(Exception):
    """The callback is not signed with our secret. Refuse it; change nothing."""


class Heed:
    """One platform's line to its Heed."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._http = AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {key}"},
            timeout=20,
            trust_env=False,
            verify=url.startswith(
                "https:"
            ),  # plain http is for one machine: no certificates to load
        )
        self._hook = Webhook(secret)

    async def register(self, items: Iterable[Json]) -> list[Json]:
        """Tell of up to 5,000 items at once, new or changed. One result per item, in order.

        May be repeated. Each result carries the visibility that the item should have.
        """
        lines = "\n".join(map(json.dumps, items)).encode()
        ndjson = {"Content-Type": "application/x-ndjson"}
        answer = await self._call("POST", "items", content=lines, headers=ndjson)
        return list(answer["results"])

    async def deleted(self, ref: str, at: str) -> None:
        """Tell that the author deleted an item."""
        await self._call("PATCH", f"items/{ref}", json={"deleted_at": at})

    async def check_upload(self, data: bytes, *, account_ref: str, upload_ref: str) -> str:
        """Ask before publishing a file: `allow`, `hold` or `block`."""
        answer = await self._call(
            "POST",
            "uploads/check",
            content=data,
            params={"account_ref": account_ref, "upload_ref": upload_ref},
            headers={"Content-Type": "application/octet-stream"},
        )
        return str(answer["verdict"])

    async def states(self) -> list[Json]:
        """Every item that should not be visible: what to catch up on after an outage of ours."""
        states: list[Json] = []
        after: Any = ""
        while after is not None:
            answer = await self._call("GET", "states", params={"after": after} if after else {})
            states += answer["states"]
            after = answer.get("next") or None
        return states

    async def report_results(self, results: list[Json]) -> None:
        """Say later what a callback asked, for a site that answered it with 202."""
        await self._call("POST", "states/results", json={"results": results})

    def opened(self, body: bytes, headers: Mapping[str, str]) -> Json:
        """A callback's content, once its signature holds. Raises `NotFromHeed`."""
        try:
            event: Json = self._hook.verify(body, dict(headers))
        except (WebhookVerificationError, ValueError) as error:
            raise NotFromHeed from error
        return event

    async def _call(self, method: str, path: str, **options: Any) -> Json:
        try:
            answer = await self._http.request(method, path, **options)
            answer.raise_for_status()
            body: Json = answer.json()
        except (HTTPError, ValueError) as error:
            raise HeedUnreachable(f"{method} {path}: {error!r}") from error
        return body
