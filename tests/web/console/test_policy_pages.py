"""A policy is written in versions: looked at before it is published, and never taken away."""

import json
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from heed.cases.models import Decision, Notice, PolicyVersion
from heed.cases.queries import policies
from heed.flows import revise_policy
from heed.ledger.models import EntryBody
from heed.people.models import Role
from heed.rules import policy
from tests.web.console.test_deciding import REMOVE, send
from tests.web.console.world import World

PAGE = "/console/policy/square"


def written(**changed: str) -> dict[str, str]:
    """The form as it comes, with these fields changed."""
    said = {"why": "Spam came up.", "new-rung": "6"}
    for one in policy.clauses():
        if one.id in policy.FIXED:
            said[f"{one.id}-more"] = ""
        else:
            said |= {f"{one.id}-title": one.title, f"{one.id}-text": one.text}
    return said | changed


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


SPAM = {"new-id": "spam", "new-title": "No spam", "new-text": "Nothing in bulk.", "new-rung": "6"}


def test_a_version_is_looked_at_published_cited_and_stays_readable(world: World) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    assert "Allowed" not in text(dana.get(PAGE))
    seen = text(dana.post(PAGE, written(**SPAM, preview="1")))
    assert "<ins>Nothing in bulk.</ins>" in seen and not PolicyVersion.objects.exists()
    assert dana.post(PAGE, written(**SPAM)).status_code == 302
    version = PolicyVersion.objects.get()
    assert version.name == "square-2"
    assert json.loads(EntryBody.objects.get(event="policy.published").body)["policy"] == "square-2"
    public = text(Client().get("/policy"))
    assert "version square-2" in public and "No spam" in public and "Spam came up." in public
    assert "No spam" not in text(Client().get("/policy?version=1"))
    case = world.case(child=False)
    rae = world.as_("Rae", Role.REVIEWER)
    assert "No spam" in text(rae.get(f"/console/c/{case.number}/"))
    send(rae, case, "decide", {**REMOVE, "clause": "spam", "reasons": "It was sent in bulk."})
    decision = Decision.objects.get()
    assert (decision.clause, decision.policy_version) == ("spam", "square-2")
    gone = {**written(), "spam-title": "No spam", "spam-text": "x", "spam-gone": "on"}
    assert dana.post(PAGE, gone).status_code == 302
    assert PolicyVersion.objects.count() == 2
    assert "No spam" in text(rae.get(f"/console/c/{case.number}/"))
    assert "No spam" in text(Client().get("/policy?version=square-2"))


def test_a_version_holds_from_its_day_and_can_be_withdrawn_until_then(world: World) -> None:
    dana, now = world.as_("Dana", Role.ADMINISTRATOR), timezone.now()
    monday = now + timedelta(days=3)
    said = written(**SPAM, in_force_at=f"{monday:%Y-%m-%dT%H:%M}")
    assert dana.post(PAGE, said).status_code == 302
    version = PolicyVersion.objects.get()
    assert policies.version_at(world.platform.id, now) == "1"
    assert policies.version_at(world.platform.id, monday) == "square-2"
    assert "from" in text(Client().get("/policy?version=square-2"))
    dana.post(f"{PAGE}/{version.id}/off")
    assert policies.version_at(world.platform.id, monday) == "1"
    assert not revise_policy.withdraw(
        version_id=version.id, by=world.added["Dana"].staff_id, now=now
    )
    past = written(**SPAM, in_force_at=f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}")
    refused = dana.post(PAGE, past)
    assert refused.status_code == 422 and "never holds for what was before it" in text(refused)
    assert "Nothing in bulk." in text(refused)
    same = dana.post(PAGE, written())
    assert same.status_code == 422


def test_only_an_administrator_of_the_platform_writes_it(world: World) -> None:
    rae = world.as_("Rae", Role.REVIEWER)
    assert rae.get("/console/policy").status_code == 200
    assert rae.get(PAGE).status_code == 404
    assert rae.post(PAGE, written(**SPAM)).status_code == 404
    world.add_platform("elsewhere", "Elsewhere")
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    assert dana.get("/console/policy/elsewhere").status_code == 404


def test_reasons_begin_in_the_platforms_own_words_and_the_notifiers_language(
    world: World, settings: Settings
) -> None:
    """flows/word_reasons: a text for each clause and language; empty goes back to Heed's own."""
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    dana, case = world.as_("Dana", Role.ADMINISTRATOR), world.case(child=False)
    Notice.objects.update(language="de-AT")
    own = {"other": "Das haben wir entfernt."}
    assert dana.post("/console/reasons/square/de", own).status_code == 302
    rae = world.as_("Rae", Role.REVIEWER)
    assert "Das haben wir entfernt." in text(rae.get(f"/console/c/{case.number}/"))
    refused = dana.post("/console/reasons/square/de", {**own, "none": "Nichts gefunden."})
    assert refused.status_code == 422 and "in words that fit everything" in text(refused)
    assert dana.get("/console/reasons/square/xx").status_code == 404
    assert dana.post("/console/reasons/square/de", {}).status_code == 302
    assert "Das haben wir entfernt." not in text(rae.get(f"/console/c/{case.number}/"))
