"""Where tests put files that are gone afterwards: in memory where there is plenty.

Making a PostgreSQL database by copying a template writes nine hundred files; a disk takes eight times as long for that.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")  # nothing secret; every folder in it is made by mkdtemp
PLENTY = 6 * 1024**3
"""Bytes. A whole run with four processes needs less than two gigabytes at a time."""


def folder() -> str | None:
    """A file system in memory with plenty of room, or None: take the ordinary place."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < PLENTY:
        return None
    return str(MEMORY) if _available() >= PLENTY else None


def _available() -> int:
    """Bytes of memory nobody needs now."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return int(found.get("MemAvailable", "0 kB").split()[0]) * 1024
