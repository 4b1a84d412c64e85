"""The words of a tip: what the notices said, how it spread, what is known of a file."""

from collections import Counter
from collections.abc import Sequence

from heed.cases.models import Case, Decision, Notice
from heed.media.models import File
from heed.people import queries as people
from heed.rules.claims import TIME_UNSAID
from heed.rules.tips.document import FileFacts

_HOWS = {"named": "named by a notice", "reshare": "reshares", "exact": "the same bytes",
         "near": "nearly the same, confirmed by a person"}  # fmt: skip
_STANDINGS = {"depicted": "the person shown", "guardian": "a parent or guardian",
              "authorised": "somebody authorised by the person shown", "school": "a school",
              "police": "police", "trusted_flagger": "a trusted flagger",
              "other": "somebody else"}  # fmt: skip


def words(
    notices: Sequence[Notice], decision: Decision | None, own: str, unsent: Sequence[str] = ()
) -> str:
    """What an analyst reads first: our words, what we found, then each notice as it was said."""
    parts = [own.strip()]
    if decision is not None:
        parts.append(f"Found on {decision.decided_at:%d %B %Y %H:%M} UTC by a trained person.")
        parts.append(decision.facts.strip())
    parts += [notice(one) for one in notices]
    parts += unsent
    return "\n\n".join(part for part in parts if part)


def notice(notice: Notice) -> str:
    """One notice: what it states, then its words."""
    who = _STANDINGS.get(notice.standing, notice.standing)
    facts = [f"Notice received {notice.received_at:%d %B %Y %H:%M} UTC from {who}."]
    if notice.stated_age is not None:
        facts.append(f"Age then, as stated: {notice.stated_age}.")
    if notice.time_given:
        which = "not said which" if notice.time_given == TIME_UNSAID else notice.time_given
        facts.append(f"A time was given by who threatens: {which}.")
    if notice.police_reference:
        facts.append(f"Police: {notice.police_agency or 'not named'}, {notice.police_reference}.")
    if notice.other_app:
        facts.append(f"Account on another service: {notice.other_app}.")
    if notice.danger_now:
        facts.append("Somebody was said to be in danger now.")
    if notice.words_forgotten_at:
        facts.append(f"Its words were forgotten on {notice.words_forgotten_at:%d %B %Y}.")
    said = f"\n“{notice.words.strip()}”" if notice.words.strip() else ""
    return " ".join(facts) + said


def hashes(files: Sequence[FileFacts]) -> str:
    """Files of which only the hashes can be told."""
    rows = [f"SHA-256 {one.sha256}" + (f", MD5 {one.md5}" if one.md5 else "") for one in files]
    return "Files whose bytes we do not have:\n" + "\n".join(rows) if rows else ""


def more(files: Sequence[File]) -> str:
    """Near copies beyond those that are sent: their hashes stand in the context."""
    if not files:
        return ""
    return f"{len(files):,} more files are nearly the same: their hashes are in case-context.txt."


def ages(notices: Sequence[Notice]) -> str:
    """Who stated which age."""
    told = [
        f"{_STANDINGS.get(one.standing, one.standing)}: {one.stated_age}"
        for one in notices
        if one.stated_age is not None
    ]
    unsaid = [one for one in notices if one.stated_age is None and one.age_then == "under_18"]
    if unsaid:
        told.append(f"under 18, without a figure: {len(unsaid)} notice(s)")
    return f"Age then, as stated by {'; '.join(told)}." if told else ""


def spread(hows: Sequence[str], views: int, most_urls: int) -> str:
    """How many copies there are, how they were found, and how often they were seen."""
    counted = Counter(hows)
    parts = [f"{count} {_HOWS[how]}" for how, count in counted.most_common() if how in _HOWS]
    beyond = f" The first {most_urls:,} addresses are listed here, all are in case-context.txt."
    listed = beyond if len(hows) > most_urls else ""
    places = "1 place" if len(hows) == 1 else f"{len(hows):,} places"
    return (
        f"{places} on this service carried it: {', '.join(parts)}. Viewed {views:,} times.{listed}"
    )


def _how_far(looks: set[str], case: Case, file: File) -> list[str]:
    """Of a video that nobody saw whole: what was seen of it."""
    if file.kind == "picture" or people.whole_by_ours(case.id, file.id):
        return []
    if "moving-full" in looks:
        return ["Parts of it were played, not all of it."]
    return ["One still of it was looked at, not all of it."] if "full" in looks else []


def of_file(case: Case, file: File) -> list[str]:
    """What is true of a file beside its fields: above all, how far it was looked at."""
    found = []
    found += _how_far(people.looks_of_ours(case.id, file.id), case, file)
    elsewhere = people.seen_elsewhere(case.id, file.id)
    if elsewhere is not None:
        found.append(f"An identical SHA-256 was viewed on {elsewhere:%d %B %Y} in another case.")
    if not file.size_bytes:
        found.append("We know it by its hashes: its bytes were never here.")
    return found
