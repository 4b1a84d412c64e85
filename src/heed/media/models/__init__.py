"""What is on a platform, what it looks like, and the banks that it is compared with."""

from heed.media.models.banks import Bank, BankContent, BankSignal, Exchange, Match
from heed.media.models.items import (
    VISIBILITIES,
    Account,
    ApiKey,
    File,
    FormerAddress,
    Item,
    ItemFile,
    Platform,
    RememberedAnswer,
    Signal,
    Upload,
    Uploader,
    Watermark,
)
from heed.media.models.matching import GoneSignal
from heed.media.models.unchecked import Unchecked

__all__ = [
    "VISIBILITIES",
    "Account",
    "ApiKey",
    "Bank",
    "BankContent",
    "BankSignal",
    "Exchange",
    "File",
    "FormerAddress",
    "GoneSignal",
    "Item",
    "ItemFile",
    "Match",
    "Platform",
    "RememberedAnswer",
    "Signal",
    "Unchecked",
    "Upload",
    "Uploader",
    "Watermark",
]
