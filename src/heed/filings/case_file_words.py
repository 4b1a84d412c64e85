"""A case file in words, for its PDF: sections of sentences and of what-is-what."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heed.filings.case_file_room import Room
from heed.filings.said_words import in_words

Row = tuple[str, str]
_NEVER = "\u2013"


def told(file: Mapping[str, Any]) -> dict[str, Any]:
    """Title, sections, footer: everything that is printed, in the language in force."""
    numbers = ", ".join(notice["number"] for notice in file["notices"])
    title = _("Case file %(numbers)s") % {"numbers": numbers}
    return {
        "title": title,
        "author": file["origin"],
        "description": _("What was said, what was done and when, and how to check it."),
        "footer": _("Signed by %(log)s on %(at)s")
        % {"log": file["origin"], "at": when(file["made_at"])},
        "attached": _("The same for programs, with the signature and all proofs"),
        "sections": [
            _section(_("What this is"), [_INTRO()]),
            *Room().printed(one for notice in file["notices"] for one in _notice(notice)),
            *Room().printed([_log(file["entries"])]),
            _checking(file),
        ],
    }


def _INTRO() -> str:  # noqa: N802 - a text, put into words when it is asked for
    return _(
        "This file was made by the server that received the messages below. It says what its "
        "records hold: what was said, what was done, and at what time. It names no places of "
        "copies, and nobody else who may have written about the same thing. All times are UTC."
    )


def when(at: str | None) -> str:
    """A time of the file, to the second."""
    if not at:
        return _NEVER
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return date_format(moment, "j F Y, H:i:s") + " UTC"


def _section(
    title: str, words: Sequence[str] = (), rows: Sequence[Row] = (), *, level: int = 2
) -> dict[str, Any]:
    kept = [list(row) for row in rows if row[1]]
    head = [_("What"), _("As recorded")]
    return {"level": level, "title": title, "words": list(words), "rows": kept, "head": head}


def _notice(notice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield _section(_("Message %(number)s") % {"number": notice["number"]}, (), _first(notice))
    yield _section(_("What was said"), list(_forgotten(notice)), list(_said(notice)), level=3)
    for place in notice["places"]:
        yield _section(_("A place that was named"), (), _place(place), level=3)
    yield _section(_("Copies and views"), _spread(notice), level=3)
    yield _section(_("Times that were promised"), (), list(_promises(notice)), level=3)
    for answer in notice["answers"]:
        yield _answer(answer)
    if notice["appeals"]:
        yield _section(_("Another look"), (), list(_appeals(notice)), level=3)
    if notice["messages"]:
        yield _section(_("Messages"), (), list(_messages(notice)), level=3)


def _first(notice: Mapping[str, Any]) -> list[Row]:
    receipt = notice["receipt"]
    proof = receipt.get("proof") if receipt else None
    entry = _("Entry %(index)d of the public log") % {"index": proof["index"]} if proof else ""
    return [
        (_("Site"), notice["site"]),
        (_("Received"), when(notice["received_at"])),
        (_("In the log"), entry),
        (_("Mark of what was sent"), receipt["promise"]["commitment"] if receipt else ""),
        (_("Taken back"), _("Yes") if notice["withdrawn"] else ""),
        (_("Police number"), notice.get("police_reference", "")),
        *(
            (_("The authority that the law names was told"), when(one["at"]))
            for one in notice.get("authorities_told", ())
        ),
    ]


def _forgotten(notice: Mapping[str, Any]) -> Iterator[str]:
    if at := notice.get("words_forgotten_at"):
        yield _(
            "What was written until %(at)s was deleted then, as its time was over. The receipt "
            "still proves that it was received."
        ) % {"at": when(at)}


def _said(notice: Mapping[str, Any]) -> Iterator[Row]:
    yield from in_words(notice["said"])
    for added in notice["added"]:
        yield _("Added later"), when(added["at"])
        yield from in_words(added["said"])


def _place(place: Mapping[str, Any]) -> list[Row]:
    levels = _levels()
    seen = {
        "gone": _("It was not there any more"), "seen": _("It could still be seen"),
        "unverifiable": _("It could not be told"),
    }  # fmt: skip
    done = _("Yes") if place["acknowledged"] else _("No")
    return [
        (_("Link"), place["url"]),
        *((levels.get(one["level"], one["level"]), _span(one)) for one in place["held"]),
        (_("What it should be"), levels.get(place["visibility"], place["state"])),
        (_("Confirmed by the site"), done if place["held"] else ""),
        (_("What we saw when we looked again"), seen.get(place["observed"], "")),
        (_("Looked again"), when(place["observed_at"]) if place["observed_at"] else ""),
    ]


def _levels() -> dict[str, str]:
    return {
        "visible": _("Shown"), "limited": _("Out of search and feeds"), "hidden": _("Hidden"),
        "removed": _("Taken down"),
    }  # fmt: skip


def _span(held: Mapping[str, Any]) -> str:
    since = when(held["since_at"])
    if not held["until_at"]:
        return _("since %(since)s") % {"since": since}
    return _("from %(since)s to %(until)s") % {"since": since, "until": when(held["until_at"])}


def _spread(notice: Mapping[str, Any]) -> list[str]:
    copies, views = notice["copies"], notice["views"]
    found = ngettext(
        "%(found)d copy was found beside the named places; %(hidden)d out of sight, "
        "%(gone)d checked again and gone.",
        "%(found)d copies were found beside the named places; %(hidden)d out of sight, "
        "%(gone)d checked again and gone.",
        copies["found"],
    )
    seen = _("Views that the site counted: %(before_we_knew)d before it knew, %(since)d since.")
    return [found % copies, seen % views]


def _promises(notice: Mapping[str, Any]) -> Iterator[Row]:
    names = {
        "person_looked": _("A person looks"),
        "outcome_sent": _("An answer, with reasons"),
        "complaint_answered": _("An answer to “please look again”"),
        "removed_and_searched": _("Taken down, and every copy looked for"),
    }
    for promise in notice["promises"]:
        due = _("due %(at)s") % {"at": when(promise["due_at"])}
        if promise["met_at"]:
            end = _("kept %(at)s") % {"at": when(promise["met_at"])}
        elif promise["missed_at"]:
            end = _("missed")
        else:
            end = _("open")
        name = names.get(promise["what"], promise["what"])
        yield f"{name} ({promise['under']})", f"{due}; {end}"


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        (_("Decided"), when(answer["decided_at"])),
        (_("Told"), when(answer["sent_at"])),
        (_("Rule"), answer["clause_title"]),
        (_("Changed later"), _("Yes") if answer["reversed"] else ""),
    ]
    words = [part for part in answer["text"].split("\n\n") if part]
    return _section(_("Our answer"), words, rows, level=3)


def _appeals(notice: Mapping[str, Any]) -> Iterator[Row]:
    ends = {
        "open": _("open"), "stands": _("the same answer"), "reversed": _("changed"),
        "settled": _("Before a different person answered, it was decided anew."),
    }  # fmt: skip
    ends["partly"] = ends["reversed"]
    for appeal in notice["appeals"]:
        yield _("Asked"), when(appeal["opened_at"])
        yield _("Outcome"), ends.get(appeal["state"], appeal["state"])
        yield _("Answered"), when(appeal["decided_at"]) if appeal["decided_at"] else ""
        yield _("Reasons"), appeal["reasons"]


def _messages(notice: Mapping[str, Any]) -> Iterator[Row]:
    for message in notice["messages"]:
        sender = _("From us") if message["from"] == "us" else _("From you")
        yield f"{sender}, {when(message['at'])}", message["text"]


def _log(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    words = _(
        "Each line is an entry of an append-only public log. Nobody can change it, or slip one in "
        "before it, without everybody being able to tell. The proofs are in the JSON."
    )
    return _section(_("What the log proves"), [words], [_entry(entry) for entry in entries])


def _entry(entry: Mapping[str, Any]) -> Row:
    proof = entry.get("proof")
    place = _("entry %(index)d") % {"index": proof["index"]} if proof else _("not in the log yet")
    levels = {line["item"].split(" ")[-1] for line in entry.get("items", ())}
    shown = f"{entry['event']} ({', '.join(sorted(levels))})" if levels else entry["event"]
    return when(entry["at"]), f"{shown}: {place}"


def _checking(file: Mapping[str, Any]) -> dict[str, Any]:
    words = [
        _(
            "Nobody has to believe us. The JSON that goes with this PDF, and is attached to it, is "
            "signed with the key of the log %(log)s (key %(key)s). Anybody can check it, with no "
            "network and without asking us, with the free program Heed:"
        )
        % {"log": file["origin"], "key": file["key_id"]},
        "heed verify case-file.json --key KEY --pdf case-file.pdf",
        _("The key stands at /log/key of the site of the log. Save it at a time of your choice."),
    ]
    return _section(_("How to check this file"), words)
