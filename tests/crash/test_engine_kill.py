"""kill -9 in the middle of a thousand completions by two people and two workers: none is lost, none is done twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

import engine
from engine.testing import check_instance
from tests.crash.yard import KEY, PROCESS
from tests.support.doorbells import KINDS, prepared_url
from tests.support.engine_world import World, world

INSTANCES = 500
"""With two tasks each."""
KILLS = 15
VERSION = 5
"""One commit each: started, first task, service task, timer, second task."""
HAPPENS = {
    "instance_started": 1,
    "task_created": 2,
    "task_completed": 2,
    "timer_fired": 1,
    "node_passed": 4,
    "instance_ended": 1,
}
"""History of each instance."""
LEDGER = {
    ("deadline", "first", "cancelled"): 3,
    ("service_task", "book", "completed"): 1,
    ("timer", "pause", "completed"): 1,
    ("timer", "late", "cancelled"): 1,
}
"""Jobs of each instance."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_clerks_and_workers_lose_and_double_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = prepared_url(kind, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url, clock=engine.SystemClock()) as keliu:
        keliu.deploy(PROCESS)
        start = [engine.StartProcess(process_key=KEY, actor="starter", business_key=f"B-{n}") for n in range(INSTANCES)]
        ids = keliu.database.write(lambda s: [str(engine.execute(s, command).instance_id) for command in start])

    seed = int(os.environ.get("KELIU_TEST_SEED", time.time_ns() % 1_000_000))
    print(f"KELIU_TEST_SEED={seed}")  # shown when the test fails
    command = [sys.executable, "-m", "tests.crash.yard", url, str(tmp_path), str(seed), kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)

    assert done.returncode == 0, done.stderr[-8000:]
    assert int(done.stdout) >= KILLS, "too few kills to prove anything"
    told = (tmp_path / "told").read_text().split()
    with world(url, create=False) as keliu:
        completed = [task_id for instance_id in ids for task_id in completed_once(keliu, instance_id)]
        assert len(completed) == len(set(completed)) == 2 * INSTANCES
        assert len(told) == len(set(told)) and set(told) <= set(completed)
        check_ledger(keliu, ids)
        if keliu.database.dialect == "sqlite":
            with keliu.database.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def completed_once(keliu: World, instance_id: str) -> list[str]:
    """The completed tasks of an instance of which everything happened exactly once."""
    with keliu.database.read() as session:
        history = engine.queries.history(session, instance_id)
        tasks = engine.queries.tasks_of(session, instance_id)
        instance = engine.queries.instance(session, instance_id)
        assert [(task.node_id, task.state) for task in tasks] == [("first", "completed"), ("second", "completed")]
        assert dict(instance.variables) == {"booked": True} | {task.node_id: task.ended_by for task in tasks}
        assert (instance.state, instance.version) == ("completed", VERSION)
        assert Counter(row.kind for row in history) == HAPPENS
        check_instance(session, instance_id)
        return [str(row.task_id) for row in history if row.kind == "task_completed"]


def check_ledger(keliu: World, ids: list[str]) -> None:
    """One effect of each service task, and no job is open, doubled or given up."""
    log, job = engine.tables.audit_log, engine.tables.job
    booked = select(log.c.instance_id).where(log.c.action == "booked")
    counted = (job.c.kind, job.c.node_id, job.c.state)
    with keliu.database.read() as session:
        assert Counter(session.scalars(booked)) == dict.fromkeys(ids, 1)
        found = session.execute(select(*counted, func.count()).group_by(*counted))
        assert {tuple(row[:3]): row[3] for row in found} == {key: n * len(ids) for key, n in LEDGER.items()}
        assert engine.queries.incidents(session) == ()
