"""kill -9 of the server, again and again, while people complete a hundred tasks over REST: none is lost, none is done
twice, every timer in between fires once, and nothing is left behind."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import engine
from app import create_app
from app.db import Database
from engine.testing import check_instance
from tests.crash.servers import Client, Serving, basic
from tests.support.application import Databases, database_of, settings_for
from tests.support.engine_world import bpmn, chain, timer, user_task

KEY = "round_trip"
GROUP = 'camunda:candidateGroups="customer_support"'
INSTANCES = 20 * int(os.environ.get("KELIU_TEST_SCALE", "1"))
KILL_EVERY = 10
"""Completions between two kills."""
PATIENCE = 30.0
"""Seconds in which at least one task has to be completed."""
PEOPLE = ("li.na", "wu.xiaoyan")
PASSWORD = "keliu-demo"
PROCESS = bpmn(
    KEY,
    '<bpmn:startEvent id="begin" />'
    + user_task("first", GROUP)
    + timer("pause", "PT0.1S")
    + user_task("second", GROUP)
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "first", "pause", "second", "done"),
)


class Crowd:
    """Two people who complete whatever there is; ``told`` is what the server said is done."""

    def __init__(self, servers: list[Serving]) -> None:
        self.told: list[str] = []
        self.strange: list[tuple[int, object]] = []
        self.over = threading.Event()
        self.allowed = 2 * KILL_EVERY
        self._threads = [
            threading.Thread(target=self._work, args=(Client(servers, basic(n, PASSWORD)),)) for n in PEOPLE
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, client: Client) -> None:
        while not self.over.is_set():
            if len(self.told) >= self.allowed:  # nobody runs far ahead of the kills
                time.sleep(0.01)
                continue
            status, tasks = client.ask("GET", f"/task?processDefinitionKey={KEY}&maxResults=40")
            if status:
                self._note(status, tasks, good=(200,))
            random.shuffle(tasks or [])
            for task in (tasks or [])[:10]:
                wanted = {"variables": {task["taskDefinitionKey"]: {"value": True, "type": "Boolean"}}}
                status, answer = client.ask("POST", f"/task/{task['id']}/complete", wanted)
                if status == 204:
                    self.told.append(task["id"])
                elif status:
                    self._note(status, answer, good=(409,))  # the other one was faster

    def _note(self, status: int, answer: object, *, good: tuple[int, ...]) -> None:
        if status not in good:
            self.strange.append((status, answer))

    def go_home(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(60)


@contextmanager
def company(databases: Databases, backend: str) -> Iterator[tuple[Flask, str]]:
    url = databases.fresh(backend, company=True)
    app = create_app(settings_for(url, databases.home), clock=engine.SystemClock())
    try:
        yield app, url
    finally:
        database_of(app).dispose()
        databases.drop(url)


def start_all(database: Database, instances: int) -> list[str]:
    files = {"round_trip.bpmn": PROCESS}
    database.write(lambda session: engine.execute(session, engine.Deploy(name="test", files=files, actor="system")))

    def start(session: object) -> list[str]:
        commands = [
            engine.StartProcess(process_key=KEY, actor="system", business_key=f"R-{n}") for n in range(instances)
        ]
        return [str(engine.execute(session, command).instance_id) for command in commands]  # type: ignore[arg-type]

    return database.write(start)


def unfinished(database: Database) -> bool:
    table = engine.tables.process_instance
    waiting = select(table.c.id).where(table.c.definition_key == KEY, table.c.state == "active").limit(1)
    with database.read() as session:
        return session.scalar(waiting) is not None


def stuck(database: Database, servers: list[Serving], crowd: Crowd) -> str:
    """What somebody who reads the failure wants to know."""
    with database.read() as session:
        running = [job for job in engine.queries.jobs(session, kinds=("timer",)) if job.node_id == "pause"]
        open_tasks = [task.id for task in engine.queries.tasks(session, "created", limit=500)]
    said = "\n\n".join(server.account() for server in servers)
    return f"{len(crowd.told)} told, {len(open_tasks)} open, {running[:5]}, strange {crowd.strange[:3]}, said {said}"


def kill_until_done(database: Database, servers: list[Serving], crowd: Crowd, chance: random.Random) -> int:
    """How many kills it took them."""
    kills, seen, deadline = 0, 0, time.monotonic() + PATIENCE
    while unfinished(database):
        if len(crowd.told) > seen:
            seen, deadline = len(crowd.told), time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, stuck(database, servers, crowd)
        if len(crowd.told) >= KILL_EVERY * (kills + 1):
            time.sleep(chance.uniform(0, 0.05))
            victim = servers[kills % len(servers)]
            victim.kill()
            kills += 1
            victim.start()
            crowd.allowed = KILL_EVERY * (kills + 2)
            deadline = time.monotonic() + PATIENCE
        time.sleep(0.01)
    return kills


def check(database: Database, ids: list[str], told: list[str]) -> None:
    completed = []
    with database.read() as session:
        for instance_id in ids:
            instance = engine.queries.instance(session, instance_id)
            assert (instance.state, dict(instance.variables)) == ("completed", {"first": True, "second": True})
            assert instance.version == 4  # started, two completions, one timer
            history = engine.queries.history(session, instance_id)
            assert [row.kind for row in history].count("timer_fired") == 1
            completed += [row.task_id for row in history if row.kind == "task_completed"]
            tasks = engine.queries.tasks_of(session, instance_id)
            assert [(task.node_id, task.state) for task in tasks] == [("first", "completed"), ("second", "completed")]
            check_instance(session, instance_id)
        assert engine.queries.incidents(session) == ()
        assert [job for job in engine.queries.jobs(session) if job.instance_id in ids] == []
    assert len(completed) == len(set(completed)) == 2 * len(ids)
    assert len(told) == len(set(told)) and set(told) <= set(completed)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "processes"), [("sqlite", 1), ("postgresql", 2)])
def test_a_server_that_is_killed_again_and_again_loses_and_doubles_nothing(
    backend: str, processes: int, databases: Databases, tmp_path: Path
) -> None:
    with company(databases, backend) as (app, url):
        database = database_of(app)
        ids = start_all(database, INSTANCES)
        servers = [Serving(url, tmp_path) for _ in range(processes)]
        crowd = Crowd(servers)
        try:
            kills = kill_until_done(database, servers, crowd, random.Random(20261121))
        finally:
            crowd.go_home()
            ends = [server.stop() for server in servers]

        assert kills >= 3, "too few kills to prove anything"
        assert (ends, crowd.strange) == ([0] * processes, [])
        check(database, ids, crowd.told)
        if backend == "sqlite":
            with database.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
