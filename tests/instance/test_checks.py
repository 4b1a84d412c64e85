"""`heed test`: what holds alone though it failed beside the others is named; the rest failed."""

from pathlib import Path

import pytest

from heed.instance import checks

ONCE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({often}))
def test_it(number):
    before = Path(f"tried-{{number}}")
    tried = before.exists()
    before.touch()
    assert tried
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with tests of its own."""
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    monkeypatch.setattr(checks, "_parallel", list)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\n")
    (tmp_path / "test_well.py").write_text("def test_well(): pass\n")
    return tmp_path


def test_what_passes_is_not_run_again(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert checks._tests_pass()
    said = capfd.readouterr().out
    assert "1 passed" in said
    assert "alone" not in said and "UNSTEADY" not in said


def test_a_few_that_hold_alone_are_named_as_unsteady(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "test_once.py").write_text(ONCE.format(often=checks.FEW))
    assert checks._tests_pass()
    said = capfd.readouterr().out
    assert "3 failed, 1 passed" in said and "3 passed" in said
    assert said.splitlines()[-3:] == [
        f"UNSTEADY (failed beside the others): test_once.py::test_it[{number}]"
        for number in range(checks.FEW)
    ]


def test_many_are_no_accident(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_once.py").write_text(ONCE.format(often=checks.FEW + 1))
    assert not checks._tests_pass()
    assert "UNSTEADY" not in capfd.readouterr().out


@pytest.mark.parametrize("body", ["def test_ill(): assert 0", "import nothing_of_this_name"])
def test_what_fails_again_has_failed(
    project: Path, capfd: pytest.CaptureFixture[str], body: str
) -> None:
    (project / "test_ill.py").write_text(body + "\n")
    assert not checks._tests_pass()
    assert "UNSTEADY" not in capfd.readouterr().out


def test_what_failed_in_a_run_before_is_not_asked(project: Path) -> None:
    ill = project / "test_ill.py"
    ill.write_text("def test_ill(): assert 0\n")
    assert not checks._tests_pass()
    ill.unlink()
    (project / "test_once.py").write_text(ONCE.format(often=1))
    assert checks._tests_pass()
