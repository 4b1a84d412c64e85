"""What was said, and what was done."""

from heed.cases.models.case import Case, CaseLink, Copy, Restriction, Split
from heed.cases.models.decision import Appeal, Deadline, Decision, Exemption
from heed.cases.models.measure import MeasureOnAccount
from heed.cases.models.notice import Consent, Join, Message, Notice, Supplement, Target, Translation
from heed.cases.models.peer import PeerReport
from heed.cases.models.policy import PolicyVersion, ReasonText
from heed.cases.models.quality import BlindReading
from heed.cases.models.rollback import Rollback

__all__ = [
    "Appeal",
    "BlindReading",
    "Case",
    "CaseLink",
    "Consent",
    "Copy",
    "Deadline",
    "Decision",
    "Exemption",
    "Join",
    "MeasureOnAccount",
    "Message",
    "Notice",
    "PeerReport",
    "PolicyVersion",
    "ReasonText",
    "Restriction",
    "Rollback",
    "Split",
    "Supplement",
    "Target",
    "Translation",
]
