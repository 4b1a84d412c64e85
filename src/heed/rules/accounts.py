"""What may be done to an account, and what takes a second signature."""

from enum import StrEnum


class AccountMeasure(StrEnum):
    """The mildest first. None of them touches the content: that was decided before."""

    WARN = "warn"
    LIMIT = "limit"  # may read, and not post for a time
    SUSPEND = "suspend"


def needs_signature(measure: AccountMeasure) -> bool:
    """To close somebody's account takes two people, of whom one is senior."""
    return measure is AccountMeasure.SUSPEND


def may_sign(proposer: str, signer: str, *, senior: bool) -> bool:
    """A different person, and a senior one."""
    return senior and proposer != signer
