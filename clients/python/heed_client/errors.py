"""What can go wrong, named for what it asks of you.

`Unconfirmed`: nothing is known of what became of it. Keep what you were telling, hold what you were
asking about, and do it again later. `Refused`: the same words will be refused again; the message
names the field and the remedy.
"""

from .shapes import FieldError, Problem


class HeedError(Exception):
    """The base of all that this package raises about Heed's answers."""


class NotSetUp(HeedError):
    """The address or the key can't be right. Nothing was asked; the message says what they are."""


class Unconfirmed(HeedError):
    """Heed did not confirm. What was asked may or may not have happened: ask again."""


class NoAnswer(Unconfirmed):
    """Heed could not be reached, or its answer broke off."""


class NotHeed(Unconfirmed):
    """Something answered that is not Heed: check the address, and what stands before it."""


class Answered(HeedError):
    """Heed answered, and did not do it. `problem` is its answer, `status` the number."""

    def __init__(self, problem: Problem, retry_after_seconds: float | None = None) -> None:
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds
        self.status = problem["status"]
        self.errors: list[FieldError] = problem["errors"]
        named = "; ".join(f"{one['field']}: {one['remedy']}" for one in self.errors)
        super().__init__(f"{self.status}: {named or problem['detail'] or problem['title']}")


class StillAnswering(Answered, Unconfirmed):
    """A request with the same Idempotency-Key is being answered just now."""


class TooMany(Answered, Unconfirmed):
    """Too many requests for now."""


class HeedFailed(Answered, Unconfirmed):
    """Heed itself failed; there is nothing to mend on your side."""


class HeedAway(HeedFailed):
    """Heed, or its database, is away."""


class Refused(Answered):
    """It will be refused again as it is."""


class NotReadable(Refused):
    """The body can't be read at all."""


class KeyNotValid(Refused):
    """The API key is unknown, withdrawn or out of date."""


class NotAllowed(Refused):
    """The API key lacks the scope for this."""


class NotKnown(Refused):
    """There is nothing of this name on this platform."""


class LengthMissing(Refused):
    """The body has no Content-Length."""


class TooLarge(Refused):
    """The body is too large; the answer says what to do."""


class KindNotRead(Refused):
    """A media type that this operation does not read."""


class NotFitting(Refused):
    """A field does not fit; `errors` names it, and the remedy."""


BY_STATUS: dict[int, type[Answered]] = {
    400: NotReadable,
    401: KeyNotValid,
    403: NotAllowed,
    404: NotKnown,
    409: StillAnswering,
    411: LengthMissing,
    413: TooLarge,
    415: KindNotRead,
    422: NotFitting,
    429: TooMany,
    500: HeedFailed,
    503: HeedAway,
}


def named(problem: Problem, retry_after_seconds: float | None = None) -> Answered:
    """The exception for an answer. What we know no name for is Heed's failure from 500 on."""
    status = problem["status"]
    name = BY_STATUS.get(status, HeedFailed if status >= 500 else Refused)
    return name(problem, retry_after_seconds)
