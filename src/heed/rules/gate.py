"""What an upload is answered at the door."""

from enum import StrEnum


class Verdict(StrEnum):
    """Let it in, keep it back until a person has looked, or turn it away."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


def verdict(
    *, action: str | None, exact: bool, unreadable: bool, released: bool = False
) -> tuple[Verdict, str]:
    """The answer and its reason's name.

    `action` is that of the gravest bank met ("block" or "hold"), None when none was. Only the same
    bytes are turned away by a machine alone; what merely looks alike is held for a person. A
    picture or video that can't be read is held: "could not check" is never "nothing found". What a
    person has let in is let in, unless the same bytes were removed since.
    """
    if action == "block" and exact:
        return Verdict.BLOCK, "removed-before"
    if released:
        return Verdict.ALLOW, "released"
    if action is not None:
        return Verdict.HOLD, "same-as-claimed" if exact else "looks-like-claimed"
    if unreadable:
        return Verdict.HOLD, "could-not-be-checked"
    return Verdict.ALLOW, "nothing-found"
