"""How the decoder locks itself in, after its imports and before it sees a stranger's bytes.

Everywhere: limits of memory, processor time, file size and open files. On Linux also Landlock (no
path can be opened, no socket connected) and a seccomp list of the few calls that decoding needs.
"""

import contextlib
import ctypes
import errno
import os
import resource
import signal
import struct
import sys
from typing import Any

MEMORY_BYTES = 2 << 30  # of address space: 100 megapixels need 0.5 GiB, twice while converted
OPEN_FILES = 16
LIMITS, LANDLOCK, SECCOMP = "limits", "landlock", "seccomp"
FULL = (LIMITS, LANDLOCK, SECCOMP)

# Linux, from <linux/prctl.h>, <linux/landlock.h> and asm-generic/unistd.h (one number everywhere).
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION = 1
_CLONE_THREAD = 0x00010000
_NEEDED_CALLS = (
    *("read", "write", "readv", "writev", "close", "fstat", "newfstatat", "lseek", "dup", "fcntl"),
    *("mmap", "munmap", "mprotect", "mremap", "brk", "madvise", "futex", "membarrier", "rseq"),
    *("sched_yield", "sched_getaffinity", "getrandom", "getpid", "gettid", "tgkill", "getrusage"),
    *("clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "poll", "ppoll", "select"),
    *(
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "restart_syscall",
        "pselect6",
    ),
    *("exit", "exit_group", "prlimit64", "setrlimit", "getrlimit", "set_robust_list", "setitimer"),
    *(
        "alarm",
        "dup2",
        "dup3",
        "uname",
        "sysinfo",
        "sched_getparam",
        "sched_getscheduler",
        "epoll_wait",
    ),
)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """On Linux, be killed when the thread that started this process ends."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _limit() -> None:
    wanted = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,  # pipes are not files: answers still pass
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    for name, most in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(name, (most, most))


def limit_job(seconds: int) -> None:
    """Bound the next job: processor time from now on, and an alarm by the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    signal.alarm(seconds + 2)  # the server kills sooner; this is for when the server is gone


def end_job() -> None:
    """Lift the alarm, so that waiting for work is not bounded."""
    signal.alarm(0)


def _landlock() -> bool:
    """Refuse every path, TCP port, abstract socket and signal. False where the kernel can't."""
    libc = _libc()
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    files = (1 << 13) - 1
    files |= sum(1 << bit for bit, since in ((13, 2), (14, 3), (15, 5)) if version >= since)
    network, scopes = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    rules = struct.pack("QQQ", files, network, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    descriptor = libc.syscall(_LANDLOCK_CREATE_RULESET, rules, size, 0)
    if descriptor < 0:
        return False
    done: bool = libc.syscall(_LANDLOCK_RESTRICT_SELF, descriptor, 0) == 0
    os.close(descriptor)
    return done


def _filter_library() -> Any:
    """pyseccomp, or None where it or the system's libseccomp is missing."""
    try:
        import pyseccomp  # looks for its library with other programs: before anything is locked
    except (ImportError, OSError, RuntimeError):
        return None
    return pyseccomp


def _seccomp(pyseccomp: Any) -> bool:
    """Allow only what decoding needs."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in _NEEDED_CALLS:
        with contextlib.suppress(Exception):  # not every call exists on every machine
            rules.add_rule(pyseccomp.ALLOW, name)
    # Threads yes, processes no. clone3 hides its flags: "not there" makes libc use clone.
    thread = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
    rules.add_rule(pyseccomp.ALLOW, "clone", thread)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()
    return True


def confine() -> tuple[str, ...]:
    """Lock this process in for good. Answers with the measures that hold."""
    pyseccomp = _filter_library() if sys.platform == "linux" else None
    _limit()
    held = [LIMITS]
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        held += [LANDLOCK] if _landlock() else []
        held += [SECCOMP] if pyseccomp and _seccomp(pyseccomp) else []
    return tuple(held)
