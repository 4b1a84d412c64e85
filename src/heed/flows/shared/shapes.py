"""What doors hand over to flows. Doors name no services and no ports, so the words are here."""

from heed.cases.services.notices import Place
from heed.media.services import FileIn, ItemIn, Registered
from heed.media.uploaders import UploaderIn
from heed.ports import Result, StateResult

__all__ = ["FileIn", "ItemIn", "Place", "Registered", "Result", "StateResult", "UploaderIn"]
