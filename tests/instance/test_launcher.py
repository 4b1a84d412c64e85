"""`./heed`: from a fresh checkout to the command line, and what it says when it can't."""

import ast
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from heed.instance.place import ROOT

pytestmark = pytest.mark.processes
OLDEST_READER = (3, 6)  # what must still be able to read the file, to say that it is too old


@pytest.fixture
def launcher() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("launcher", str(ROOT / "heed"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout whose locks name no packages and whose command line says its arguments."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "heed", root / "heed")
    (root / "requirements").mkdir()
    for name in ("uv", "runtime", "dev"):
        (root / "requirements" / f"{name}.txt").write_text("# nothing\n")
    package = root / "src" / "heed"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys; print('ran', *sys.argv[1:])\n")
    yield root
    shutil.rmtree(root)


def run(root: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "heed", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_makes_its_packages_once_then_hands_over(checkout: Path) -> None:
    first = run(checkout, "up", "--port", "8010", PYTHONDONTWRITEBYTECODE="1")
    assert (checkout / "src/heed/__pycache__").exists(), "every start would compile everything"
    assert first.stdout.splitlines()[-1] == "ran up --port 8010", first.stderr
    assert "Making .venv" in first.stdout
    assert run(checkout, "verify").stdout == "ran verify\n"


def test_a_changed_lock_is_installed_before_anything_runs(checkout: Path) -> None:
    run(checkout)
    (checkout / "requirements" / "runtime.txt").write_text("# another nothing\n")
    again = run(checkout, "up")
    assert "Installing 0 packages (requirements/runtime.txt)" in again.stdout
    assert "Making .venv" not in again.stdout
    assert run(checkout, "up").stdout == "ran up\n"


def test_the_tests_need_more_than_the_rest_and_what_they_have_is_enough_for_it(
    checkout: Path,
) -> None:
    run(checkout)
    assert "requirements/dev.txt" in run(checkout, "test").stdout
    assert run(checkout, "up").stdout == "ran up\n"


def test_packages_left_half_made_are_made_anew(checkout: Path) -> None:
    run(checkout)
    (checkout / ".venv" / "heed-making").touch()
    (checkout / ".venv" / "bin" / "pip").unlink()
    again = run(checkout, "up")
    assert "Making .venv" in again.stdout
    assert again.stdout.splitlines()[-1] == "ran up"


def test_no_network_is_one_clear_line(checkout: Path) -> None:
    run(checkout)
    lock = checkout / "requirements" / "runtime.txt"
    before = lock.read_text()
    lock.write_text(f"typer==0.1.0 --hash=sha256:{'0' * 64}\n")
    closed = "http://127.0.0.1:9/simple"  # the discard port: nobody listens
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
    refused = run(checkout, "up", PIP_INDEX_URL=closed, **offline)
    lock.write_text(before)
    assert refused.returncode == 1
    assert refused.stderr.startswith("heed: ")
    assert "There is no network" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert run(checkout, "up").stdout.splitlines()[-1] == "ran up"


def test_an_old_python_can_read_it_to_say_that_it_is_too_old() -> None:
    ast.parse((ROOT / "heed").read_text(), feature_version=OLDEST_READER)


def test_an_old_python_without_a_newer_one_beside_it_is_told_what_to_install(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(launcher.Cannot, match=r"Python 3\.11 or newer, and this is 3\.10\."):
        launcher.need_python()


def test_a_python_without_venv_is_told_which_package_has_it(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    package = f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    with pytest.raises(launcher.Cannot, match=package):
        launcher.need_venv_module()
