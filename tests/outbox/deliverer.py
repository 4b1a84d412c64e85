"""A deliverer as a process of its own: `python -m tests.outbox.deliverer '<json>'`.

Claims, delivers by the real signed callback and records, until it is killed or its input closes.
"""

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import django
from django.conf import settings


def main() -> None:
    told = json.loads(sys.argv[1])
    settings.configure(
        INSTALLED_APPS=["heed.outbox"], DATABASES={"default": told["database"]}, USE_TZ=True
    )
    django.setup()
    stopped = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        stopped.set()

    threading.Thread(target=watch, daemon=True).start()
    deliver(told, stopped)


def deliver(told: dict[str, str], stopped: threading.Event) -> None:
    from heed.integrations.webhook.platform import Webhook
    from heed.outbox import services
    from heed.ports import Endpoint, PlatformUnreachable

    webhook = Webhook(within_seconds=8)  # less than a lease, and more than a machine stalls
    endpoint = Endpoint(
        callback_url=f"http://{told['place']}/hook",
        callback_secret=told["secret"],
        private_addresses_allowed=(told["place"],),
    )
    while not stopped.is_set():
        now = datetime.now(UTC)
        batch = services.claim_states(
            UUID(told["platform"]), now=now, limit=7, lease=timedelta(seconds=10)
        )
        if batch is None:
            stopped.wait(0.01)
            continue
        try:
            results = webhook.tell_states(endpoint, batch.states, message_id=str(batch.id), now=now)
            services.record_answer(batch, results, now=datetime.now(UTC))
        except PlatformUnreachable as reason:
            services.record_failure(batch, str(reason), now=datetime.now(UTC))


if __name__ == "__main__":
    main()
