"""What holds with every database and every doorbell: each job once, whatever rings, hangs, fails or dies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import engine
from tests.support.doorbells import KINDS, Unreliable, bell_for, prepared_url
from tests.support.engine_world import World, bpmn, chain, user_task, world

ROOT = Path(__file__).resolve().parents[2]
SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
JOBS = 60 * SCALE
LEASE = timedelta(seconds=0.6)
SWEPT = 10.0
SLACK = 20.0
"""For a machine that is busy with other things."""
CLOCK = engine.SystemClock()
LOG = engine.tables.audit_log


def process(topic: str, attempts: int) -> bytes:
    """A service task that is tried so often, then a user task."""
    retries = f'<camunda:property name="retries" value="{attempts}" />'
    inner = f"<bpmn:extensionElements><camunda:properties>{retries}</camunda:properties></bpmn:extensionElements>"
    attributes = f'camunda:type="external" camunda:topic="{topic}"'
    return bpmn(
        topic,
        f'<bpmn:startEvent id="begin" /><bpmn:serviceTask id="do_{topic}" name="{topic}" {attributes}>{inner}'
        "</bpmn:serviceTask>" + user_task("after") + '<bpmn:endEvent id="done" />'
        + chain("begin", f"do_{topic}", "after", "done"),
    )  # fmt: skip


class Plant:
    """One database, a client that only orders, and workers that are as separate as processes: own pool, own bell."""

    def __init__(self, kind: str, url: str, stack: ExitStack) -> None:
        self.kind, self.url, self.stack = kind, url, stack
        self.chance = random.Random(7)
        self.client = self.enter(create=True)

    def enter(self, *, create: bool = False) -> World:
        bell = Unreliable(bell_for(self.kind, self.url), self.chance)
        return self.stack.enter_context(world(self.url, clock=CLOCK, create=create, bell=bell, lease=LEASE))

    def worker(self, name: str, prepare: Callable[[World], None], threads: int = 2) -> engine.jobs.Worker:
        own = self.enter()
        prepare(own)
        worker = engine.jobs.Worker(own.database, engine.jobs.worker_name(name), threads)
        worker.start()
        self.stack.callback(worker.stop, 1.0)
        return worker


@pytest.fixture(params=KINDS)
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    url = prepared_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with ExitStack() as stack:
        yield Plant(request.param, url, stack)


def until(wanted: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def effect(session: Session, call: engine.WorkCall) -> None:
    """Written in the job's transaction: this is what must be there once."""
    row = {"at": call.at, "actor": "job", "action": "effect", "subject": str(call.payload["number"]), "facts": {}}
    session.connection().execute(insert(LOG).values(row))


def effects(client: World) -> dict[int, list[datetime]]:
    query = select(LOG.c.subject, LOG.c.at).where(LOG.c.action == "effect")
    found: dict[int, list[datetime]] = {}
    for row in client.ask(lambda session: session.execute(query).all()):
        found.setdefault(int(row.subject), []).append(row.at)
    return found


def test_every_job_runs_once_although_rings_are_lost_and_doubled(plant: Plant) -> None:
    def prepare(own: World) -> None:
        own.handlers.register_work("count", effect)

    plant.client.handlers.register_work("count", effect)
    for name in ("one", "two"):
        plant.worker(name, prepare)
    due: dict[int, datetime] = {}

    def order(numbers: range) -> None:
        for number in numbers:
            due[number] = CLOCK.now() + timedelta(seconds=(number % 4) * 0.4)
            command = engine.AddWork(topic="count", payload={"number": number}, due_at=due[number])
            plant.client.do(command)

    def refused(session: Session) -> None:
        engine.execute(session, engine.AddWork(topic="count", payload={"number": -1}))
        raise RuntimeError("changed my mind")

    people = [threading.Thread(target=order, args=(range(start, JOBS, 2),)) for start in (0, 1)]
    for person in people:
        person.start()
    with pytest.raises(RuntimeError):
        plant.client.database.write(refused)
    for person in people:
        person.join()
    until(lambda: len(effects(plant.client)) == JOBS, SWEPT + SLACK)

    found = effects(plant.client)
    assert Counter(map(len, found.values())) == {1: JOBS}
    assert [number for number, (at,) in found.items() if at < due[number]] == []
    states = plant.client.ask(lambda session: session.execute(select(engine.tables.job.c.state)).scalars().all())
    assert Counter(states) == {"completed": JOBS}


def test_jobs_that_fail_hang_or_kill_become_incidents_and_harm_nobody_else(plant: Plant) -> None:
    broken, release = threading.Event(), threading.Event()
    broken.set()
    plant.stack.callback(release.set)
    tried: list[str] = []

    def fails(_session: Session, _call: engine.ServiceCall) -> None:
        tried.append("fails")
        if broken.is_set():
            raise RuntimeError("the other side is down")

    def hangs(session: Session, call: engine.ServiceCall) -> None:
        tried.append("hangs")
        session.connection().execute(insert(LOG).values(at=call.at, actor="x", action="half done", facts={}))
        if broken.is_set():
            release.wait()

    def prepare(own: World) -> None:
        own.handlers.register("fails", fails)
        own.handlers.register("hangs", hangs)
        own.handlers.register("kills", lambda _session, _call: None)
        own.handlers.register("fine", lambda _session, _call: {"fine": True})

    client = plant.client
    client.deploy(process("fails", 1), process("hangs", 2), process("kills", 1), process("fine", 1))
    ids = {"kills": client.start("kills").instance_id}
    die(plant)
    ids |= {topic: client.start(topic).instance_id for topic in ("hangs", "fails", "fine")}
    plant.worker("steady", prepare)

    until(lambda: client.open(ids["fine"]) == ["after"], SLACK + SWEPT)
    until(lambda: len(client.ask(engine.queries.incidents)) == 3, SLACK + 3 * SWEPT)

    incidents = client.ask(engine.queries.incidents)
    assert {(row.instance_id, row.node_id) for row in incidents} == {
        (ids[topic], f"do_{topic}") for topic in ("fails", "hangs", "kills")
    }
    assert Counter(tried) == {"fails": 1, "hangs": 2}
    half_done = select(LOG.c.id).where(LOG.c.action == "half done")
    assert client.ask(lambda session: session.execute(half_done).all()) == []

    broken.clear()
    for row in incidents:
        assert row.job_id is not None
        client.do(engine.RetryJob(job_id=row.job_id, actor="operator"))
    until(lambda: all(client.open(instance_id) == ["after"] for instance_id in ids.values()), SLACK + SWEPT)
    assert client.ask(engine.queries.incidents) == ()


DIES = """
import os, sys
import engine
from tests.support.engine_world import world
with world(sys.argv[1], clock=engine.SystemClock(), create=False) as own:
    own.handlers.register("kills", lambda _session, _call: os._exit(9))
    engine.jobs.run_due(own.database)
"""


def die(plant: Plant) -> None:
    """A worker process that its job kills."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    answer = subprocess.run([sys.executable, "-c", DIES, plant.url], env=environment, cwd=ROOT, check=False)
    assert answer.returncode == 9


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(plant: Plant) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(_session: Session, _call: engine.WorkCall) -> None:
        started.set()
        go_on.wait(0.3)

    def prepare(own: World) -> None:
        own.handlers.register_work("slow", slow)

    prepare(plant.client)
    for number in range(5):
        plant.client.do(engine.AddWork(topic="slow", payload={"number": number}))
    worker = plant.worker("leaving", prepare, threads=1)
    assert started.wait(SLACK)

    worker.stop()

    rows = plant.client.ask(engine.queries.jobs)  # the unfinished ones
    assert [(row.state, row.attempts, row.worker) for row in rows] == [("available", 0, None)] * 4


def test_what_is_not_finished_when_a_worker_must_go_is_rolled_back_and_free(plant: Plant) -> None:
    started, release = threading.Event(), threading.Event()
    plant.stack.callback(release.set)

    def endless(session: Session, call: engine.WorkCall) -> None:
        effect(session, call)
        started.set()
        release.wait()

    def prepare(own: World) -> None:
        own.handlers.register_work("endless", endless)

    prepare(plant.client)
    plant.client.do(engine.AddWork(topic="endless", payload={"number": 1}))
    worker = plant.worker("leaving", prepare, threads=1)
    assert started.wait(SLACK)

    worker.stop(0.2)

    (row,) = plant.client.ask(engine.queries.jobs)
    assert (row.state, row.attempts, row.worker) == ("retryable", 1, None)
    assert effects(plant.client) == {}
