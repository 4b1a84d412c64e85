"""A stand-in for Heed that really listens and really remembers, for Townsquare's own tests."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

Json = dict[str, Any]
SECRET = "whsec_dG93bnNxdWFyZS10ZXN0cy1vbmx5LXNlY3JldCE="
KEY = "heed_test_0123456789"


class StandInHeed:
    """Takes registrations, judges uploads as told, and sends signed callbacks."""

    def __init__(self) -> None:
        self.items: dict[str, Json] = {}
        self.orders: list[str] = []  # refs in the order of first registration
        self.deletions: dict[str, str] = {}
        self.verdicts: dict[str, str] = {}  # by SHA-256
        self.uploads: dict[str, str] = {}  # upload ref to SHA-256
        self.born: dict[str, tuple[str, int]] = {}  # what children of a ref are registered as
        self.late_results: list[Json] = []
        self.missed_states: list[Json] = []
        self._server = HTTPServer(port=0, threaded=True)
        self._routes()
        self._server.start()
        self.port = self._server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Really stop listening."""
        if self._server.is_running():
            self._server.stop()

    def start_again(self) -> None:
        """Listen on the same port as before."""
        self._server = HTTPServer(port=self.port, threaded=True)
        self._routes()
        self._server.start()

    def _routes(self) -> None:
        def route(path: Any, method: str, handler: Callable[[Request], Response]) -> None:
            def guarded(request: Request) -> Response:
                if request.headers.get("Authorization") != f"Bearer {KEY}":
                    return Response("{}", 401)
                return handler(request)

            self._server.expect_request(path, method=method).respond_with_handler(guarded)

        route("/api/v1/items", "POST", self._register)
        route("/api/v1/uploads/check", "POST", self._check)
        route(
            "/api/v1/states", "GET", lambda _: _json({"states": self.missed_states, "next": None})
        )
        route("/api/v1/states/results", "POST", self._results)
        route(re.compile(r"/api/v1/items/\w+"), "PATCH", self._patch)

    def _register(self, request: Request) -> Response:
        results = []
        for n, line in enumerate(request.get_data().splitlines(), 1):
            item = json.loads(line)
            known = item["ref"] in self.items
            if not known:
                self.orders.append(item["ref"])
            self.items[item["ref"]] = item
            visibility, revision = self.born.get(item["reshare_of"], ("visible", 0))
            status = "known" if known else "registered"
            wish = {"visibility": visibility, "revision": revision}
            line = {"line": n, "ref": item["ref"], "errors": []}
            results.append({**line, "status": status, **wish})
        return _json({"registered": 0, "known": 0, "changed": 0, "refused": 0, "results": results})

    def _check(self, request: Request) -> Response:
        sha256 = hashlib.sha256(request.get_data()).hexdigest()
        self.uploads[request.args["upload_ref"]] = sha256
        verdict = self.verdicts.get(sha256, "allow")
        said = {"verdict": verdict, "reason": "none", "bank": None, "case": None}
        return _json({**said, "sha256": sha256, "upload_ref": request.args["upload_ref"]})

    def _states(self, request: Request) -> Response:
        return _json({"states": self.missed_states, "next": None})

    def _patch(self, request: Request) -> Response:
        ref = request.path.rpartition("/")[2]
        self.deletions[ref] = request.get_json()["deleted_at"]
        return _json({"ref": ref, "status": "changed", "visibility": "visible", "revision": 0})

    def _results(self, request: Request) -> Response:
        results = request.get_json()["results"]
        self.late_results += results
        return _json({"taken": len(results)})


def _json(body: Json) -> Response:
    return Response(json.dumps(body), content_type="application/json")


def signed(event: Json, *, secret: str = SECRET, message_id: str = "msg_1") -> tuple[bytes, Json]:
    """The body and headers of a callback."""
    body, now = json.dumps(event), datetime.now(UTC)
    return body.encode(), {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }


def wish(ref: str, visibility: str, revision: int) -> Json:
    """One desired state."""
    return {"item": ref, "visibility": visibility, "revision": revision, "reason": "child-safety"}


def send(http: httpx2.Client, event: Json, **how: str) -> httpx2.Response:
    """Call Townsquare back as Heed does."""
    body, headers = signed(event, **how)
    return http.post("/heed/callback", content=body, headers=headers)
