"""Whatever statement of a completion a process dies before: the next one carries on to the same end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engine_world import BACKENDS, fresh_url

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_crash_before_any_statement_changes_nothing_in_the_end(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = fresh_url(backend, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    command = [sys.executable, "-m", "tests.crash.faults", url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    *crashed, uncrashed = json.loads(done.stdout)
    assert 15 <= len(crashed) < 99, "every statement of the completion and of the service task after it"
    assert uncrashed["booked"] == 1
    assert uncrashed["incidents"] == 0
    assert [(task[0], task[1]) for task in uncrashed["tasks"]] == [("first", "completed"), ("second", "created")]
    for number, account in enumerate(crashed, start=1):
        assert account == uncrashed, f"after a crash before statement {number}"
