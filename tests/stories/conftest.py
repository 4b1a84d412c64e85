"""A fresh platform for each story; and for those told live, a stage of real processes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.story.backstage import Backstage
from examples.story.play import Stage as Live
from heed.instance import demo
from heed.instance.place import SHELTER, Place
from heed.instance.processes import Running
from tests.flows.stage import Stage
from tests.ports import free_port

LiveStage = tuple[Live, Running]


@pytest.fixture
def town(db: None) -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def failpoints() -> Iterator[Path]:
    """A directory: a file in it kills whichever process of the stage reaches the step so named."""
    with tempfile.TemporaryDirectory(dir=os.environ["HEED_TEST_RUN"]) as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def live(failpoints: Path) -> Iterator[LiveStage]:
    """Heed and Townsquare in processes of their own, for one module."""
    directory = Path(tempfile.mkdtemp(dir=os.environ["HEED_TEST_RUN"]))
    directory.chmod(0o755)  # the database's user must be able to pass
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEED_VAR", str(directory))
        for name in ("HEED_DATABASE_URL", "HEED_OWNER_DATABASE_URL", "HEED_PUBLIC_URL"):
            patch.delenv(name, raising=False)
        failing = {"HEED_FAILPOINT": str(failpoints)}
        with demo.stage(free_port(), free_port(), failing) as (stage, heed):
            yield stage, heed
            shutil.rmtree(SHELTER / Place(heed.place.var).name, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def behind(live: LiveStage) -> Backstage:
    return Backstage(live[1])
