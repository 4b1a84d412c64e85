"""`heed doctor` says what a person still has to do before Heed is used for real."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from heed.flows.manage_operator import set_operator
from heed.instance import tipline_accounts
from heed.instance.before_use import todo
from heed.people.models import Role
from tests.flows.stage import Stage
from tests.integrations.test_ncmec_documents import OPERATOR


def said() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in todo():
        found[one.about] = f"{found.get(one.about, '')}{one.says} -> {one.how}\n"
    return found


@pytest.mark.django_db
def test_registration_credentials_contact_point_and_counsel_are_asked_for(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    stage = Stage("town", evidence_url="https://town.example/e/{ref}")
    found = said()
    assert "register as an electronic service provider" in found["NCMEC"]
    assert "one person as point of contact" in found["town: contact point"]
    assert "ask counsel" in found["town: counsel"] and "ask counsel" in found["laws"]
    assert "HEED_MAIL_URL" in found["mail"] and "TLS" in found["address"]
    assert "town: people" in found and "may answer officers" in found["town: officers"]
    assert "HEED_DSA_TOKEN" in found["DSA Transparency Database"]
    assert "HEED_EVIDENCE_MODE" in found["evidence"] and "second-hand" in found["laws"]
    for about in ("duty", "hours", "emergency"):
        assert "/console/duty" in found[f"town: {about}"]
    settings.HEED_JURISDICTION = "UK"
    assert "Childline, Report Remove, Revenge Porn Helpline, Take It Down" in said()["help lines"]
    settings.HEED_JURISDICTION = "EU"
    assert "nobody has checked Take It Down" in said()["help lines"]
    settings.HEED_STATUTES, settings.HEED_EVIDENCE_MODE = ["uk_osa", "us_2702"], "bytes"
    assert "register with the NCA" in said()["NCA"]
    assert not {"evidence", "DSA Transparency Database"} & set(said())
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
    settings.HEED_NCMEC_PLATFORMS = {
        "town": {"environment": "test", "url": "", "user": "u", "password": "p"}, "gone": {},
    }  # fmt: skip
    found = said()
    assert "nobody is told" in found["town: NCMEC"] and "'gone'" in found["NCMEC"]
    settings.HEED_NCMEC_PLATFORMS = {}
    assert not {
        "town: officers",
        "NCMEC",
        "town: contact point",
        "town: counsel",
        "town: people",
    } & set(said())


def test_credentials_of_one_platform_lie_apart_for_test_and_production(tmp_path: Path) -> None:
    whole = {"environment": "production", "test": {"user": "t", "password": "1"},
             "production": {"user": "p", "password": "2"}}  # fmt: skip
    (tmp_path / "square.json").write_text(json.dumps(whole))
    urls = {"test": "https://test.example", "production": "https://real.example"}
    environ = {"HEED_NCMEC_OF_TOWN_HALL": json.dumps({**whole, "environment": "test"})}
    found = tipline_accounts.accounts(tmp_path, environ, urls)
    assert {slug: (one["url"], one["user"]) for slug, one in found.items()} == {
        "square": ("https://real.example", "p"), "town-hall": ("https://test.example", "t"),
    }  # fmt: skip
    for wrong in ("{", "[]", '{"environment": "live"}', '{"environment": "test"}'):
        (tmp_path / "square.json").write_text(wrong)
        with pytest.raises(tipline_accounts.BadAccount, match=r"square\.json"):
            tipline_accounts.accounts(tmp_path, {}, urls)
    assert tipline_accounts.accounts(tmp_path / "none", {}, urls) == {}
