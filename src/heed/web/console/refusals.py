"""What the flows may answer with "no", gathered for the views: each message is for the reader."""

from heed.flows import decide_case, take_case
from heed.flows.decide_case import MayNotDecide
from heed.flows.second_decision import MayNotSecond

AlreadyDecided: type[Exception] = decide_case.decisions.AlreadyDecided  # type: ignore[attr-defined]
CaseChanged: type[Exception] = take_case.cases.CaseChanged  # type: ignore[attr-defined]

REFUSALS: tuple[type[Exception], ...] = (MayNotDecide, MayNotSecond, AlreadyDecided, CaseChanged)
