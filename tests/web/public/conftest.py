"""A fresh platform."""

import pytest

from tests.flows.stage import Stage


@pytest.fixture
def town(db: None) -> Stage:
    return Stage()
