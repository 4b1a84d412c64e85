"""What we owe others: documents, evidence, and what authorities are told."""

from heed.filings.models.documents import Answer, StatementOfReasons
from heed.filings.models.preservation import KeyWrapping, SealedObject
from heed.filings.models.tips import OperatorProfile, Schema, Tip, TipFile

__all__ = [
    "Answer",
    "KeyWrapping",
    "OperatorProfile",
    "Schema",
    "SealedObject",
    "StatementOfReasons",
    "Tip",
    "TipFile",
]
