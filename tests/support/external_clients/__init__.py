"""Clients other people wrote for Camunda 7, unmodified. The one in JavaScript comes from npm by a lock file."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from build_backend import node_and_npm, node_environment

HERE = Path(__file__).parent
PACKAGE = HERE / "node_modules" / "camunda-external-task-client-js" / "package.json"


def _install() -> None:
    with open(HERE / ".lock", "w", encoding="ascii") as lock:  # several test processes may ask at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if PACKAGE.exists():
            return
        _node, npm = node_and_npm()
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        answer = subprocess.run(command, cwd=HERE, env=node_environment(), capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"npm ci --ignore-scripts in {HERE} must work:\n{answer.stderr[-800:]}"


@contextmanager
def javascript_worker(address: str, login: str, password: str, topic: str) -> Iterator[subprocess.Popen[str]]:
    """``worker.mjs`` while the block runs; it prints a line for each task."""
    _install()
    node, _npm = node_and_npm()
    command = [node, "worker.mjs", address, login, password, topic]
    pipe = subprocess.PIPE
    worker = subprocess.Popen(command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
    try:
        yield worker
    finally:
        worker.communicate(timeout=20)
