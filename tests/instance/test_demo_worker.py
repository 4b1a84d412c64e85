"""The worker of a demonstration is a worker like any other."""

import os
from contextlib import nullcontext

import pytest

from heed import garbage
from heed.instance import boot, cast
from heed.media.models import Platform
from heed.worker import run


@pytest.mark.django_db
def test_the_demonstrations_worker_opens_evidence_for_a_filing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without that its tips went without the copies, and cases said that their key was lost."""
    Platform.objects.create(
        slug=cast.SLUG, name="Townsquare", url_prefixes=[], callback_secret="x",
        added_at="2026-01-01T00:00Z",
    )  # fmt: skip
    monkeypatch.setenv("HEED_OPENS", "")
    monkeypatch.delenv("HEED_OPENS")
    opens: list[str | None] = []
    monkeypatch.setattr(garbage, "rarely", lambda: None)
    monkeypatch.setattr(boot, "booted", nullcontext)
    monkeypatch.setattr(run, "main", lambda: opens.append(os.environ.get("HEED_OPENS")))
    cast.main()
    assert opens == ["filing"]
