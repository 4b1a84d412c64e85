"""`heed test`: what must hold before a change goes in."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from heed.instance.place import ROOT
from heed.instance.trouble import Trouble

_BIN = Path(sys.executable).parent
AT_MOST_SECONDS = 70 * 60  # for one step: a run that hangs says so, rather than being cut off
FEW = 3  # tests that fail beside the others may show that they hold alone; more is no accident


class NoChromium(Trouble):
    """The browser tests cannot run, and CI does not let them be skipped."""


class NoProxy(Trouble):
    """The tests of what stands before Heed cannot run, and CI does not let them be skipped."""


@dataclass(frozen=True)
class Step:
    """One check."""

    name: str
    command: Sequence[str]


PROXIES = {"nginx": "nginx-light", "caddy": "caddy"}  # program and Debian's package of it
QUICK = (
    Step("ruff check", ("ruff", "check", ".")),
    Step("ruff format", ("ruff", "format", "--check", ".")),
    Step("import-linter", ("lint-imports",)),
)
TYPES = Step("mypy --strict", ("mypy",))


def run(arguments: Sequence[str]) -> int:
    """Runs all steps, or pytest alone when it is given `arguments`. 0 when all passed."""
    ensure_chromium()
    ensure_proxies()
    if arguments:
        failed = [] if _passes(Step("pytest", ("pytest", *arguments))) else ["pytest"]
    else:
        failed = _all()
    if failed:
        print(f"Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def _all() -> list[str]:
    """The names of what failed. Types are checked beside the tests, in the pauses that they leave:
    for a database, a browser, a process that starts.
    """
    failed = [step.name for step in QUICK if not _passes(step)]
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(_passes_beside, TYPES)
        if not _tests_pass():
            failed.append("pytest")
        return failed if types.result() else [*failed, TYPES.name]


def _tests_pass() -> bool:
    """Whether all tests pass: together, or the few that failed once more, alone.

    On a shared host a browser or a process may be stopped for longer than any test waits. What
    passes alone is named as unsteady, last and loudly: it is a fault, of the test or of Heed.
    """
    if _passes(Step("pytest", ("pytest", "--cache-clear", *_parallel()))):
        return True
    few = _few_failed()
    if not few or not _passes(Step("pytest, what failed alone", ("pytest", *few))):
        return False
    print("\n".join(f"UNSTEADY (failed beside the others): {name}" for name in few), flush=True)
    return True


def _few_failed() -> list[str]:
    """The tests that failed in the run just ended, as pytest keeps them; none where too many."""
    kept = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    failed = list(json.loads(kept.read_text())) if kept.exists() else []
    return failed if len(failed) <= FEW else []


def ensure_chromium() -> None:
    """Installs Chromium where we may; else says what is skipped. Raises `NoChromium` under CI."""
    if chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests (apt-get)", flush=True)
        _apt_install("chromium")
    if chromium():
        return
    if os.environ.get("CI") == "true":
        raise NoChromium("The browser tests need Chromium: apt install chromium")
    print("Chromium is not here: the browser tests are skipped (apt install chromium)", flush=True)


def chromium() -> Path | None:
    """The browser for tests, or None. `HEED_CHROMIUM` names another than the first on the path."""
    named = os.environ.get("HEED_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    found = [path for path in map(shutil.which, names) if path]
    return next((Path(path) for path in found if _runs(path)), None)


def _runs(path: str) -> bool:
    """Ubuntu's package is a stub that only says where the browser could be had."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def ensure_proxies() -> None:
    """Installs nginx and Caddy where we may; else says what is skipped. Raises `NoProxy` in CI."""
    missing = [name for name in PROXIES if not program(name)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(
            f"Installing {' and '.join(missing)} for the tests of the proxy (apt-get)", flush=True
        )
        _apt_install(*(PROXIES[name] for name in missing))
        missing = [name for name in PROXIES if not program(name)]
    if not missing:
        return
    remedy = f"apt install {' '.join(PROXIES[name] for name in missing)}"
    if os.environ.get("CI") == "true":
        raise NoProxy(f"The tests of the reverse proxy need {' and '.join(missing)}: {remedy}")
    print(f"{' and '.join(missing)}: not here, its tests are skipped ({remedy})", flush=True)


def program(name: str) -> Path | None:
    """A server for tests, or None; Debian keeps some off an ordinary user's path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def _apt_install(*packages: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # start no service
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    subprocess.run(["apt-get", "update", "-q"], env=quiet, capture_output=True, check=False)
    done = subprocess.run(install, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-3:]), flush=True)


def _parallel() -> list[str]:
    """Three workers where there is room for two: one of them always waits, for a process that
    starts or a page that comes. Each has a database of its own.

    The order is the suite's own (`tests/conftest.py`): files of few tests may be the longest.
    """
    three = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    return three if (os.cpu_count() or 1) > 1 else []


def _passes(step: Step) -> bool:
    print(f"== {step.name}", flush=True)
    began = time.monotonic()
    code: int | None = None
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(_command(step), cwd=ROOT, check=False, timeout=AT_MOST_SECONDS)
        code = done.returncode
    print(_verdict(step, code, time.monotonic() - began), flush=True)
    return code == 0


def _passes_beside(step: Step) -> bool:
    """The same for a step that comes last where there is little room; it speaks when it is done."""
    began, said = time.monotonic(), ""
    code: int | None = None
    gently = ["nice", "-n", "15"] if shutil.which("nice") else []
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            [*gently, *_command(step)], cwd=ROOT, check=False, timeout=AT_MOST_SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        code, said = done.returncode, done.stdout
    verdict = _verdict(step, code, time.monotonic() - began)
    print(f"\n== {step.name}\n{said}{verdict}", flush=True)
    return code == 0


def _command(step: Step) -> list[str]:
    return [str(_BIN / step.command[0]), *step.command[1:]]


def _verdict(step: Step, code: int | None, seconds: float) -> str:
    if code is None:
        return f"== {step.name}: FAILED (it hung, and was ended) in {seconds:.1f} s"
    passed = "passed" if code == 0 else f"FAILED (status {code})"
    return f"== {step.name}: {passed} in {seconds:.1f} s"
