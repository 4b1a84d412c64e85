"""Runs a program that ends when its parent does: `leash.py PARENT SIGNAL USER PROGRAM ARGUMENT...`.

A script of the standard library only, run in a process of its own so that nothing must happen
between `fork` and `exec` of a process with threads. Giving up root comes first: the kernel
forgets the parent's-death signal when the user changes, and keeps it through `exec`.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def command(death_signal: int, user: str | None = None) -> list[str]:
    """What to put before a program's own command line, to start it on a leash of this process."""
    script = [sys.executable, "-I", "-S", __file__]
    return [*script, str(os.getpid()), str(int(death_signal)), user or "-"]


def tie(parent: int, death_signal: int) -> None:
    """From now on the kernel sends this process `death_signal` when `parent` ends (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit(1)


def main(parent: int, death_signal: int, user: str, program: list[str]) -> None:
    """Gives up root for `user` (or `-`), ties itself to `parent`, becomes `program`."""
    if user != "-":
        who = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)
    tie(parent, death_signal)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
