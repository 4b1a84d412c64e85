"""Each test of the log has its own key and its own place for checkpoints outside the database."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def log_home(settings: Settings, tmp_path: Path) -> Path:
    settings.HEED_VAR = tmp_path
    settings.HEED_SIGNING_KEY_FILE = tmp_path / "keys" / "log.key"
    settings.HEED_LOG_ORIGIN = "heed.example/log"
    return tmp_path


@pytest.fixture
def now() -> datetime:
    return NOW
