"""What fell due while everything was down happens once, at once, when ``keliu worker`` or ``keliu serve`` is back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import create_app
from app.db import Database
from engine.testing import check_instance
from tests.crash.servers import SERVE, WORK, Serving
from tests.support.application import Databases, database_of, settings_for
from tests.support.engine_world import bpmn, chain, flow, timer, user_task

DOWN = timedelta(days=31)
PROMISED = timedelta(seconds=2)
PATIENCE = 30.0


def beside(node: str, text: str, kind: str) -> str:
    """A timer beside the waiting task that leads to an end of its own."""
    event = timer(node, text, kind=kind, attached="waiting", interrupting=False)
    return event + f'<bpmn:endEvent id="{node}_end" />' + flow(node, f"{node}_end")


BOUNDARY = bpmn(
    "boundary",
    '<bpmn:startEvent id="begin" />'
    + user_task("waiting", serviceLevel="8")
    + beside("duration", "P2D", "Duration")
    + beside("date", "=when", "Date")
    + beside("counted", "R3/P5D", "Cycle")
    + beside("endless", "R/P10D", "Cycle")
    + beside("cron", "0 0 9 * * ?", "Cycle")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "waiting", "done"),
)
INTERMEDIATE = bpmn(
    "intermediate",
    '<bpmn:startEvent id="begin" />'
    + timer("duration", "PT30M")
    + timer("date", "=when", kind="Date")
    + user_task("after")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "duration", "date", "after", "done"),
)
INTERRUPTING = bpmn(
    "interrupting",
    '<bpmn:startEvent id="begin" />'
    + user_task("waiting")
    + timer("limit", "P1D", attached="waiting")
    + user_task("after")
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="in_time" />'
    + chain("begin", "waiting", "in_time")
    + chain("limit", "after", "done"),
)
FILES = {"boundary": BOUNDARY, "intermediate": INTERMEDIATE, "interrupting": INTERRUPTING}
FIRINGS = {
    "boundary": {
        "duration": 1,
        "date": 1,
        "counted": 3,  # one after the other
        "endless": 3,  # these too, and it waits for the next
        "cron": 1,  # what a timetable missed is not made up for
    },
    "intermediate": {"duration": 1, "date": 1},
    "interrupting": {"limit": 1},
}
STAGES = ["reminder", "overdue", "escalation"]


def before_the_downtime(app: Flask, clock: engine.VirtualClock) -> dict[str, str]:
    """Somebody started an instance of each and went away; everything stopped."""
    deployment = engine.Deploy(name="test", files={f"{key}.bpmn": FILES[key] for key in FILES}, actor="system")
    when = (clock.now() + timedelta(days=3)).isoformat()

    def work(session: Session) -> dict[str, str]:
        engine.execute(session, deployment)
        variables = {"when": when}
        starts = {key: engine.StartProcess(process_key=key, actor="system", variables=variables) for key in FILES}
        return {key: str(engine.execute(session, command).instance_id) for key, command in starts.items()}

    return database_of(app).write(work)


def until(wanted: Callable[[], bool], server: Serving) -> None:
    deadline = time.monotonic() + PATIENCE
    while not wanted():
        assert time.monotonic() < deadline, server.account()
        time.sleep(0.02)


def history(database: Database, instance_id: str, kind: str) -> list[engine.HistoryRow]:
    with database.read() as session:
        return [row for row in engine.queries.history(session, instance_id) if row.kind == kind]


@pytest.mark.parametrize(("backend", "command"), [("sqlite", SERVE), ("postgresql", WORK)])
def test_what_fell_due_while_everything_was_down_happens_once_at_the_start(
    backend: str, command: tuple[str, ...], databases: Databases, tmp_path: Path
) -> None:
    url = databases.fresh(backend, company=False)
    clock = engine.VirtualClock(datetime.now(UTC) - DOWN)
    app = create_app(settings_for(url, tmp_path), clock=clock)
    database = database_of(app)
    ids = before_the_downtime(app, clock)

    def due() -> list[engine.JobRow]:
        with database.read() as session:
            rows = engine.queries.jobs(session)
        return [row for row in rows if row.instance_id and row.due_at <= datetime.now(UTC)]

    server = Serving(url, tmp_path, command)
    ready = datetime.now(UTC)
    try:
        until(lambda: not due(), server)
        took = [row.at - ready for key in ids for row in history(database, ids[key], "timer_fired")]
        assert max(took) < PROMISED, took
    finally:
        assert server.stop() == 0
    once(database, ids)
    again = Serving(url, tmp_path, command)
    time.sleep(1.2)  # longer than any bell sleeps
    assert again.stop() == 0
    once(database, ids)
    database.dispose()
    databases.drop(url)


def once(database: Database, ids: dict[str, str]) -> None:
    """Each timer as often as it promises, each stage of the deadline once, and what is not due waits."""
    fired = {key: Counter(row.node_id for row in history(database, ids[key], "timer_fired")) for key in ids}
    assert fired == FIRINGS
    assert [row.changes["stage"] for row in history(database, ids["boundary"], "deadline_reached")] == STAGES
    jobs = engine.tables.job
    waiting = select(jobs.c.node_id, jobs.c.due_at).where(
        jobs.c.instance_id == ids["boundary"], jobs.c.state == "scheduled"
    )
    with database.read() as session:
        left = {row.node_id: row.due_at for row in session.execute(waiting)}
        for instance_id in ids.values():
            check_instance(session, instance_id)
        assert engine.queries.incidents(session) == ()
    assert set(left) == {"endless", "cron"}
    assert all(at > datetime.now(UTC) for at in left.values())
