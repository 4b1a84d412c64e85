"""Misbehaviour on demand, and the facts from inside: for tests and the demo only (`--pretend`)."""

import asyncio
import contextlib
import random
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from heed_client import HeedError, NotAnEvent, NotFromHeed
from heed_client.shapes import Event, ItemResult, State

from . import obey as honest
from .app import Door, Refused, Site, build
from .store import Json, NotReshareable, Store, answer_for

MODES = ("well", "slow", "down", "half", "lying", "late")
LATER_TRIES = 20
# Counted by the database: whoever waits asks again and again, while the site has to work.
_TALLY = "SELECT status, visibility, count(*) AS items FROM items GROUP BY status, visibility"
_SUMS = """
SELECT coalesce(sum(views), 0),
       coalesce(sum(told_views IS NULL AND status IN ('published', 'deleted')), 0) FROM items
"""


class Mischief:
    """Stands before the site and, when told so, makes it a bad platform."""

    def __init__(self, site: Site) -> None:
        self.site, self.mode, self.seconds, self.only = site, "well", 0.0, ""
        self._later: set[asyncio.Task[None]] = set()
        self._back_to_well: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()  # the mischief that goes on just now
        site.courier.obey = self.obey
        doors: list[tuple[str, str, Door]] = [
            ("POST", "/pretend", self.set_mode),
            ("GET", "/pretend/facts", self.facts),
            ("POST", "/pretend/seed", self.seed),
        ]
        self._real = build(site, doors)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The site behind its mischief; `/pretend` itself always answers."""
        path = scope.get("path", "")
        if not path.startswith("/pretend") and path.startswith(self.only or "/"):
            if self.mode == "down":
                await Response("Down for now.", 503)(scope, receive, send)
                return
            if self.mode == "slow":
                await self._dawdle()
            if self.mode == "late" and path == "/heed/callback":
                await self._answer_late(scope, receive, send)
                return
        await self._real(scope, receive, send)

    def obey(self, store: Store, states: Iterable[State]) -> list[ItemResult]:
        """Honest, half-deaf, away, or saying `applied` of what was never done."""
        states = list(states)
        if self.mode == "down":  # what it asks of Heed by itself finds it no better
            return []
        if self.mode == "half":
            states = states[: (len(states) + 1) // 2]
        if self.mode == "lying":
            return [
                {"item": s["item"], "revision": s["revision"], "result": "applied"} for s in states
            ]
        return honest.obey(store, states)

    async def set_mode(self, request: Request, site: Site) -> Response:
        """`{"mode": ..., "seconds": ..., "only": path prefix}`.

        The seconds are the delay of slow and late, which any other mode ends, and for the others
        how long it lasts; `only` is for slow and down.
        """
        body = await request.json()
        if body.get("mode") not in MODES:
            return JSONResponse({"title": f"mode is one of {', '.join(MODES)}"}, 422)
        if self._back_to_well:
            self._back_to_well.cancel()
        self._over.set()
        self._over = asyncio.Event()
        self.mode, self.seconds = body["mode"], float(body.get("seconds", 2))
        self.only = str(body.get("only", ""))
        if "seconds" in body and self.mode in ("down", "half", "lying"):
            loop = asyncio.get_running_loop()
            self._back_to_well = loop.call_later(self.seconds, setattr, self, "mode", "well")
        return JSONResponse({"mode": self.mode})

    async def _dawdle(self) -> None:
        """So many seconds, or until it is told to be otherwise."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), self.seconds)

    async def _answer_late(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        event: Event = {}
        with contextlib.suppress(NotFromHeed, NotAnEvent):
            event = self.site.callbacks.opened(body, request.headers)
        if event.get("type") != "states.desired":
            return await self._real(scope, again, send)
        await Response(status_code=202)(scope, again, send)
        task = asyncio.create_task(self._results_later(event["states"]))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _results_later(self, states: list[State]) -> None:
        await self._dawdle()
        results = honest.obey(self.site.store, states)
        for _ in range(LATER_TRIES):
            try:
                await self.site.courier.heed.report_results(results)
                return
            except HeedError:
                await asyncio.sleep(1)

    async def seed(self, request: Request, site: Site) -> Response:
        """`{"of": id, "reshares": n, "depth": k, "views": m}`: a tree, each made as by a click."""
        body = await request.json()
        count, depth = int(body.get("reshares", 0)), max(1, int(body.get("depth", 1)))
        dice = random.Random(body["of"])
        levels: list[list[str]] = [[body["of"]], *([] for _ in range(depth))]
        try:
            for i in range(count):
                level = i * depth // count
                account = f"neighbour-{dice.randrange(max(1, count)):05}"
                levels[level + 1].append(site.reshare(account, dice.choice(levels[level])))
                await asyncio.sleep(0)
        except NotReshareable:
            raise Refused(409) from None
        made = [ref for level in levels[1:] for ref in level]
        self._spread_views([body["of"], *made], int(body.get("views", 0)))
        return JSONResponse({"reshares": made}, 201)

    def _spread_views(self, refs: list[str], views: int) -> None:
        each, left = divmod(views, len(refs))
        self.site.store.seen(refs, each)
        self.site.store.seen(refs[:1], left)

    async def facts(self, request: Request, site: Site) -> Response:
        """What the site really does, from its own database. `?brief=1` leaves the lists out."""
        tally = site.store.rows(_TALLY)
        views, unregistered = site.store.rows(_SUMS)[0]
        facts: Json = {
            "mode": self.mode,
            "tally": {f"{row['status']}/{row['visibility']}": row["items"] for row in tally},
            "views": views,
            "looked": len(site.looked),
            "serving": sum(row["items"] for row in tally if answer_for(row) == 200),
            "unregistered": unregistered,
        }
        if not request.query_params.get("brief"):
            facts |= self._lists()
        return JSONResponse(facts)

    def _lists(self) -> Json:
        store = self.site.store
        items: dict[str, Json] = {}
        for row in store.rows("SELECT * FROM items ORDER BY seq"):
            items[row["id"]] = {**dict(row), "serves": answer_for(row), "files": []}
        for file in store.rows("SELECT * FROM files ORDER BY item, n"):
            items[file["item"]]["files"].append(
                {"sha256": file["sha256"], "verdict": file["verdict"]}
            )
        applied = store.rows("SELECT item, revision, visibility, at FROM applied ORDER BY seq")
        messages = store.rows("SELECT * FROM messages ORDER BY at")
        return {
            "items": list(items.values()),
            "applied": [dict(row) for row in applied],
            "messages": [dict(row) for row in messages],
        }
