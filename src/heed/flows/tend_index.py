"""The match index follows what is committed, whoever did it.

1. Take in what changed since the last time, in the order of commits: also what other machines did.
2. Merge what has come together into a segment that all processes share.
"""

import logging
from datetime import datetime

from heed.cases.queries.search import CLAIMED
from heed.flows.shared.one_by_one import each
from heed.hashing.index import IndexUnusable
from heed.media import matching
from heed.media.feeds import BANKED, REGISTERED, Feed

logger = logging.getLogger(__name__)


def tend_index(*, now: datetime) -> int:
    """Returns how many books grew a new segment. Where they can't be kept, the log says why."""
    return each((BANKED, REGISTERED, CLAIMED), _tend, what="feed", by=lambda feed: feed.name)


def _tend(feed: Feed) -> int:
    try:
        return matching.tend(feed)
    except IndexUnusable as refused:
        logger.error("the match index can't be kept: %s", refused)
        return 0
