"""A platform's engineer, who calls the API."""

from typing import Any

from django.test import Client
from django.utils import timezone

from heed.flows.manage_platforms import add_key, add_platform
from heed.media.models import Platform

SITE = "https://square.example/"
SCOPES = ["items", "uploads", "notices", "states", "cases"]


def add(slug: str, site: str) -> Platform:
    """A platform at this address."""
    added = add_platform(slug=slug, name=slug, url_prefixes=[site], now=timezone.now())
    return Platform.objects.get(id=added.platform_id)


class Api:
    """A platform's engineer, with a key."""

    def __init__(self, slug: str, scopes: list[str] = SCOPES) -> None:
        self.key = add_key(platform_slug=slug, name="test", scopes=scopes, now=timezone.now())
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """One request; `body` is JSON unless `content_type` says otherwise."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        kind = options.pop("content_type", "application/json")
        given = {} if body is None else {"data": body, "content_type": kind}
        return getattr(self.client, method)(f"/api/v1/{path}", headers=headers, **given, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.call("get", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Any:
        return self.call("post", path, body, **options)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("patch", path, body)

    def batch(self, *lines: str | bytes) -> Any:
        """A batch of items as NDJSON."""
        whole = b"\n".join(one.encode() if isinstance(one, str) else one for one in lines)
        return self.post("items", whole, content_type="application/x-ndjson")


def wrong_fields(answer: Any) -> dict[str, str]:
    """The fields that a problem names, with their remedies; checks its form on the way."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == answer.status_code
    return {one["field"]: one["remedy"] for one in problem["errors"]}
