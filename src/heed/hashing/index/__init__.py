"""The match index: signals by nearness or equality, exactly, from files that processes share.

`Book` is one directory of signals of several kinds; `near` finds every value within 0 to 40 bits,
`same` every equal one. See `docs/matching.md`. Nothing here knows a database or a clock.
"""

from heed.hashing.index.book import Book as Book
from heed.hashing.index.book import Fresh as Fresh
from heed.hashing.index.files import Abandoned as Abandoned
from heed.hashing.index.files import ForeignFile as ForeignFile
from heed.hashing.index.files import IndexUnusable as IndexUnusable
from heed.hashing.index.files import NotWritable as NotWritable
from heed.hashing.index.files import TornFile as TornFile
from heed.hashing.index.hits import MOST_BITS as MOST_BITS
from heed.hashing.index.hits import Hits as Hits
