"""Puts a site behind Heed: what it tells and asks (`Heed`), and what it is told (`Handler`)."""

from .aio import AsyncHeed
from .api import Heed
from .asking import Patience
from .book import Book
from .callbacks import Callbacks, Handler, NotAnEvent, NotFromHeed, SecretUnusable, follow, wished
from .errors import Answered, HeedError, NoAnswer, NotHeed, NotSetUp, Refused, Unconfirmed
from .gate import Word

__all__ = [
    "Answered",
    "AsyncHeed",
    "Book",
    "Callbacks",
    "Handler",
    "Heed",
    "HeedError",
    "NoAnswer",
    "NotAnEvent",
    "NotFromHeed",
    "NotHeed",
    "NotSetUp",
    "Patience",
    "Refused",
    "SecretUnusable",
    "Unconfirmed",
    "Word",
    "follow",
    "wished",
]
