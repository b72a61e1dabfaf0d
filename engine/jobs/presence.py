"""Which process a worker belongs to, and whether that process is still alive.

A worker's name says where it runs: ``worker@host/machine/process/thread``. On the same machine a name is enough to know
that its process is gone, so its jobs need not wait for their lease. A name from elsewhere says nothing.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import threading
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")
FIRST_NAMESPACE = "pid:[4026531836]"
"""What Linux calls the namespace of processes outside every container."""
MACHINE = Path("/etc/machine-id")


def worker_name(kind: str) -> str:
    """A name no other thread of any process has, now or after a restart."""
    host = socket.gethostname()[:30]
    return f"{kind[:12]}@{host}/{machine()}/{_process(os.getpid())}/{threading.get_ident()}"


def is_dead(worker: str | None, *, alone: bool = False) -> bool:
    """True when the worker's process runs no more. Of other machines we know nothing, unless we are ``alone``: then
    whoever was there is gone. Names of another form are nobody's."""
    parts = (worker or "").split("/")
    if len(parts) != 4:
        return False
    _, elsewhere, process, _ = parts
    if elsewhere != machine():
        return alone
    pid = process.partition(".")[0]
    return pid.isdecimal() and _process(int(pid)) != process


@functools.cache
def machine() -> str:
    """What all processes share that see each other by number. A container is a machine of its own, and a new one after
    each start; outside of containers a machine is the same after a reboot."""
    namespace = os.readlink(NAMESPACE) if NAMESPACE.exists() else ""
    lasting = namespace in ("", FIRST_NAMESPACE)
    marks = [socket.gethostname(), namespace, _text(MACHINE if lasting else BOOT)]
    return _short("/".join(marks))


def _process(pid: int) -> str:
    """Number and start of a living process; numbers are used again. Without /proc the number alone; "" when gone."""
    stat = _text(Path(f"/proc/{pid}/stat"))
    if not stat:
        return "" if BOOT.exists() or not _answers(pid) else str(pid)
    # The second field is the program's name, which may contain spaces and brackets; the 22nd field is the start.
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{pid}.{_short(_text(BOOT) + fields[18])}"


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _short(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()
