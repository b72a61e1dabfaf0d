"""kill -9 in the middle of two hundred completions: none is lost, none is done twice, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from engine.testing import check_instance
from tests.crash.yard import KEY, PROCESS
from tests.support.engine_world import BACKENDS, fresh_url, world

INSTANCES = 100
SEED = 20261121
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_killed_clerks_and_workers_lose_and_double_nothing(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = fresh_url(backend, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as keliu:
        keliu.deploy(PROCESS)
        keliu.handlers.register("book", lambda _session, _call: None)
        ids = [keliu.start(KEY, business_key=f"B-{number}").instance_id for number in range(INSTANCES)]

    command = [sys.executable, "-m", "tests.crash.yard", url, str(tmp_path), str(SEED)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) >= 5, "too few kills to prove anything"
    told = (tmp_path / "told").read_text().split()
    with world(url, create=False) as keliu:
        log = engine.tables.audit_log
        booked = Counter(
            keliu.ask(lambda session: session.scalars(select(log.c.instance_id).where(log.c.action == "booked")).all())
        )
        assert booked == dict.fromkeys(ids, 1)
        completed = []
        for instance_id in ids:
            history = keliu.ask(engine.queries.history, instance_id)
            completed += [row.task_id for row in history if row.kind == "task_completed"]
            tasks = keliu.ask(engine.queries.tasks_of, instance_id)
            instance = keliu.ask(engine.queries.instance, instance_id)
            assert [task.state for task in tasks] == ["completed", "completed"]
            assert dict(instance.variables) == {"booked": True} | {task.node_id: task.ended_by for task in tasks}
            assert (instance.state, instance.version) == ("completed", 4)
            with keliu.database.read() as session:
                check_instance(session, str(instance_id))
        assert len(completed) == len(set(completed)) == 2 * INSTANCES
        assert len(told) == len(set(told))
        assert set(told) <= set(completed)
        if backend == "sqlite":
            with keliu.database.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
