"""The worker in the computer's own time: bells, downtime, one scheduler per file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, timer, user_task, world

PAUSE = bpmn(
    "pause",
    '<bpmn:startEvent id="begin" />'
    + timer("wait", "${pause}")
    + user_task("call")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "wait", "call", "done"),
)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))


@pytest.fixture
def bell(tmp_path: Path) -> engine.jobs.ApsBell:
    return engine.jobs.ApsBell(tmp_path / "scheduler.lock")


@pytest.fixture
def keliu(url: str, bell: engine.jobs.ApsBell) -> Iterator[World]:
    with world(url, clock=engine.SystemClock(), bell=bell) as opened:
        opened.deploy(PAUSE)
        yield opened


def until(wanted: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until something is true; how long it took."""
    began = time.monotonic()
    while not wanted():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.01)
    return time.monotonic() - began


def test_a_timer_fires_on_time_in_the_background(keliu: World) -> None:
    worker = engine.jobs.Worker(keliu.database, "worker", threads=2)
    worker.start()
    try:
        began = time.monotonic()
        instance_id = keliu.start("pause", variables={"pause": "PT0.6S"}).instance_id
        until(lambda: keliu.open(instance_id) == ["call"])
        assert 0.6 <= time.monotonic() - began < 4.0
    finally:
        worker.stop()


def test_timers_that_fell_due_while_nothing_ran_fire_once_within_two_seconds(keliu: World) -> None:
    ids = [keliu.start("pause", variables={"pause": "PT0.05S"}).instance_id for _ in range(5)]
    time.sleep(0.2)
    assert [keliu.open(instance_id) for instance_id in ids] == [[]] * 5

    worker = engine.jobs.Worker(keliu.database, "worker", threads=2)
    worker.start()
    try:
        took = until(lambda: all(keliu.open(instance_id) == ["call"] for instance_id in ids))
    finally:
        worker.stop()

    assert took < 4.0  # two seconds on a quiet machine
    assert [keliu.kinds(instance_id).count("timer_fired") for instance_id in ids] == [1] * 5


def test_work_added_elsewhere_is_found_by_the_sweep(keliu: World, url: str) -> None:
    done = threading.Event()
    keliu.handlers.register_work("note", lambda _session, _work: done.set())
    worker = engine.jobs.Worker(keliu.database, "worker")
    worker.start()
    try:
        with world(url, clock=engine.SystemClock(), create=False) as other:  # another process, whose bell we never hear
            other.handlers.register_work("note", lambda _session, _work: None)
            other.do(engine.AddWork(topic="note"))
        assert done.wait(5)
    finally:
        worker.stop()


def test_only_one_scheduler_rings_for_a_file_and_another_takes_over(tmp_path: Path) -> None:
    lock = tmp_path / "scheduler.lock"
    rings: list[str] = []
    first, second = engine.jobs.ApsBell(lock), engine.jobs.ApsBell(lock)
    first.start(lambda: rings.append("first"))
    until(lambda: "first" in rings)
    second.start(lambda: rings.append("second"))
    time.sleep(1.3)
    assert "second" not in rings

    first.stop()
    until(lambda: "second" in rings)
    second.stop()


def test_a_rolled_back_command_rings_nobody(keliu: World, bell: engine.jobs.ApsBell) -> None:
    keliu.handlers.register_work("note", lambda _session, _work: None)
    bell.start(lambda: None)
    try:

        def refused(session: object) -> None:
            due = engine.SystemClock().now() + timedelta(hours=1)
            engine.execute(session, engine.AddWork(topic="note", due_at=due))  # type: ignore[arg-type]  # a session
            raise RuntimeError("no")

        with pytest.raises(RuntimeError):
            keliu.database.write(refused)
        assert keliu.ask(engine.queries.jobs) == ()
    finally:
        bell.stop()


def test_stopping_lets_the_job_at_hand_finish(keliu: World) -> None:
    started, finished = threading.Event(), threading.Event()

    def slow(_session: object, _work: engine.WorkCall) -> None:
        started.set()
        time.sleep(0.3)
        finished.set()

    keliu.handlers.register_work("slow", slow)
    worker = engine.jobs.Worker(keliu.database, "worker")
    worker.start()
    number = keliu.do(engine.AddWork(topic="slow")).job_id
    assert started.wait(5)

    worker.stop()

    assert finished.is_set()
    assert keliu.ask(engine.queries.job, number).state == "completed"
