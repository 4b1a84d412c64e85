"""The console in words: what every state, reason and kind is called on the page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.cases.models import Case, Deadline
from heed.cases.queries.queue import Row
from heed.flows.decide_appeal import Effect
from heed.media.models import Item
from heed.rules.claims import AgeThen, Category, Standing
from heed.rules.decisions import Ruling
from heed.rules.order import Rung

RUNGS = {
    Rung.DANGER_TO_LIFE: "Danger to life",
    Rung.CHILD: "A child",
    Rung.INTIMATE_OR_EXTORTION: "Intimate image or extortion",
    Rung.THREATS: "Threats",
    Rung.DOXXING: "Private details",
    Rung.IMPERSONATION: "Impersonation",
    Rung.OTHER: "Other",
}
CATEGORIES = {
    Category.MINOR_SEXUAL: "Sexual content of someone under 18",
    Category.MINOR_EXTORTION: "Extortion of someone under 18",
    Category.INTIMATE_IMAGE: "Intimate image without consent",
    Category.INTIMATE_EXTORTION: "Extortion with an intimate image",
    Category.IMPERSONATION: "Impersonation",
    Category.DOXXING: "Private details published",
    Category.THREATS: "Threats of violence",
    Category.OTHER: "Another rule",
}
STANDINGS = {
    Standing.DEPICTED: "the person shown",
    Standing.GUARDIAN: "parent or guardian",
    Standing.AUTHORISED: "authorised by the person shown",
    Standing.SCHOOL: "school",
    Standing.POLICE: "police",
    Standing.TRUSTED_FLAGGER: "trusted flagger",
    Standing.OTHER: "somebody else",
}
AGES = {
    AgeThen.UNDER_18: "under 18",
    AgeThen.UNSURE: "not sure (counts as under 18)",
    AgeThen.ADULT: "18 or over",
}
VISIBILITIES = {
    "visible": "visible",
    "limited": "limited (not promoted, no resharing)",
    "hidden": "hidden for now",
    "removed": "removed",
}
HOWS = {
    "named": "Named in a notice",
    "reshare": "Reshares",
    "exact": "Same file, byte for byte",
    "near": "Near copies",
}
OBSERVED = {
    "": "not looked at yet",
    "seen": "still shown",
    "gone": "gone",
    "unverifiable": "could not be verified",
}
ANSWERS = {
    "": "no answer yet",
    "applied": "applied",
    "failed": "failed",
    "not_found": "the platform does not find this item",
    "unsupported": "the platform can't do this",
}
BECAUSE = {
    "child-shown": "somebody said that a child is shown",
    "adult-request-complete": "a complete request about an adult's intimate image",
    "bank-marked-hide": "it is in a bank whose matches are hidden at once",
    "adult-request-incomplete": "a request about an adult's intimate image that is not complete",
    "source-over-bound": "its source hid far more than usual, so a person looks first",
    "words-about-a-body": "words only, no file",
    "place-not-known": "said to be posted, and nobody knows yet where: look for it",
    "not-about-a-body": "not about a body: nothing is hidden before a person decides",
    "rolled-back": "what its key or source had done was undone; a person looks first",
    "let-stand-before": "people let it stand before, and nothing new was said",
    "nothing-posted-yet": "nothing is posted yet",
    "partner-in-their-field": "an invited partner says so, in its own field",
    "bank-asks-for-a-person": "a match that a person has to look at",
    "danger-to-life": "somebody may be in danger now",
    "a-time-was-given": "the extorter gave a time",
}
STOPS = {
    "number_issued": "give a number",
    "receipt_sent": "send the receipt",
    "removed_and_searched": "remove it, and search for copies",
    "person_looked": "a person looks",
    "outcome_sent": "tell the notifier the outcome",
    "statement_sent": "tell the uploader why",
    "statement_published": "publish the statement of reasons",
    "complaint_answered": "answer the appeal",
    "cybertip_finished": "finish the CyberTip",
    "authority_told": "tell the authority",
    "police_told": "tell the police of the place",
    "request_answered": "grant or refuse the request",
    "evidence_kept": "keep the evidence before it is deleted there",
    "dispute_decided": "the dispute body decides",
    "confirmation_sent": "confirm to the notifier",
    "update_sent": "send an update",
    "time_passed": "keep, or keep open, until then",
}
CAUSES = {  # of a clock, by how its cause begins
    "notice": "for a notice",
    "upload": "for an upload at the door",
    "near": "for near copies",
    "appeal": "for an appeal",
    "decision": "for a decision",
}
EXEMPTION_STATES = {
    "proposed": "waits for a second person",
    "final": "they stay",
    "refused": "they were removed with the rest",
    "passed": "decided anew before anybody agreed",
}
DECISION_STATES = {
    "proposed": "proposed, waits for a second person",
    "final": "final",
    "refused": "a second person did not agree",
    "reversed": "reversed on appeal",
}
RULINGS = {"remove": "Remove", "keep": "No violation"}
SCOPES = {"items": "the named items and their reshares", "file": "the file, wherever it is"}
ACCOUNT_MEASURES = {"warn": "warn", "limit": "limit", "suspend": "suspend"}
TARGETS = {
    "waiting": "not looked for yet",
    "found": "found",
    "registered": "found, and new to us",
    "deleted": "already deleted",
    "foreign": "not on this platform",
    "not_an_item": "not the address of a post",
    "hashes": "hashes only, no address",
}
CONTACTS = {
    "none": "no address left",
    "unconfirmed": "an address, not confirmed",
    "confirmed": "confirmed",
}
FILE_STATES = {
    "hashed": "read, and its hashes are known",
    "low_quality": "too flat for near matching: exact copies only, a person looks for the rest",
    "not_hashable": "could not be hashed",
    "signals_only": "known by its hashes only: the bytes never reached us",
}
NOT_READ = {  # why a file could not be had, read or compared; other words stand as they are
    "not_a_picture": "neither a picture nor a video, by its content",
    "unknown_format": "a picture of a format that nothing here opens",
    "truncated": "it begins well and stops early",
    "broken": "it is damaged",
    "too_large": "larger than this server reads",
    "bomb": "small, and enormous when opened",
    "too_small": "too small to compare",
    "too_flat": "one colour: nothing to compare",
    "low_quality": "too flat for near matching",
    "no_frames": "a video without one picture that can be read",
    "out_of_memory": "it needs more memory than a file is given",
    "time_out": "it took too long to read",
    "busy": "too much was to be read at once",
    "decoder_crashed": "reading it broke off",
    "decoder_missing": "nothing here could read it: see the server's own errors",
    "too_many_redirects": "the address leads on and on",
    "database-away": "our database was away",
    "no-answer-in-time": "we did not answer in time",
    "too-many-at-once": "too many came at once",
    "failed-here": "something failed here",
    "let-in-unseen": "something failed here, and the site had chosen to let uploads in then",
}
STATES = {
    "waiting": "Everything that waits",
    "decision": "Waits for a decision",
    "second": "Waits for a second person",
    "appeal": "Has an open appeal",
    "uploads": "Holds an upload",
    "copies": "Has near copies to judge",
    "overdue": "Overdue",
    "all": "All cases, decided too",
}
LOOKS = {
    "blurred": "blurred and grey",
    "clear": "small and grey",
    "full": "in full",
    "moving-blurred": "played blurred and grey",
    "moving-clear": "played small and grey",
    "moving-full": "played in full",
    "exif": "its EXIF",
    "exif-none": "its EXIF: there was none",
}
UPLOADS = {"held": "held", "blocked": "refused", "released": "released"}


@dataclass(frozen=True, slots=True)
class Due:
    """A due time in words, and whether it is late (said in words too)."""

    text: str
    late: bool = False
    soon: bool = False


def span(between: timedelta) -> str:
    """A length of time as people say it: the two largest parts."""
    minutes = int(abs(between).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (0 if days else minutes, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def due(at: datetime | None, now: datetime) -> Due:
    """How far away a due time is."""
    if at is None:
        return Due("nothing due")
    if at < now:
        return Due(f"overdue by {span(now - at)}", late=True)
    return Due(f"due in {span(at - now)}", soon=at - now < timedelta(hours=1))


def owed(deadline: Deadline, now: datetime) -> Due:
    """How one deadline stands."""
    if deadline.met_at is not None:
        return Due("met in time" if deadline.met_at <= deadline.due_at else "met, but late")
    if deadline.held_at is not None:
        return Due("stands still while it is hidden")
    return due(deadline.due_at, now)


def waits(row: Row, me: object) -> list[str]:
    """What waits in a case, for this reader."""
    found = []
    if row.case.state == Case.State.OPEN:
        found.append("decision")
    if row.case.state == Case.State.PROPOSED:
        found.append("second person (not you)" if row.proposed_by == me else "second person")
    if row.may_stay_by:
        mine = all(one == me for one in row.may_stay_by)
        found.append(f"second person, for what may stay{' (not you)' if mine else ''}")
    if row.appeals:
        found.append("appeal (not for you)" if me in row.deciders else "appeal")
    if row.uploads:
        found.append(_many(row.uploads, "held upload"))
    if row.near:
        found.append(f"{_many(row.near, 'near file')} to judge")
    return found or ["nothing"]


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def item_state(item: Item) -> str:
    """Desired, acknowledged and observed as one sentence; what disagrees is said first."""
    if not item.revision:
        return "nothing was asked of the platform"
    if item.answer not in ("", "applied"):
        return f"told, but {ANSWERS.get(item.answer, item.answer)}"
    if item.acknowledged_revision < item.revision:
        return "not acknowledged yet"
    gone = item.desired in ("hidden", "removed")
    if gone and item.observed == "seen":
        return "the platform says applied, but the address still shows it"
    if gone and item.observed == "gone":
        return "applied, and seen to be gone"
    if gone and item.observed == "unverifiable":
        return "applied, but could not be verified"
    return "applied"


def item_disagrees(item: Item) -> bool:
    """Whether that sentence is bad news."""
    gone = item.desired in ("hidden", "removed")
    bad_answer = item.answer not in ("", "applied")
    told = item.acknowledged_revision >= item.revision
    lying = told and gone and item.observed == "seen"
    return bool(item.revision) and (bad_answer or lying)


def if_reversed(effect: Effect) -> str:
    """What it does to reverse, said to whoever is about to."""
    if effect.ruling is None:
        return "what was done to the account is lifted. The content stays as it is."
    if effect.ruling is Ruling.REMOVE:
        return "it is removed, and that is final at once."
    what = f"all {effect.places} places" if effect.places > 1 else "the place"
    places = f"{what} that this case restricts" if effect.places else "nothing"
    if effect.second:
        return (
            "“no violation” is proposed for the whole case. Nothing is visible again before a "
            f"second person has looked and agrees; then {places} may be seen again."
        )
    return f"“no violation” for the whole case, final at once: {places} may be seen again."


def if_partly(effect: Effect) -> str:
    """What it does to say the other of the asked places alone."""
    count = len(effect.apart)
    them = "this one place" if count == 1 else f"these {count} places"
    if effect.of_notifier:
        what = "that they named and the removal left alone"
        are = "is" if count == 1 else "are"
        return f"{them} {what} {are} removed as well, at once. The rest stays as it is."
    also = "" if count == 1 else " (the uploader's own, and those that pass it on)"
    if effect.second_of_one:
        return (
            f"it is proposed that {them}{also} may be seen again. Nothing is visible again before "
            "a second person has looked and agrees. The rest stays removed."
        )
    return f"{them}{also} may be seen again, at once. The rest stays removed."


def not_their_wish(effect: Effect) -> str:
    """A notifier asked for this look at a removal; to reverse it is to restore. Empty otherwise."""
    if effect.ruling is not Ruling.KEEP or not effect.of_notifier:
        return ""
    more = "let the decision stand, and ask them to name the places on their page"
    if effect.apart:
        more = "choose that what the removal left alone is removed as well"
    return (
        "Somebody who told us asks for this look, and to reverse it brings back what was removed. "
        "Do that only if they want it back, as who writes “It is not me” does. Who wants more of "
        f"it gone is not helped by it: {more}."
    )


def how_near(kind: str, distance_bits: int, threshold_bits: int) -> str:
    """How a file met a banked signal. Only what is made of the looks can be near."""
    if kind in ("pdq", "vpdq"):
        return f"{kind}, {distance_bits} of at most {threshold_bits} bits"
    return f"{kind}, the very same"
