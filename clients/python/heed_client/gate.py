"""What a site does with an upload: publish it, keep it back, or turn it away."""

import logging
from dataclasses import dataclass

from .errors import HeedError, KeyNotValid, NotAllowed, Unconfirmed
from .shapes import CheckAnswer, Verdict

log = logging.getLogger("heed_client")
NO_ANSWER, NOT_ASKED = "no-answer", "could-not-be-asked"
# Heed itself had no answer, and has kept nothing of the question.
HEEDS_OWN = frozenset({"database-away", "no-answer-in-time", "too-many-at-once", "failed-here"})


@dataclass(frozen=True, slots=True)
class Word:
    """`allow`: publish. `hold`: keep it back, and say only that it is being checked. `block`:
    refuse it in neutral words.

    With `ask_again`, ask again every few seconds until there is an answer. A `hold` without it ends
    by a callback, `upload.released` or `upload.blocked`. `reason` is for you alone.
    """

    verdict: Verdict
    reason: str
    ask_again: bool = False


def word(answer: CheckAnswer) -> Word:
    """What Heed's answer means. A verdict that we don't know is `hold`."""
    verdict, reason = answer["verdict"], answer["reason"]
    if verdict not in ("allow", "block"):
        return Word("hold", reason, ask_again=reason in HEEDS_OWN)
    return Word(verdict, reason)


def unanswered(why: HeedError) -> Word:
    """Nobody has looked at it: it is held, and the log says why.

    What Heed will not take (too large a file, say) has no answer to come: a person has to look, or
    ask by signals.
    """
    log.error("an upload could not be checked, and is held: %s", why)
    if isinstance(why, Unconfirmed):
        return Word("hold", NO_ANSWER, ask_again=True)
    mendable = isinstance(why, KeyNotValid | NotAllowed)
    return Word("hold", NOT_ASKED, ask_again=mendable)
