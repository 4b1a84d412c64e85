"""What gives way while something is being hidden, and for how long: in a wave there always is."""

from datetime import datetime, timedelta

from heed.flows import jobs
from heed.outbox import queries as outbox_queries

GIVES_WAY_FOR = timedelta(minutes=1)


def goes_on(*, now: datetime) -> bool:
    """A platform is to be told something, or copies are being searched for."""
    return outbox_queries.has_news(now=now) or jobs.under_way("find_copies")
