"""What a callback can do wrong: in plain words, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`wrong` breaks a promise that Heed relies on; else it is to be minded."""

    what: str
    mend: str
    wrong: bool = True


_SIGNATURE = "Check the Standard Webhooks signature over the raw body, before anything else"
_REVISION = "Keep one revision beside each item, and apply only what is higher than it"

FAULTS = {
    "redirects": Fault(
        "The callback answers with a redirect, which Heed never follows.",
        "Give the final address, with https and without a slash too many.",
    ),
    "refuses-heed": Fault(
        "A message that is signed rightly is refused.",
        "Compare the secret, and check the signature over the bytes as they came: JSON that is"
        " read and written again is no longer the same. Is a login, a CSRF check or a firewall in"
        " front?",
    ),
    "obeys-strangers": Fault(
        "Anybody can hide and show posts: a message without a right signature was taken.",
        f"{_SIGNATURE}, and answer 401.",
    ),
    "takes-old": Fault(
        "A message that was signed more than five minutes away from now was taken: what somebody"
        " recorded can be played again.",
        "Refuse a webhook-timestamp that is more than five minutes old or ahead, with 401. Is the"
        " clock right?",
    ),
    "breaks-on-bad-signature": Fault(
        "A wrong signature makes the site fail (5xx) instead of refusing.",
        f"{_SIGNATURE}; any error in it is a 401.",
    ),
    "one-signature-only": Fault(
        "Of several signatures in the header only the first is looked at: changing the secret will"
        " lose messages.",
        "webhook-signature is a list, parted by spaces; one right v1 signature is enough, and"
        " others (also of kinds that you don't know) are passed over.",
    ),
    "fails": Fault(
        "The callback fails on an ordinary message.",
        "The site's own log says why. Heed tries again for hours, and nothing is hidden meanwhile.",
    ),
    "unreadable-answer": Fault(
        "The answer can't be read.",
        'Answer 200 with {"results": [{"item": ..., "revision": ..., "result": ...}]}, or 202 with'
        " nothing and the results later.",
    ),
    "says-nothing": Fault(
        "The answer leaves out the item that was asked about: Heed asks again and again.",
        "Answer for every item of the batch, with its ref in `item` just as it came.",
    ),
    "strange-result": Fault(
        "The result is none of applied, failed, not_found and unsupported: Heed passes it over.",
        "Answer with one of the four words.",
    ),
    "strange-revision": Fault(
        "The result names a revision that was never sent, or none: Heed passes it over.",
        "Answer with the revision that the item has now, as a whole number.",
    ),
    "could-not-apply": Fault(
        "The site did not do what was asked of the test item.",
        "Is it the ref of an item that is there and may be hidden? The site's log says more.",
    ),
    "still-shown": Fault(
        "The site says that the item is hidden, and visitors still see it.",
        "Say applied only when it is true. Hide the page, the files and the previews, for"
        " everybody, and send Cache-Control: no-store or clear the cache.",
    ),
    "not-neutral": Fault(
        "A hidden item has an answer of its own (403, 451, a redirect), which shows that there was"
        " something; and Heed can't tell it from a login.",
        "Answer 404, just as for something that never was.",
        wrong=False,
    ),
    "limited-hides": Fault(
        "A limited item can't be seen any more.",
        "limited means: still at its address, but out of feeds, search and sharing. Where you can't"
        " do that, answer unsupported.",
        wrong=False,
    ),
    "repeat-breaks": Fault(
        "The same message again is refused or fails. Heed repeats whatever it has no answer to.",
        "Answer a repeat like the first: applied, with the revision that you have.",
    ),
    "goes-back": Fault(
        "A message that came late turned the item back: what is hidden is shown again by it.",
        f"{_REVISION}; the answer names the one that you have.",
    ),
    "shows-unknown": Fault(
        "A visibility that the site does not know leaves the item in sight, or is refused.",
        "Treat every word that you don't know as hidden.",
    ),
    "chokes-on-more": Fault(
        "A field that the site does not know makes it refuse the message.",
        "Take the fields that you know, and pass over the rest: the interface grows.",
    ),
    "chokes-on-new-events": Fault(
        "A type of message that the site does not know is refused. Heed tells it for hours.",
        "Answer any 2xx to what you don't know.",
    ),
    "claims-what-it-lacks": Fault(
        "The site says applied of an item that it does not have.",
        "Answer not_found: somebody has to look for the right one.",
    ),
    "one-stops-all": Fault(
        "One item that is not there keeps the others of the batch from being hidden.",
        "Answer for each item by itself: not_found for the one, and go on.",
    ),
    "chokes-on-many": Fault(
        "A batch of 1,000 items is refused or fails.",
        "Take bodies of at least 1 MB, and a thousand items at once, in one go or several.",
    ),
    "leaves-some": Fault(
        "Of a batch of 1,000 not every item is answered. Heed asks again for the rest.",
        "That is allowed; it makes large takedowns slower.",
        wrong=False,
    ),
    "slow": Fault(
        "The answer took long. After 30 seconds Heed hangs up and asks again.",
        "Answer 202 at once, do it, and say the results by POST /api/v1/states/results.",
        wrong=False,
    ),
    "too-slow": Fault(
        "There was no answer within Heed's time.",
        "Answer 202 at once, do it, and say the results by POST /api/v1/states/results.",
    ),
    "races": Fault(
        "Two messages at the same moment left the item with the older wish, or made the site fail.",
        f"{_REVISION}: in one statement, or with the row locked.",
    ),
    "half-heard": Fault(
        "A message that broke off half-way was acted on, or left the site unable to answer.",
        "Read the whole body and check its signature before anything is done.",
    ),
    "not-restored": Fault(
        "What was hidden did not come back when it was asked for.",
        "Hiding must be reversible: keep the bytes and the page while an item is hidden.",
    ),
    "evidence-open": Fault(
        "The evidence address gives the bytes of a hidden item to anybody.",
        "Compare the bearer token in constant time, before anything else; else answer 401.",
    ),
    "evidence-away": Fault(
        "The evidence address does not give Heed the bytes of a hidden item.",
        "Keep the bytes while an item is hidden or removed, and serve them for the token.",
    ),
}
