"""SIGTERM to a server, to gunicorn and to a worker: who was accepted is answered, and all are gone in ten seconds."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from app.migrations import doorbell
from tests.support.application import Databases

ROOT = Path(__file__).resolve().parents[2]
KELIU = [sys.executable, "-c", "from app.cli import main; main()"]
COMMANDS = {
    "serve": [*KELIU, "serve", "--port", "0"],
    "worker": [*KELIU, "worker", "--threads", "2"],
    "gunicorn": [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "4", "--graceful-timeout", "10"]
    + ["--bind", "127.0.0.1:0", "app.wsgi:application"],
}
READY = {"serve": r'"url": "http://127\.0\.0\.1:(\d+)"', "worker": r'"working"()', "gunicorn": r"127\.0\.0\.1:(\d+)"}
LOGIN, PASSWORD = "kang.ning", "keliu-demo"
DRAINED = 10.0
SLACK = 10.0
"""For a machine that is busy with other things."""


class Process:
    """One process of an installation, and what it says."""

    def __init__(self, kind: str, environment: dict[str, str]) -> None:
        self.kind = kind
        self.port = 0
        self.said: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(COMMANDS[kind], env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if not self._ready.is_set() and (found := re.search(READY[self.kind], line)):
                self.port = int(found[1] or 0)
                self._ready.set()
        self._ready.set()

    def wait(self) -> None:
        assert self._ready.wait(60) and self.process.poll() is None, "".join(self.said)

    def terminate(self) -> float:
        """Seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, "".join(self.said[-60:])
        return time.monotonic() - began

    def gone(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        assert self.process.stderr is not None
        self.process.stderr.close()


@pytest.fixture
def installation(databases: Databases, tmp_path: Path) -> Iterator[dict[str, Process]]:
    url = databases.fresh("postgresql", company=True)
    database = create_engine(url)
    with database.connect() as connection:
        doorbell.upgrade(connection)
    database.dispose()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KELIU_")}
    given = {"DATABASE_URL": url, "SECRET_KEY": "s" * 48, "DATA": str(tmp_path), "DOORBELL": "procrastinate"}
    environment = clean | {"PYTHONPATH": str(ROOT)} | {f"KELIU_{name}": value for name, value in given.items()}
    with ExitStack() as stack:
        running = {kind: Process(kind, environment) for kind in COMMANDS}
        for process in running.values():
            stack.callback(process.gone)
        for process in running.values():
            process.wait()
        yield running
    databases.drop(url)


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    credentials = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_whoever_was_accepted_is_answered_when_the_servers_are_told_to_end(installation: dict[str, Process]) -> None:
    topics = [{"topicName": "nothing_here", "lockDuration": 1000}]
    fetch = {"workerId": "outside", "maxTasks": 1, "asyncResponseTimeout": 30_000, "topics": topics}
    answers: dict[str, list[object]] = {"serve": [], "gunicorn": []}
    waiting = []

    def wait_for_work(kind: str) -> None:
        try:
            answers[kind].append(ask(installation[kind].port, "POST", "/engine-rest/external-task/fetchAndLock", fetch))
        except (OSError, http.client.HTTPException) as lost:
            answers[kind].append(lost)

    for kind in answers:
        while ask(installation[kind].port, "GET", "/readyz")[0] != 200:
            time.sleep(0.1)
        waiting.append(threading.Thread(target=wait_for_work, args=(kind,)))
    for thread in waiting:
        thread.start()
    time.sleep(1.5)
    assert answers == {"serve": [], "gunicorn": []}

    took = {kind: process.terminate() for kind, process in installation.items()}

    for thread in waiting:
        thread.join(10)
    assert answers == {"serve": [(200, b"[]\n")], "gunicorn": [(200, b"[]\n")]}
    assert {kind for kind, seconds in took.items() if seconds > DRAINED + SLACK} == set()
