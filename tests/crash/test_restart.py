"""After kill -9 the next start carries on at once: nothing waits five minutes for the lease of a dead process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

import engine
from engine.jobs.presence import is_dead, machine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, timer, user_task, world

ROOT = Path(__file__).resolve().parents[2]
PAUSE = bpmn(
    "pause",
    '<bpmn:startEvent id="begin" />'
    + timer("wait", "PT0.5S")
    + user_task("call")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "wait", "call", "done"),
)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))


@pytest.fixture
def keliu(url: str, tmp_path: Path) -> Iterator[World]:
    bell = engine.jobs.ApsBell(tmp_path / "scheduler.lock")
    with world(url, clock=engine.SystemClock(), bell=bell) as opened:
        opened.handlers.register_work("slow", lambda _session, _work: None)
        yield opened


def killed_at_work(keliu: World, url: str) -> int:
    """A job whose process was killed in the middle of it."""
    number = keliu.do(engine.AddWork(topic="slow")).job_id
    command = [sys.executable, "-m", "tests.crash.victim", url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "working"
        process.kill()
    assert number is not None
    assert keliu.ask(engine.queries.job, number).state == "running"
    return number


def test_an_interrupted_job_and_a_timer_of_the_downtime_run_at_the_next_start(keliu: World, url: str) -> None:
    keliu.deploy(PAUSE)
    instance_id = keliu.start("pause").instance_id
    number = killed_at_work(keliu, url)
    time.sleep(0.5)
    assert keliu.open(instance_id) == []

    worker = engine.jobs.Worker(keliu.database, engine.jobs.worker_name("worker"), threads=2)
    began = time.monotonic()
    worker.start()
    try:
        while keliu.open(instance_id) != ["call"] or keliu.ask(engine.queries.job, number).state != "completed":
            assert time.monotonic() - began < 10, "they did not run"
            time.sleep(0.01)
    finally:
        worker.stop()

    assert time.monotonic() - began < 5  # two seconds on a quiet machine
    assert keliu.kinds(instance_id).count("timer_fired") == 1
    job = keliu.ask(engine.queries.job, number)
    assert (job.attempts, job.last_error) == (2, None)


def test_jobs_of_other_machines_wait_for_their_lease_unless_we_are_alone(keliu: World, url: str) -> None:
    number = killed_at_work(keliu, url)
    elsewhere = f"worker@elsewhere/0000{machine()[:4]}/7.abc/1"
    jobs = engine.tables.job
    keliu.database.write(lambda session: session.execute(update(jobs).values(worker=elsewhere)))

    assert engine.jobs.rescue_lost(keliu.database) == 0
    assert engine.jobs.rescue_lost(keliu.database, alone=True) == 1
    assert keliu.ask(engine.queries.job, number).state == "retryable"


def test_a_worker_is_known_by_its_process_and_a_number_used_again_is_another() -> None:
    mine = engine.jobs.worker_name("worker")
    kind, place, process, thread = mine.split("/")
    assert not is_dead(mine) and not is_dead(mine, alone=True)
    assert len(mine) <= 100
    number, _, start = process.partition(".")
    assert is_dead("/".join((kind, place, f"{number}.{start[::-1]}x", thread)))
    assert not is_dead("worker-1") and not is_dead(None)


def test_work_that_kills_its_worker_spares_the_others(keliu: World) -> None:
    """Only what had begun has lost an attempt; from then on it runs last. The others were never tried."""
    ids = [keliu.do(engine.AddWork(topic="slow")).job_id for _ in range(6)]
    first = keliu.database.write(lambda session: engine.jobs.claim(session, "dead", limit=6))
    assert [job.id for job in first] == ids[:5], "one place is for what was tried before"
    jobs = engine.tables.job
    past = engine.SystemClock().now() - timedelta(minutes=1)
    keliu.database.write(lambda session: session.execute(update(jobs).values(lease_until=past)))
    assert engine.jobs.rescue_lost(keliu.database) == 5
    rows = {row.id: (row.state, row.attempts) for row in keliu.ask(engine.queries.jobs)}
    assert [rows[number] for number in ids] == [("retryable", 1)] + [("available", 0)] * 5

    again = keliu.database.write(lambda session: engine.jobs.claim(session, "next", limit=6))
    assert [job.id for job in again] == [*ids[1:], ids[0]]
