"""A stopped clock and a changed calendar reach everything of a task that counts in working time, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

import engine
from engine import WorkingCalendar
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, timer, user_task, world

HOUR = timedelta(hours=1)
_DAY = ((time(9), time(12)), (time(13), time(18)))
OFFICE = WorkingCalendar("Asia/Shanghai", (_DAY, _DAY, _DAY, _DAY, _DAY, (), ()))
PROCESS = bpmn(
    "care",
    '<bpmn:startEvent id="begin" />'
    + user_task("answer", serviceLevel="=8")
    + timer("late", "=working_time(4)", attached="answer", interrupting=False)
    + timer("soon", "PT6H", attached="answer", interrupting=False)
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="told" /><bpmn:endEvent id="seen" />'
    + chain("begin", "answer", "done")
    + chain("late", "told")
    + chain("soon", "seen"),
)


def at(hour: int, day: int = 23) -> datetime:
    """An hour of that day of November 2026 in Shanghai; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, tzinfo=UTC) - 8 * HOUR


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        works(opened, OFFICE)
        opened.deploy(PROCESS)
        yield opened


def works(keliu: World, calendar: WorkingCalendar) -> None:
    """From now on everybody works by this calendar."""
    object.__setattr__(keliu.database.runtime, "calendars", lambda _session, _group: calendar)


def due(keliu: World, instance_id: str) -> dict[str, datetime]:
    rows = keliu.ask(engine.queries.jobs, instance_id=instance_id)
    return {str(row.payload.get("stage", row.node_id)): row.due_at for row in rows}


def checked(keliu: World, instance_id: str) -> None:
    with keliu.database.read() as session:
        check_instance(session, instance_id)


def test_everything_in_working_time_waits_for_the_clock_and_nothing_else_does(keliu: World) -> None:
    instance_id = str(keliu.start("care").instance_id)
    task = keliu.task(instance_id, "answer")
    before = {"late": at(14), "soon": at(15), "overdue": at(18), "escalation": at(18, 24)}
    found = due(keliu, instance_id)
    assert {name: found[name] for name in before} == before
    keliu.clock.set(at(11))
    keliu.do(engine.PauseTask(task_id=task.id, reason="waits for a part", actor="anna"))
    assert due(keliu, instance_id) == {"soon": at(15)}, "elapsed time goes on"
    with pytest.raises(engine.NotAllowed):
        keliu.do(engine.PauseTask(task_id=task.id, reason="again", actor="anna"))
    keliu.clock.set(at(11, 24))
    keliu.run_due()
    keliu.do(engine.ContinueTask(task_id=task.id, actor="anna"))
    assert keliu.task(instance_id, "answer").due_at == at(18, 24)
    now = due(keliu, instance_id)
    assert (now["late"], now["overdue"], now["escalation"]) == (at(14, 24), at(18, 24), at(18, 25))
    with pytest.raises(engine.NotAllowed):
        keliu.do(engine.ContinueTask(task_id=task.id, actor="anna"))
    keliu.clock.set(at(18, 27))
    keliu.run_due()
    stages = [event.stage for event in keliu.heard if isinstance(event, engine.DeadlineReached)]
    assert stages == ["reminder", "overdue", "escalation"]
    checked(keliu, instance_id)


def test_a_changed_calendar_is_counted_from_the_beginning(keliu: World) -> None:
    instance_id = str(keliu.start("care").instance_id)
    works(keliu, replace(OFFICE, days={date(2026, 11, 23): ()}))  # the very day is free now
    done = keliu.do(engine.RecomputeDeadlines(instance_id=instance_id, cause="free", actor="anna"))
    assert done.outcome == "moved"
    now = due(keliu, instance_id)
    assert (now["late"], now["overdue"], now["soon"]) == (at(14, 24), at(18, 24), at(15))
    assert keliu.task(instance_id, "answer").due_at == at(18, 24)
    moved = next(event for event in keliu.heard if isinstance(event, engine.DeadlinesMoved))
    assert {one.kind for one in moved.moved} == {"task", "timer"} and moved.cause == "free"
    again = keliu.do(engine.RecomputeDeadlines(instance_id=instance_id, cause="free", actor="anna"))
    assert again.outcome == ""
    checked(keliu, instance_id)
    keliu.clock.set(at(14, 24))
    keliu.run_due()
    fired = [row.node_id for row in keliu.ask(engine.queries.history, instance_id) if row.kind == "timer_fired"]
    assert fired == ["soon", "late"]


def test_a_task_done_while_its_clock_stands_still_leaves_nothing_waiting(keliu: World) -> None:
    instance_id = str(keliu.start("care").instance_id)
    task = keliu.task(instance_id, "answer")
    keliu.do(engine.PauseTask(task_id=task.id, reason="part", until_at=at(12, 25), actor="anna"))
    keliu.do(engine.CompleteTask(task_id=task.id, actor="anna", groups=frozenset({"sales"})))
    assert due(keliu, instance_id) == {}
    keliu.clock.set(at(12, 27))
    assert keliu.run_due() == 0
