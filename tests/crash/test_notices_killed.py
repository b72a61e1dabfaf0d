"""Workers that send are killed, two of them share a robot, and a dead robot holds nobody up: real processes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import engine
from app.notifications.models import Delivery
from tests.crash.servers import WORK, Serving
from tests.support import purchase
from tests.support.application import Databases, database_of
from tests.support.house import House, opened
from tests.support.receivers import TAKEN, http_receiver, mail_server, silent_listener

on_both = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
PATIENCE = 90.0


@pytest.fixture
def house(databases: Databases, backend: str) -> Iterator[House]:
    """The demo company on the clock of this machine."""
    with (
        mail_server() as mailbox,
        http_receiver() as robot,
        opened(databases, backend, engine.SystemClock(), mailbox, robot) as found,
    ):
        yield found


@contextmanager
def working(house: House, data: Path, count: int = 1) -> Iterator[list[Serving]]:
    """Workers of this house."""
    settings = {"SMTP_URL": house.mail.url, "MAIL_FROM": "crm@keliu.example", "WEBHOOK_ALLOW": "127.0.0.1"}
    workers = [Serving(house.url, data, WORK, **settings) for _ in range(count)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that workers do."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


@on_both
def test_killed_before_and_after_sending_every_message_arrives_under_one_key(house: House, tmp_path: Path) -> None:
    """kill -9 when the robot picks up the phone, when it has read everything, and when the mail server has."""
    house.channel()
    places = ["picked up", "read", "mailed"]
    died = threading.Semaphore(0)

    def die(place: str) -> bool:
        if not places or places[0] != place:
            return False
        workers[0].kill()
        places.pop(0)
        died.release()
        return True

    def answer(_post: Any) -> tuple[Any, ...]:
        die("read")
        return TAKEN

    house.robot.accepted = lambda: bool(die("picked up")) and None
    house.robot.answer = answer
    house.mail.answer = lambda message: "451 dying" if die("mailed") else None
    for number in range(3):
        house.tell("li.na", f"COMP-{number}")
    house.letter("wang@example.com", "COMP-9")
    with working(house, tmp_path) as workers:
        for _ in range(3):
            assert died.acquire(timeout=PATIENCE)
            workers[0].start()
        until(lambda: {state for state, _ in house.states()} == {"delivered"}, "everything is delivered")
    seen = Counter(post.key for post in house.robot.posts)
    assert len(seen) == 3 and sorted(seen.values()) == [1, 1, 2]
    mailed = [mail["X-Keliu-Key"] for mail in house.mail.mails]
    assert len(mailed) == 2 and len(set(mailed)) == 1


@on_both
def test_two_workers_together_give_a_robot_twenty_messages_a_minute(house: House, tmp_path: Path) -> None:
    house.channel()
    for number in range(25):
        house.tell("li.na", f"COMP-{number}")
    with working(house, tmp_path, 2):
        until(lambda: {state for state, _ in house.states()} == {"delivered", "merged"}, "everything is delivered")
        for number in range(5):
            house.tell("li.na", f"COMP-late-{number}")
        until(lambda: house.states()[-5:] == [("waiting", "too_many")] * 5, "the rest waits")
    assert len(house.robot.posts) == 20 == len({post.key for post in house.robot.posts})
    earliest = min(row.created_at for row in house.rows(Delivery)) + timedelta(minutes=1)
    assert all(row.due_at > earliest for row in house.rows(Delivery)[-5:])


@pytest.mark.parametrize("backend", ["sqlite"])  # where one lock is everybody's
def test_a_dead_robot_delays_no_process(house: House, tmp_path: Path) -> None:
    """While deliveries hang, people's commits and the workers' other jobs go on."""
    purchase.deploy(house.app)
    with silent_listener() as dead:
        for _ in range(3):
            house.channel(url=dead)
        for number in range(10):
            house.tell("li.na", f"COMP-{number}")
        with working(house, tmp_path):
            until(lambda: ("sending", "") in house.states(), "a delivery hangs")
            began = time.monotonic()
            instances = [purchase.start(house.app) for _ in range(5)]
            house.write(lambda s: engine.execute(s, engine.AddWork(topic="audit.seal", dedupe_key="beside")))
            until(lambda: _done(house, "beside"), "another job is done")
            assert time.monotonic() - began < 9 and ("sending", "") in house.states()
    assert len(instances) == 5


def _done(house: House, key: str) -> bool:
    job = engine.tables.job
    with database_of(house.app).read() as session:
        states = session.execute(job.select().where(job.c.dedupe_key == key)).all()
    return [row.state for row in states] == [engine.JobState.COMPLETED.value]
