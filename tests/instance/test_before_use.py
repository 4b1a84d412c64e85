"""`heed doctor` says what a person still has to do before Heed is used for real."""

from datetime import UTC, datetime
from typing import Any

import pytest

from heed.flows.manage_operator import set_operator
from heed.instance.before_use import todo
from heed.people.models import Role
from tests.flows.stage import Stage
from tests.integrations.test_ncmec_documents import OPERATOR


def said() -> dict[str, str]:
    return {one.about: f"{one.says} -> {one.how}" for one in todo()}


@pytest.mark.django_db
def test_registration_credentials_contact_point_and_counsel_are_asked_for(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    stage = Stage("town", evidence_url="https://town.example/e/{ref}")
    found = said()
    assert "register as an electronic service provider" in found["NCMEC"]
    assert "one person as point of contact" in found["town: contact point"]
    assert "ask counsel" in found["town: counsel"] and "ask counsel" in found["laws"]
    assert "HEED_MAIL_URL" in found["mail"] and "TLS" in found["address"]
    assert "town: people" in found
    settings.HEED_NCMEC = {"environment": "test", "url": "", "user": "u", "password": "p"}
    assert "nobody is told" in said()["NCMEC"]
    settings.HEED_NCMEC |= {"environment": "production", "password": ""}
    assert "HEED_NCMEC_PRODUCTION_USER" in said()["NCMEC"]
    settings.HEED_NCMEC |= {"password": "p"}
    for name in ("Rae", "Sam"):
        stage.staff(name, Role.CHILD_SAFETY, Role.SENIOR, Role.ADMINISTRATOR)
    set_operator(
        platform_id=stage.platform_id, operator=OPERATOR, counsel="Somebody", by=None,
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    assert not {"NCMEC", "town: contact point", "town: counsel", "town: people"} & set(said())
