"""What we owe others: documents, evidence, and what authorities are told."""

from heed.filings.models.danger import Danger
from heed.filings.models.disputes import Dispute
from heed.filings.models.documents import Answer, CaseFile, StatementOfReasons
from heed.filings.models.holds import Hold, Unsealing
from heed.filings.models.orders import (
    Disclosure,
    InstrumentReading,
    Officer,
    OfficerPasskey,
    Order,
    OrderStep,
)
from heed.filings.models.preservation import KeyWrapping, SealedObject
from heed.filings.models.publications import Publication
from heed.filings.models.tips import OperatorProfile, Schema, Tip, TipFile

__all__ = [
    "Answer",
    "CaseFile",
    "Danger",
    "Disclosure",
    "Dispute",
    "Hold",
    "InstrumentReading",
    "KeyWrapping",
    "Officer",
    "OfficerPasskey",
    "OperatorProfile",
    "Order",
    "OrderStep",
    "Publication",
    "Schema",
    "SealedObject",
    "StatementOfReasons",
    "Tip",
    "TipFile",
    "Unsealing",
]
