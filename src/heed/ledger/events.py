"""What the log can tell of: each kind of event, its code in the leaf, and one line about it.

To add one, take the next free code. A code is never changed or used again: old leaves hold it.
"""

from dataclasses import dataclass


class UnknownEvent(Exception):
    """The log has no such event. Add it to `heed/ledger/events.py`, with the next free code."""


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event."""

    code: int  # two bytes in every leaf
    name: str  # noun.past_participle
    says: str


EVENTS = (
    Event(1, "notice.received", "A notice was committed, as it was sent."),
    Event(2, "notice.supplemented", "The notifier added something to a notice."),
    Event(3, "notice.withdrawn", "The notifier withdrew a notice; nothing is restored by that."),
    Event(4, "contact.confirmed", "A notifier proved that an address is theirs."),
    Event(5, "case.opened", "A case was opened on a file, an item or a threat."),
    Event(6, "case.joined", "A notice was joined to a case."),
    Event(7, "case.linked", "Two cases were linked; neither became the other."),
    Event(8, "case.split", "Copies of a case got a case of their own."),
    Event(9, "triage.made", "The rules said what to do at once, and why."),
    Event(10, "item.restricted", "An item was restricted for a case."),
    Event(11, "item.released", "A case's restriction of an item was lifted."),
    Event(12, "copies.found", "A search for copies found some, or none."),
    Event(13, "copies.restricted", "The copies of a case were restricted, as one batch."),
    Event(14, "state.acknowledged", "The platform said that it applied a desired state."),
    Event(15, "state.observed", "A fetch showed what the public sees."),
    Event(16, "state.disputed", "What was seen is not what the platform said."),
    Event(17, "upload.held", "An upload was held until a person has looked."),
    Event(18, "upload.blocked", "An upload was refused."),
    Event(19, "upload.released", "A held upload was let through."),
    Event(20, "decision.proposed", "A person proposed a decision that needs a second one."),
    Event(21, "decision.seconded", "A second person agreed with a proposed decision."),
    Event(22, "decision.made", "A case was decided."),
    Event(23, "decision.reversed", "A decision was reversed."),
    Event(24, "appeal.opened", "Somebody asked for another look."),
    Event(25, "appeal.decided", "An appeal was decided: it stands, or is reversed, or partly so."),
    Event(
        141, "exemption.proposed", "Items may stay though the rest goes, if a second one agrees."
    ),
    Event(142, "exemption.seconded", "A second person agreed that these items stay, or did not."),
    Event(143, "exemption.made", "Items were left alone by a removal that had restricted them."),
    Event(26, "message.received", "A party to a case wrote back."),
    Event(27, "answer.sent", "The notifier was told what was done, and why."),
    Event(28, "statement.issued", "The uploader was told what was done, and why."),
    Event(29, "deadline.set", "Something is owed by a time."),
    Event(30, "deadline.met", "What was owed was done in time."),
    Event(31, "deadline.breached", "What was owed was not done in time."),
    Event(32, "file.viewed", "A person looked at a file, with a purpose."),
    Event(33, "key.added", "A key was given to a platform or a person."),
    Event(34, "staff.added", "A person joined the staff."),
    Event(35, "platform.added", "A platform came under this server's care."),
    Event(36, "bank.changed", "Signals were put into a bank, or taken out."),
    Event(37, "origin.declared", "The log was begun anew under another name."),
    Event(38, "demo.started", "A demonstration began: nothing that follows is about real people."),
    Event(39, "case.decided", "A case reached its end, with the items that changed by it."),
    Event(40, "key.withdrawn", "A key was taken back."),
    Event(41, "item.registered", "Items of a platform became known to this server."),
    Event(42, "copy.judged", "A person said whether a near copy shows the same."),
    Event(67, "cybertip.prepared", "A person prepared what an authority is to be told."),
    Event(68, "cybertip.approved", "A person approved it; from now on it is filed."),
    Event(69, "cybertip.opened", "The authority opened a report and gave it a number."),
    Event(70, "cybertip.finished", "The authority has it for good."),
    Event(71, "cybertip.withdrawn", "It was withdrawn before it was filed."),
    Event(153, "cybertip.taken_back", "It was taken back to be changed, before it was filed."),
    Event(
        72, "cybertip.stalled", "Filing needs a person: the authority refused, or we lost track."
    ),
    Event(73, "cybertip.endangered", "An open report will soon be deleted at the authority."),
    Event(74, "cybertip.handed", "Its package was handed to a person, to be filed by hand."),
    Event(43, "gate.failed", "An upload could not be checked, and was held."),
    Event(89, "duty.called", "The people on duty were called: something waits for a person."),
    Event(90, "duty.answered", "Somebody on duty took a call, or noted what was done."),
    Event(92, "staff.invited", "Somebody was invited to join the staff."),
    Event(93, "staff.changed", "What a member of staff may do, or signs in with, changed."),
    Event(94, "case.handed_on", "Somebody handed a case on; no reason is asked for."),
    Event(96, "decision.reread", "A decided case was read again by somebody who did not know how."),
    Event(
        95, "account.measured", "Something was done, or proposed, to an account after a removal."
    ),
    Event(91, "rota.changed", "Who is on duty, the declared hours or the protocol changed."),
    Event(75, "evidence.kept", "Bytes, or what stood around them, were sealed in the vault."),
    Event(76, "evidence.missed", "Evidence could not be kept, or may not be held here."),
    Event(77, "evidence.asked", "Two people speak about opening or destroying a sealed copy."),
    Event(78, "evidence.read", "A sealed copy was opened, for a stated purpose."),
    Event(79, "evidence.damaged", "A sealed copy is missing, altered, or its key is lost."),
    Event(80, "evidence.destroyed", "The key of a sealed copy was destroyed."),
    Event(81, "evidence.held", "A legal hold on evidence was placed, or lifted."),
    Event(82, "vault.rotated", "Sealed copies were given to a new key, and the old one destroyed."),
    Event(83, "vault.drilled", "Sealed copies were opened to see that they can be."),
    Event(84, "order.received", "An officer asked for something, or asked for it again."),
    Event(85, "order.verified", "A step was taken to find out who the officer is."),
    Event(86, "order.decided", "An order was carried out, refused, questioned or contested."),
    Event(87, "order.disclosed", "Something is given to an officer, by two people of ours."),
    Event(88, "statement.published", "Statements of reasons went to the Transparency Database."),
    Event(47, "match.found", "Something met a bank, and what the rules said of it."),
    Event(48, "bank.switched", "A bank was made, changed, switched on or off."),
    Event(49, "bank.tried", "What a bank would touch was counted; nothing was touched."),
    Event(50, "match.judged", "People said whether matches were right."),
    Event(51, "rollback.proposed", "A person proposed to undo what was done automatically."),
    Event(52, "rollback.confirmed", "A second person agreed, and it was undone."),
    Event(53, "exchange.changed", "An exchange was added, changed, or switched on or off."),
    Event(54, "exchange.synced", "Signals came from an exchange, or were withdrawn by it."),
    Event(55, "addresses.declared", "A platform said what its addresses are."),
    Event(56, "partner.invited", "A trusted flagger, a school or a hotline was invited."),
    Event(57, "partner.accepted", "A partner took its invitation."),
    Event(58, "partner.judged", "A partner was warned, paused or restored, with reasons."),
    Event(59, "partner.appealed", "A partner asked for another look."),
    Event(60, "partner.answered", "A partner's appeal was answered by somebody else."),
    Event(61, "consent.given", "A notifier agreed to something, and to what."),
    Event(62, "consent.withdrawn", "A notifier took back what they had agreed to."),
    Event(63, "contact.erased", "A notifier had the address deleted by which they were reached."),
    Event(64, "mail.returned", "An address of a notifier does not take mail."),
    Event(139, "device.added", "A notifier asked to be told on a device that there is news."),
    Event(140, "device.forgotten", "Devices of a notifier are not told any more."),
    Event(105, "danger.found", "A person found that a life, or somebody's safety, is in danger."),
    Event(106, "danger.told", "An authority of the place was told of a danger."),
    Event(107, "danger.dismissed", "A person found that there is no danger after all."),
    Event(108, "instrument.opened", "A paper that an officer handed in was opened for one of us."),
    Event(65, "case_file.made", "A case file was signed for the holder of a private page."),
    Event(121, "reasons.worded", "The words with which reasons begin were changed."),
    Event(120, "notice.translated", "Somebody wrote down what a notice says, for the others."),
    Event(119, "cases.decided_together", "One person decided several cases in one go."),
    Event(116, "policy.published", "A platform's policy got new words, from a day on."),
    Event(117, "policy.withdrawn", "New words of a policy were withdrawn before they held."),
    Event(130, "platform.connected", "How a platform is heard and told was set, or changed."),
    Event(131, "peer_report.taken", "What was reported at a platform of its own became a notice."),
    Event(132, "peer_report.settled", "A platform was told that what was reported is decided."),
    Event(122, "backup.made", "A backup was made, and restored once to see that it can be."),
    Event(123, "instance.restored", "The database was put back from a backup."),
    Event(125, "site.backfilled", "What a site had published before was gone through."),
    Event(124, "instance.opened", "What was restored tells others again, from here on."),
    Event(138, "gate.let_in", "Uploads were let in unseen, as the site chose for an outage."),
    Event(115, "video.seen", "Somebody had played all of a video in full."),
    Event(128, "words.forgotten", "What a notifier wrote was forgotten: its time was over."),
)

_BY_NAME = {event.name: event for event in EVENTS}
_BY_CODE = {event.code: event for event in EVENTS}


def named(name: str) -> Event:
    """The event of this name. Raises `UnknownEvent`."""
    if name not in _BY_NAME:
        raise UnknownEvent(f"{name}: not an event of the log")
    return _BY_NAME[name]


def coded(code: int) -> Event:
    """The event of this code. Raises `UnknownEvent`."""
    if code not in _BY_CODE:
        raise UnknownEvent(f"{code}: not a code of an event of the log")
    return _BY_CODE[code]
