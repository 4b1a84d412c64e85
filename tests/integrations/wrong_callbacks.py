"""Small callbacks that each do one thing wrong, by the name of the fault that should be found."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_Y29udHJhY3QtdGVzdHMtb25seS1zZWNyZXQtMTIzNCE="
TOKEN = "evidence-token"
ITEM = "81"
SLOW_SECONDS = 1.5  # with the faults that are about time, once
KNOWN = ("visible", "limited", "hidden", "removed")


class Site:
    """One post, kept rightly but for `wrong`."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.visibility, self.revision = "visible", 0
        self.ever: list[str] = []
        self.lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                site.post(self)

            def do_GET(self) -> None:
                site.get(self)

            def log_message(self, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass  # a caller that hung up, on purpose

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        loop = {"poll_interval": 0.01}
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs=loop)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # ------------------------------------------------------------------ visitors

    def get(self, request: Any) -> None:
        if request.path == "/evidence":
            given = request.headers.get("Authorization", "")
            right = given == f"Bearer {TOKEN}"
            if self.wrong == "evidence-away":
                right = False
            say(request, 200 if right or self.wrong == "evidence-open" else 401)
            return
        shown = self.visibility in ("visible", "limited") or self.wrong == "still-shown"
        if self.wrong == "limited-hides" and self.visibility == "limited":
            shown = False
        say(request, 200 if shown else 403 if self.wrong == "not-neutral" else 404)

    # ------------------------------------------------------------------ Heed

    def post(self, request: Any) -> None:
        length = int(request.headers["Content-Length"])
        if self.wrong == "chokes-on-many" and length > 20_000:
            request.rfile.read(length)
            say(request, 413)
            return
        body = request.rfile.read(length)
        if len(body) < length:
            if self.wrong == "half-heard":
                self.revision += 1
            request.close_connection = True
            return
        if self.wrong == "redirects":
            say(request, 301)
        elif self.wrong == "fails":
            say(request, 500)
        elif (status := self.signed(body, request.headers)) != 200:
            say(request, status)
        else:
            say(request, *self.told(json.loads(body), request.headers["webhook-id"]))

    def signed(self, body: bytes, headers: Any) -> int:
        given = {name.lower(): value for name, value in headers.items()}
        if self.wrong == "obeys-strangers":
            return 200
        if self.wrong == "refuses-heed":
            return 401
        if self.wrong == "takes-old" and "webhook-signature" in given:
            try:
                at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
            except ValueError:
                return 401
            right = Webhook(SECRET).sign(given["webhook-id"], at, body.decode())
            return 200 if right in given["webhook-signature"].split(" ") else 401
        if self.wrong == "one-signature-only":
            given["webhook-signature"] = given.get("webhook-signature", "").split(" ")[0]
        try:
            Webhook(SECRET).verify(body, given)
        except (WebhookVerificationError, ValueError):
            return 500 if self.wrong == "breaks-on-bad-signature" else 401
        return 200

    def told(self, event: Any, id: str) -> tuple[int, Any]:
        if self.wrong == "chokes-on-more" and "of_later" in event:
            return 422, {}
        if event["type"] != "states.desired":
            return (400 if self.wrong == "chokes-on-new-events" else 200), {}
        if self.wrong == "repeat-breaks":
            if id in self.ever:
                return 409, {}
            self.ever.append(id)
        if self.wrong in ("slow", "too-slow") and not self.ever:
            self.ever.append(id)
            time.sleep(SLOW_SECONDS)
        if self.wrong == "unreadable-answer":
            return 200, None
        return 200, {"results": self.results(event["states"])}

    def results(self, states: list[Any]) -> list[Any]:
        if self.wrong == "says-nothing":
            return []
        if self.wrong == "one-stops-all" and len(states) == 2:
            return [answer(states[0], "not_found")]
        if self.wrong == "leaves-some" and len(states) > 10:
            states = [one for one in states if one["item"] == ITEM]
        return [self.one(state) for state in states]

    def one(self, state: Any) -> Any:
        if state["item"] != ITEM:
            claims = self.wrong == "claims-what-it-lacks"
            return answer(state, "applied" if claims else "not_found")
        if self.wrong == "could-not-apply":
            return answer(state, "failed")
        if self.wrong == "shows-unknown" and state["visibility"] not in KNOWN:
            return answer(state, "unsupported")
        if self.wrong == "races":
            return self.one_without_lock(state)
        with self.lock:
            newer = state["revision"] > self.revision or self.wrong == "goes-back"
            if newer and not (self.wrong == "not-restored" and state["visibility"] == "visible"):
                self.visibility, self.revision = state["visibility"], state["revision"]
            kept = self.revision
        if self.wrong == "strange-result":
            return answer({**state, "revision": kept}, "ok")
        return answer({**state, "revision": 7 if self.wrong == "strange-revision" else kept})

    def one_without_lock(self, state: Any) -> Any:
        if state["revision"] > self.revision:
            if state["visibility"] == "visible":
                self.wait_for_newer(state["revision"])
            self.visibility, self.revision = state["visibility"], state["revision"]
        return answer({**state, "revision": self.revision})

    def wait_for_newer(self, revision: int) -> None:
        """For a moment: who looked first writes last, however threads are put to work."""
        until = time.monotonic() + 0.3
        while self.revision <= revision and time.monotonic() < until:
            time.sleep(0.005)


def answer(state: Any, result: str = "applied") -> Any:
    return {"item": state["item"], "revision": state["revision"], "result": result}


def say(request: Any, status: int, said: Any = None) -> None:
    body = b"fine" if said is None else json.dumps(said).encode()
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


Serve = Callable[[str], Site]
