"""Where an instance keeps its things, and as whom its database runs.

Everything lies under `var/` (or `HEED_VAR`). One case is different: PostgreSQL refuses to run as
root, so for root it runs as `nobody`, and where `nobody` cannot reach the checkout (a 0700 home)
the database lies under `/var/lib/heed/<instance>`, with a link to it in `var/`.
"""

import fcntl
import os
import pwd
import secrets
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heed.instance.trouble import Trouble

ROOT = Path(__file__).resolve().parents[3]
# PYTHONPATH of our processes: Heed, the examples, and the client that they use.
IMPORTS = os.pathsep.join(map(str, (ROOT / "src", ROOT, ROOT / "clients" / "python")))
SHELTER = Path("/var/lib/heed")
LONGEST_SOCKET_BYTES = 100  # the kernel's limit is 107 on Linux, 103 on macOS
SOCKET_NAME = ".s.PGSQL.5432"
UNPRIVILEGED = "nobody"


class NotReachable(Trouble):
    """The database's user may not enter the database's directory."""


class NotOurs(Trouble):
    """A directory that we would use belongs to somebody else."""


@dataclass(frozen=True)
class Place:
    """One instance's directory. Two instances with two directories run side by side."""

    var: Path

    @property
    def keys(self) -> Path:
        """Secrets, readable by the user who runs Heed alone."""
        return self.var / "keys"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.var / "log"

    @property
    def vault_keys(self) -> Path:
        """The vault's key files, unless `HEED_VAULT_KEYS` names another directory."""
        return self.keys / "vault"

    @property
    def viewer_socket(self) -> Path:
        """Where the viewer listens: in `var`, or where a path is short enough for the kernel."""
        usual = self.var / "viewer" / "socket"
        if len(os.fsencode(usual)) <= LONGEST_SOCKET_BYTES:
            return usual
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        near = Path(runtime) if runtime and Path(runtime).is_dir() else Path("/tmp")
        return near / f"{self.name}-viewer-{os.getuid()}" / "socket"

    @property
    def lock(self) -> Path:
        """Held by whoever has started the database of this instance."""
        return self.var / "lock"

    def runs_at(self) -> str:
        """The address of the `heed up` that runs from here now, or an empty string."""
        if not self.lock.exists():
            return ""
        with self.lock.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                words = lock.read().split()
                return words[1] if words[:1] == ["up"] else ""
        return ""

    @cached_property
    def name(self) -> str:
        """A short random name, made once. It travels with the directory when that is moved."""
        path = self.var / "instance"
        self.var.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x") as file:
                file.write("heed-" + secrets.token_hex(4) + "\n")
        except FileExistsError:
            pass
        return path.read_text().strip()

    @cached_property
    def data(self) -> Path:
        """The database's directory. Raises `NotReachable` rather than begin a second, empty one."""
        usual = self.var / "postgres"
        if usual.is_symlink():
            return usual.readlink()
        if usual.exists():
            if not reachable(usual.parent):
                raise NotReachable(
                    f"The database in {usual} is out of reach of the user {UNPRIVILEGED}, who "
                    f"runs it for root. Give the directories above it o+x, or move the checkout."
                )
            return usual
        self.var.mkdir(parents=True, exist_ok=True)
        if reachable(self.var):
            return usual
        usual.symlink_to(self.shelter / "postgres")
        return self.shelter / "postgres"

    @property
    def shelter(self) -> Path:
        """What root's database needs where `nobody` can reach it."""
        return SHELTER / self.name

    def open_shelter(self) -> None:
        """Makes the shelter, which holds nothing but 0700 directories and copies of binaries."""
        for path in (SHELTER, self.shelter):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)

    @cached_property
    def socket(self) -> Path:
        """The directory of the database's socket, with a path short enough for the kernel."""
        beside = self.data.parent / "run"
        if len(os.fsencode(beside / SOCKET_NAME)) <= LONGEST_SOCKET_BYTES:
            return beside
        if runs_as_root():
            return self.shelter / "run"
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if runtime and Path(runtime).is_dir():
            return Path(runtime) / self.name
        return Path("/tmp") / f"{self.name}-{os.getuid()}"


def here() -> Place:
    """The instance of `HEED_VAR`, else `var/` in the checkout."""
    return Place(Path(os.environ.get("HEED_VAR") or ROOT / "var").expanduser().absolute())


def runs_as_root() -> bool:
    """Whether the database must run as somebody else."""
    return os.geteuid() == 0


def reachable(path: Path) -> bool:
    """Whether the database's user may enter `path`. Always so unless we are root."""
    if not runs_as_root():
        return True
    nobody = pwd.getpwnam(UNPRIVILEGED)
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def make_private(path: Path) -> None:
    """Makes `path` a 0700 directory of the database's user. Its parent exists. Raises `NotOurs`."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = pwd.getpwnam(UNPRIVILEGED) if runs_as_root() else None
    ours = {os.geteuid(), owner.pw_uid if owner else os.geteuid()}
    if path.is_symlink() or path.lstat().st_uid not in ours:
        raise NotOurs(
            f"{path} belongs to another user. Remove it, or set HEED_VAR to another place."
        )
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    path.chmod(0o700)
