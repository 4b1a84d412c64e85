"""What the flows may answer with "no", gathered for the views: each message is for the reader."""

from heed.flows import decide_case, prepare_tip, take_case
from heed.flows.decide_case import MayNotDecide
from heed.flows.measure_account import MayNotMeasure, MeasuredBefore
from heed.flows.prepare_tip import MayNotApprove, NoFinding
from heed.flows.second_decision import MayNotSecond

AlreadyDecided: type[Exception] = decide_case.decisions.AlreadyDecided  # type: ignore[attr-defined]
CaseChanged: type[Exception] = take_case.cases.CaseChanged  # type: ignore[attr-defined]

TipChanged: type[Exception] = prepare_tip.tips.TipChanged  # type: ignore[attr-defined]
AlreadyUnderWay: type[Exception] = prepare_tip.tips.AlreadyUnderWay  # type: ignore[attr-defined]

REFUSALS: tuple[type[Exception], ...] = (
    MayNotDecide,
    MayNotSecond,
    AlreadyDecided,
    CaseChanged,
    NoFinding,
    MayNotApprove,
    TipChanged,
    AlreadyUnderWay,
    MayNotMeasure,
    MeasuredBefore,
)
