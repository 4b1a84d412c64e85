"""What Heed tells a site: is it from Heed, is it news, and what is answered."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from .errors import HeedError
from .shapes import Event, ItemAnswer, ItemResult, LineAnswer, Result, State, Visibility

log = logging.getLogger("heed_client")
MOST_BODY_BYTES = 16 << 20
VISIBILITIES: tuple[Visibility, ...] = ("visible", "limited", "hidden", "removed")
RESULTS: tuple[Result, ...] = ("applied", "failed", "not_found", "unsupported")

# Makes one item what it should be: `apply(item, visibility, revision)`. `None` says that visitors
# now see it so; else the word that is true.
Apply = Callable[[str, Visibility, int], Result | None]
Follow = Callable[[Sequence[State]], list[ItemResult]]


class NotFromHeed(HeedError):
    """Not signed with your secret, or too old. Answer 401 and change nothing."""


class NotAnEvent(HeedError):
    """It is from Heed and can't be read: answer 400."""


class SecretUnusable(HeedError):
    """The callback secret is not one: it looks like `whsec_...`."""


class Callbacks:
    """Opens callbacks. While a secret is being changed, give the new and the old one."""

    def __init__(self, *secrets: str) -> None:
        try:
            self._hooks = [Webhook(secret) for secret in secrets]
        except (EmptyWebhookSecretError, ValueError):
            raise SecretUnusable(
                "the callback secret looks like whsec_...: copy it whole"
            ) from None
        if not secrets:
            raise SecretUnusable("give the callback secret, whsec_...")

    def opened(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """What is said, once its signature holds; `id` is the message's, the same in a repeat.

        Raises `NotFromHeed`, `NotAnEvent`.
        """
        if not any(_holds(hook, body, headers) for hook in self._hooks):
            raise NotFromHeed("the signature does not hold, or is older than five minutes")
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            raise NotAnEvent("the body is no JSON") from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise NotAnEvent("an event has a type")
        ids = [value for name, value in headers.items() if name.lower() == "webhook-id"]
        return {**event, "id": ids[0]}


def _holds(hook: Webhook, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        hook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


# ------------------------------------------------------------------ states


def follow(
    states: Iterable[State], *, known: Callable[[str], int | None], apply: Apply
) -> list[ItemResult]:
    """By the rule of revisions, for a site that keeps them in its own database.

    `known(item)` is the revision that you have, 0 before the first, None where there is no such
    item. `apply` keeps visibility *and* revision. Call it in one transaction of yours: what `apply`
    raises goes through, so that nothing is answered that was not kept.
    """
    return [_one(state, known, apply) for state in states if readable(state)]


def _one(state: State, known: Callable[[str], int | None], apply: Apply) -> ItemResult:
    item, revision = state["item"], state["revision"]
    kept = known(item)
    if kept is None:
        return {"item": item, "revision": revision, "result": "not_found"}
    if revision <= kept:
        return {"item": item, "revision": kept, "result": "applied"}
    result = apply(item, careful(state["visibility"]), revision) or "applied"
    return {"item": item, "revision": revision, "result": result}


def careful(visibility: str) -> Visibility:
    """A word that we don't know can only be one that we don't know yet: it means hidden."""
    return next((known for known in VISIBILITIES if known == visibility), "hidden")


def readable(state: object) -> bool:
    """Whether it names an item and a revision. What does not is passed over, and not answered."""
    if not isinstance(state, dict):
        return False
    item, revision = state.get("item"), state.get("revision")
    named = isinstance(item, str) and type(revision) is int
    return named and isinstance(state.get("visibility"), str)


def wished(answers: Iterable[ItemAnswer | LineAnswer]) -> list[State]:
    """What the answers to a registration ask of each item: a reshare of something hidden is hidden
    from its first moment."""
    return [
        {"item": one["ref"], "visibility": one["visibility"], "revision": one["revision"],
         "reason": ""}
        for one in answers
        if one["ref"] is not None and one["visibility"] is not None and one["revision"] is not None
    ]  # fmt: skip


# ------------------------------------------------------------------ answering


class Handler:
    """Answers callbacks. `follow` does what states ask; `on_event` is told everything else.

    What `on_event` raises is answered with 500, and Heed tells it again: see `Book.once`.
    """

    def __init__(
        self, secret: str, follow: Follow, *, on_event: Callable[[Event], None] | None = None,
        old_secrets: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._callbacks = Callbacks(secret, *old_secrets)
        self.follow, self._on_event = follow, on_event

    def answer(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and JSON for one callback. Never raises."""
        try:
            event = self._callbacks.opened(body, headers)
        except NotFromHeed as why:
            return 401, _title(why)
        except NotAnEvent as why:
            return 400, _title(why)
        try:
            return 200, json.dumps(self._said(event)).encode("ascii")
        except Exception:
            log.exception("a callback was not carried out: %s", event["id"])
            return 500, _title("It was not carried out. Tell it again.")

    def _said(self, event: Event) -> dict[str, list[ItemResult]]:
        if event["type"] == "states.desired":
            states = event.get("states")
            return {"results": self.follow(states if isinstance(states, list) else [])}
        if self._on_event is None:
            log.warning("nothing here takes %s", event["type"])
        else:
            self._on_event(event)
        return {}


def _title(why: object) -> bytes:
    return json.dumps({"title": str(why)}).encode("ascii")
