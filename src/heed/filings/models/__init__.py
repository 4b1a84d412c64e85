"""What we owe others: documents, and evidence."""

from heed.filings.models.documents import Answer, StatementOfReasons
from heed.filings.models.preservation import KeyWrapping, SealedObject

__all__ = ["Answer", "KeyWrapping", "SealedObject", "StatementOfReasons"]
