"""What people type, and what they read when it cannot be done."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import migrations
from app.cli import cli
from config import Settings

ROOT = Path(__file__).resolve().parents[2]
KELIU = [sys.executable, "-c", "from app.cli import main; main()"]
READY = re.compile(r"Keliu is ready at (http://\S+)")


def keliu(*arguments: str, **env: str) -> Result:
    """Run a command to its end."""
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("KELIU_")}
    return CliRunner().invoke(cli, arguments, env=given | env, catch_exceptions=False)


class Running:
    """A ``keliu demo`` in the background."""

    def __init__(self, *arguments: str) -> None:
        command = [*KELIU, "demo", "--port", "0", *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("KELIU_")}
        self.process = subprocess.Popen(
            command, env=env | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := READY.search(line):
                self.url = found[1]
                return
        raise AssertionError("".join(self.lines))

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        assert self.process.stdout is not None
        self.lines += self.process.stdout.readlines()
        self.process.stdout.close()
        return status


@contextmanager
def demo(*arguments: str) -> Iterator[Running]:
    running = Running(*arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo company, loaded by the first test that runs the demo."""
    return tmp_path_factory.mktemp("demo")


def people_in(data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((data / "people.json").read_text("utf-8"))
    return found


def test_the_demo_prints_everybody_and_serves_until_it_is_told_to_stop(data: Path) -> None:
    file = data / "people.json"
    with demo("--data", str(data), "--users-json", str(file)) as running:
        text = "".join(running.lines)
        people = people_in(data)
        assert {"login", "password", "name", "groups", "admin"} == set(people[0])
        assert any(person["admin"] for person in people)
        for person in people:
            assert person["login"] in text and person["name"] in text
        assert people[0]["password"] in text
        assert "✓ Processes and forms" in text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert running.get("/healthz") == (200, '{"status":"ok"}\n')
        assert running.get("/readyz")[0] == 200
        assert running.get("/login")[0] == 200
        assert running.stop() == 0


def test_the_demo_again_adds_nothing(data: Path) -> None:
    with demo("--data", str(data), "--users-json", str(data / "again.json")) as running:
        assert json.loads((data / "again.json").read_text("utf-8")) == people_in(data)
        second = keliu("demo", "--data", str(data), "--port", "0")
        assert second.exit_code == 1
        assert f"another 'keliu demo' is running on {data}" in second.stderr
        assert running.stop() == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = keliu("demo", "--data", str(tmp_path), "--port", str(port))
    assert refused.exit_code == 1
    assert f"port {port} on 127.0.0.1 is in use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_stopping_server_answers_whoever_it_has_accepted(data: Path) -> None:
    answers: list[int | str] = []

    def ask(running: Running) -> None:
        try:
            answers.append(running.get("/login")[0])
        except OSError as error:
            answers.append(type(getattr(error, "reason", error)).__name__)

    with demo("--data", str(data)) as running:
        asking = [threading.Thread(target=ask, args=(running,)) for _ in range(24)]
        for thread in asking:
            thread.start()
        time.sleep(0.05)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 12
        for thread in asking:
            thread.join(20)
    # Those that were not accepted any more were refused by the system, none was answered half.
    assert len(answers) == 24
    assert set(answers) <= {200, "ConnectionRefusedError"}
    assert 200 in answers


def test_a_worker_works_until_it_is_told_to_stop(data: Path) -> None:
    command = [*KELIU, "worker", "--data", str(data), "--threads", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    with process.stderr:
        lines = iter(process.stderr)
        assert any(json.loads(line)["event"] == "working" for line in lines)
        process.send_signal(signal.SIGTERM)
        assert all(json.loads(line)["level"] == "info" for line in lines)
    assert process.wait(20) == 0


def test_other_servers_find_the_application(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KELIU_DATA", str(data))
    monkeypatch.setenv("KELIU_LOG_LEVEL", "WARNING")
    migrations.upgrade(Settings.from_environment(os.environ).database_url)
    application = importlib.import_module("app.wsgi").application
    assert application.test_client().get("/readyz").json == {"status": "ready", "warnings": []}
    application.extensions["keliu.database"].dispose()


def test_deploying_what_is_deployed_makes_no_new_version(data: Path) -> None:
    result = keliu("deploy", str(ROOT / "processes"), str(ROOT / "forms"), "--data", str(data))
    assert result.exit_code == 0, result.stderr
    assert "complaint version 1" in result.stdout
    assert "no new version" in result.stdout


@pytest.mark.parametrize("content", ["", "<a/>", "not xml", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><a/>'])
def test_a_file_that_is_no_process_is_refused_in_words(data: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.bpmn").write_text(content)
    result = keliu("deploy", str(tmp_path / "bad.bpmn"), "--data", str(data))
    assert result.exit_code == 1
    assert "bad.bpmn" in result.stderr and "nothing was deployed" in result.stderr
    assert "Traceback" not in result.stderr


def test_people_are_added_listed_and_disabled(data: Path) -> None:
    secret = {"KELIU_USER_PASSWORD": "a good long secret"}
    add = ("user", "add", "new.person", "--name", "新人", "--department", "finance", "--data", str(data))
    assert keliu(*add, **secret).exit_code == 0
    again = keliu(*add, **secret)
    assert again.exit_code == 1 and "login" in again.stderr
    assert "new.person\t新人\tfinance\n" in keliu("user", "list", "--data", str(data)).stdout
    changed = keliu("user", "password", "new.person", "--data", str(data), KELIU_USER_PASSWORD="another long secret")
    assert changed.exit_code == 0
    assert keliu("user", "disable", "new.person", "--data", str(data)).exit_code == 0
    assert "new.person\t新人\tfinance\tdisabled\n" in keliu("user", "list", "--data", str(data)).stdout
    weak = keliu("user", "password", "new.person", "--data", str(data), KELIU_USER_PASSWORD="short")
    assert weak.exit_code == 1 and "nothing was changed" in weak.stderr
    nobody = keliu("user", "disable", "nobody.here", "--data", str(data))
    assert nobody.exit_code == 1 and "nobody has that login" in nobody.stderr


def test_commands_ask_for_the_database_first(tmp_path: Path) -> None:
    for command in (["user", "list"], ["serve", "--port", "0"], ["worker"]):
        refused = keliu(*command, "--data", str(tmp_path))
        assert refused.exit_code == 1
        assert "run 'keliu db upgrade'" in refused.stderr


def test_the_database_is_created_once(tmp_path: Path) -> None:
    first = keliu("db", "upgrade", "--data", str(tmp_path / "new"))
    assert first.exit_code == 0 and "upgraded from nothing" in first.stdout
    assert "up to date" in keliu("db", "upgrade", "--data", str(tmp_path / "new")).stdout


def test_a_wrong_environment_is_named_and_nothing_is_done(tmp_path: Path) -> None:
    refused = keliu("serve", "--data", str(tmp_path), KELIU_THREADS="many", KELIU_DATABSE_URL="x")
    assert refused.exit_code == 2
    assert "KELIU_THREADS" in refused.stderr and "did you mean KELIU_DATABASE_URL" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_told_in_a_line(tmp_path: Path) -> None:
    refused = keliu(
        "db", "upgrade", "--data", str(tmp_path), KELIU_DATABASE_URL="postgresql://nobody@127.0.0.1:1/keliu"
    )
    assert refused.exit_code == 1
    assert "the database cannot be used" in refused.stderr and "Traceback" not in refused.stderr


def test_every_command_explains_itself() -> None:
    overview = keliu("--help").stdout
    for name in ("demo", "serve", "worker", "db", "deploy", "user", "import", "export"):
        assert re.search(rf"^  {name}\b", overview, re.MULTILINE), name
    assert "--data" in keliu("import", "complaints", "--help").stdout
