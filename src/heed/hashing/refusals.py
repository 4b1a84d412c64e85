"""Why a file could not be hashed or shown: a name for each cause, never a silent nothing."""

from enum import StrEnum


class Reason(StrEnum):
    """What stood in the way. The words are stored and shown; they only ever grow."""

    NOT_A_PICTURE = "not_a_picture"  # neither picture nor video, by its content
    UNKNOWN_FORMAT = "unknown_format"  # a picture, of a format that nothing here opens
    TRUNCATED = "truncated"  # begins well and stops early
    BROKEN = "broken"  # its own parts contradict each other
    TOO_LARGE = "too_large"  # more pixels, bytes or hours than this server decodes
    BOMB = "bomb"  # small on disk and enormous when opened
    TOO_SMALL = "too_small"
    TOO_FLAT = "too_flat"  # one colour: nothing to compare
    LOW_QUALITY = "low_quality"  # hashed, but too little structure for a near match
    NO_FRAMES = "no_frames"  # a video or animation without one usable frame
    OUT_OF_MEMORY = "out_of_memory"
    TIME_OUT = "time_out"
    BUSY = "busy"  # every decoder was taken for as long as we could wait
    DECODER_CRASHED = "decoder_crashed"
    DECODER_MISSING = "decoder_missing"  # the child did not start: see the server's error output


# What stood in the way here, and not in the file: another time may be better.
OURS = frozenset(
    {Reason.OUT_OF_MEMORY, Reason.TIME_OUT, Reason.BUSY, Reason.DECODER_CRASHED,
     Reason.DECODER_MISSING}
)  # fmt: skip


class NotHashable(Exception):
    """This file has no perceptual hash. `.reason` says why; exact hashes still hold.

    Treat it as unknown: show it to a person, never let it pass as "nothing found".
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason


class NotViewable(Exception):
    """No picture can be made of this file for a reviewer. `.reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason
