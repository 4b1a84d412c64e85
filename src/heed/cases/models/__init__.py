"""What was said, and what was done."""

from heed.cases.models.case import Case, CaseLink, Copy, Restriction
from heed.cases.models.decision import Appeal, Deadline, Decision
from heed.cases.models.notice import Join, Message, Notice, Supplement, Target

__all__ = [
    "Appeal",
    "Case",
    "CaseLink",
    "Copy",
    "Deadline",
    "Decision",
    "Join",
    "Message",
    "Notice",
    "Restriction",
    "Supplement",
    "Target",
]
