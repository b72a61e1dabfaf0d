"""Clients other people wrote for Camunda 7, unmodified. The one in JavaScript comes from npm by a lock file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from build_backend import node_and_npm
from tests.support import npm

HERE = Path(__file__).parent
PACKAGE = HERE / "node_modules" / "camunda-external-task-client-js" / "package.json"


@contextmanager
def javascript_worker(address: str, login: str, password: str, topic: str) -> Iterator[subprocess.Popen[str]]:
    """``worker.mjs`` while the block runs; it prints a line for each task."""
    npm.installed(HERE, PACKAGE)
    node, _npm = node_and_npm()
    command = [node, "worker.mjs", address, login, password, topic]
    pipe = subprocess.PIPE
    worker = subprocess.Popen(command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
    try:
        yield worker
    finally:
        worker.communicate(timeout=20)
