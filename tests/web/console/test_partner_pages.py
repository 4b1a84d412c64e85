"""The console's page of partners: inviting, warning, and who may not answer."""

from heed.people.models import Role
from heed.people.partner_models import Partner
from tests.web.console.world import World


def test_a_senior_invites_warns_and_somebody_else_answers(world: World) -> None:
    rae = world.as_("Rae", Role.SENIOR)
    said = {"name": "Hotline", "kind": "hotline", "platform": world.platform.slug}
    nothing = rae.post("/console/partners/invite", said, follow=True)
    assert "Nobody was invited" in nothing.content.decode()
    assert 'value="Hotline"' in nothing.content.decode()
    shown = rae.post("/console/partners/invite", {**said, "field": ["minor_sexual"]})
    assert "/partner/" in shown.content.decode()
    partner = Partner.objects.get()
    Partner.objects.update(state="active")
    at = f"/console/partners/{partner.id}"
    assert "say why" in rae.post(f"{at}/warn", {}, follow=True).content.decode()
    assert (
        "These were statues."
        in rae.post(f"{at}/warn", {"reasons": "These were statues."}, follow=True).content.decode()
    )
    soon = rae.post(f"{at}/pause", {"reasons": "Again."}, follow=True)
    assert "leave a week" in soon.content.decode()
    assert "Again.</textarea>" in soon.content.decode()
    assert "precision" in world.as_("Sam", Role.AUDITOR).get("/console/partners").content.decode()
    assert world.as_("Ola", Role.LIAISON).post(f"{at}/warn").status_code == 404
