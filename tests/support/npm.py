"""Packages from npm that only tests need, fetched by the lock file of their folder."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from build_backend import node_and_npm, node_environment


class FetchFailed(AssertionError):
    """A package could not be fetched or prepared; the message names the command and what it said."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Several test processes may want the same folder at once: one works, the others wait."""
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed(folder: Path, product: Path) -> None:
    """``product``, a file under ``folder/node_modules``, is there afterwards. Raises FetchFailed."""
    with alone(folder):
        if not product.exists():
            fetch(folder)


def fetch(folder: Path) -> None:
    """What the lock file of ``folder`` names is installed, without running scripts of packages. Raises FetchFailed."""
    _node, npm = node_and_npm()
    run(folder, [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])


def run(folder: Path, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run ``command`` in ``folder`` in the environment Node needs. Raises FetchFailed."""
    wanted = node_environment() | (environment or {})
    answer = subprocess.run(command, cwd=folder, env=wanted, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise FetchFailed(f"{' '.join(command)} in {folder} must work:\n{answer.stderr.strip()[-800:]}")
