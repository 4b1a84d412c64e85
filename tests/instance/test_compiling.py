"""What was compiled for one version of the index is never taken for another."""

from pathlib import Path

import pytest

from heed.instance import compiling
from heed.instance.boot import environment
from heed.instance.place import Place


def kept(var: Path) -> Path:
    return Path(environment(Place(var), database_url="postgresql:///none")["NUMBA_CACHE_DIR"])


@pytest.mark.parametrize("named", ["", "elsewhere"])
def test_each_version_has_a_directory_of_its_own_wherever_that_is(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var, directory = tmp_path / "var", tmp_path / (named or "var/compiled")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(directory) if named else "")
    now = kept(var)
    assert now.parent == directory
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(now))  # as a process of ours is told
    assert kept(var) == now
    monkeypatch.setattr(compiling, "_digest", lambda: "another")
    assert kept(var) != now
