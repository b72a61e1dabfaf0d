"""Real ``keliu serve`` and ``keliu worker`` processes that are killed and started again; clients that do not mind."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START = """
import faulthandler, signal
from app.cli import main
faulthandler.register(signal.SIGUSR1)  # where is every thread, if a test wants to know
main()
"""
SERVE = ("serve", "--port", "0")
WORK = ("worker",)
START_SECONDS = 60.0


class Serving:
    """One process of ours; ``port`` is where a server listens now, None while it does not."""

    def __init__(self, url: str, data: Path, command: tuple[str, ...] = SERVE, **settings: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KELIU_")}
        given = {"DATABASE_URL": url, "SECRET_KEY": "s" * 48, "DATA": str(data), **settings}
        self._env = clean | {"PYTHONPATH": str(ROOT)} | {f"KELIU_{name}": value for name, value in given.items()}
        self._command = [sys.executable, "-c", START, *command]
        self.port: int | None = None
        self.log: list[str] = []
        self.start()

    def start(self) -> None:
        """Says that it is ready: a server listens afterwards, a worker works."""
        self._process = subprocess.Popen(self._command, env=self._env, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, self._listening), daemon=True)
        self._reader.start()
        assert self._listening.wait(START_SECONDS), "".join(self.log)

    def _read(self, process: subprocess.Popen[str], listening: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line)
            if '"serving"' in line:
                self.port = int(json.loads(line)["url"].rsplit(":", 1)[1])
            if '"serving"' in line or '"working"' in line:
                listening.set()
        listening.set()

    def account(self) -> str:
        """Its last words, and what each of its threads is doing."""
        self._process.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        return "".join(self.log[-120:])

    def kill(self) -> None:
        """kill -9, whatever it is doing."""
        self._process.kill()
        self._gone()

    def stop(self) -> int:
        """End it as an operator does; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._gone()

    def _gone(self) -> int:
        status = self._process.wait(30)
        self._reader.join(10)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return status


def basic(login: str, password: str) -> str:
    """Credentials as programs of Camunda's send them."""
    return f"Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}"


class Client:
    """A person's program on /engine-rest, content with whichever server answers."""

    def __init__(self, servers: list[Serving], authorization: str) -> None:
        self._headers = {"Authorization": authorization, "Content-Type": "application/json"}
        self._servers = servers
        self._turn = 0

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON; (0, None) when the server died before it answered."""
        self._turn += 1
        port = self._servers[self._turn % len(self._servers)].port
        connection = http.client.HTTPConnection("127.0.0.1", port or 1, timeout=30)
        try:
            connection.request(method, f"/engine-rest{path}", json.dumps(body) if body else None, self._headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            return 0, None
        finally:
            connection.close()
        return answer.status, json.loads(text) if text else None
