"""Deadlines follow the calendar, say how they came about, and stand still for a reason."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.calendars import explanation, queries, recomputing, service
from app.db import Database
from engine import VirtualClock
from engine.tables import audit_log, job
from tests.support import application
from tests.support.complaints import Cases
from tests.support.forms import csrf_token, submit
from tests.support.rest import program

SHANGHAI = ZoneInfo("Asia/Shanghai")
EDITOR = "ren.fang"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def cases(each_app: Flask, clock: VirtualClock) -> Cases:
    return Cases(each_app, clock)


def rest(database: Database, day: date, key: str = "call_centre") -> int:
    """Somebody says that a day is free; what follows is done. Returns the number of the recomputation."""

    def change(session: Session) -> int:
        service.save_day(session, EDITOR, key, day, working=False, own_hours=None, name_zh="停电", name_en="No power")
        return recomputing.latest(session, 1)[0].id

    number = database.write(change)
    application.drain(database)
    return number


def give(database: Database, task_id: str, login: str) -> None:
    command = engine.AssignTask(task_id=task_id, assignee=login, actor="sun.lihua")
    database.write(lambda s: engine.execute(s, command))


def stages(database: Database, task_id: str) -> dict[str, tuple[str, datetime]]:
    with database.read() as session:
        mine = select(job).where(job.c.task_id == task_id, job.c.kind == "deadline")
        return {row.payload["stage"]: (row.state, row.due_at) for row in session.execute(mine)}


def fired(database: Database, instance_id: str) -> list[str]:
    with database.read() as session:
        rows = engine.queries.history(session, instance_id)
        return [row.changes["stage"] for row in rows if row.kind == "deadline_reached"]


def test_a_free_day_more_moves_what_is_open_and_the_page_says_what(cases: Cases, database: Database) -> None:
    judged = cases.register()
    before = cases.task(judged, "judge")
    assert before.service_minutes is not None and before.due_at is not None
    cases.pass_time(timedelta(minutes=before.service_minutes * 0.85))
    assert fired(database, before.instance_id) == ["reminder"]
    number = rest(database, date(2026, 11, 23))
    after = cases.task(judged, "judge")
    with database.read() as session:
        calendar = queries.working_calendar(session, after.calendar)
        assert after.due_at == calendar.add(after.created_at, timedelta(minutes=before.service_minutes))
        assert after.due_at > before.due_at
        found = recomputing.progress(session, number)
        assert found is not None and found.over and found.failed == 0
        assert any(
            row.task_id == before.id and row.after == after.due_at for row in recomputing.moved_by(session, number)
        )
        action = audit_log.c.action == "RecomputeDeadlines"
        actors = session.scalars(select(audit_log.c.actor).where(action, audit_log.c.instance_id == after.instance_id))
        assert set(actors) == {EDITOR}
    now = stages(database, after.id)
    assert now["overdue"] == ("scheduled", after.due_at)
    assert now["reminder"][0] == "completed"
    cases.pass_time(timedelta(days=4))
    assert fired(database, after.instance_id) == ["reminder", "overdue", "escalation"]
    rest(database, date(2026, 12, 24))
    assert database.write(lambda session: engine.purge_batches(session, engine.now(session))).batches == 1
    with database.read() as session:
        assert recomputing.progress(session, number) == found, "also when its batch is gone"


def test_the_calendar_of_others_moves_nothing(cases: Cases, database: Database) -> None:
    before = cases.task(cases.register(), "judge")
    number = rest(database, date(2026, 11, 23), "office")
    with database.read() as session:
        assert engine.queries.task(session, before.id).due_at == before.due_at
        assert all(row.task_id != before.id for row in recomputing.moved_by(session, number))


def test_a_waiting_timer_in_working_days_moves_too(cases: Cases, database: Database) -> None:
    number = cases.register()
    task = cases.task(number, "judge")
    cases.do(number, "judge", "sun.lihua", outcome="more_information", information_wanted="哪个版本？")
    timers = _timers(database, task.instance_id)
    assert [one.payload["explanation"]["working"]["days"] for one in timers] == [5]
    rest(database, date(2026, 11, 25))
    rest(database, date(2026, 11, 25), "office")
    moved = _timers(database, task.instance_id)[0]
    assert moved.due_at - timers[0].due_at >= timedelta(days=1)
    with database.read() as session:
        found = explanation.of_timer(session, moved)
        assert found is not None and found.due_at == moved.due_at
        assert "No power" in {line.name("en") for line in found.days}


def _timers(database: Database, instance_id: str) -> list[engine.JobRow]:
    with database.read() as session:
        return list(engine.queries.jobs(session, instance_id=instance_id, kinds=("timer",)))


def test_a_paused_clock_moves_the_deadline_by_the_working_time_between(cases: Cases, database: Database) -> None:
    task = cases.task(cases.register(), "judge")
    assert task.due_at is not None
    cases.pass_time(timedelta(hours=1))
    database.write(lambda s: engine.execute(s, engine.PauseTask(task_id=task.id, reason="样品在路上", actor="ma.jun")))
    with database.read() as session:
        assert engine.queries.task(session, task.id).due_at is None
    cases.pass_time(timedelta(days=2))
    assert fired(database, task.instance_id) == []
    database.write(lambda s: engine.execute(s, engine.ContinueTask(task_id=task.id, actor="ma.jun")))
    with database.read() as session:
        calendar = queries.working_calendar(session, task.calendar)
        after = engine.queries.task(session, task.id)
        paused = calendar.between(at("2026-11-23T10:00"), at("2026-11-25T10:00"))
        assert after.due_at == calendar.add(task.due_at, paused)
        assert {"clock_paused", "clock_continued"} <= {
            row.kind for row in engine.queries.history(session, task.instance_id)
        }
    cases.pass_time(timedelta(days=6))
    assert fired(database, task.instance_id) == ["reminder", "overdue", "escalation"]


def test_a_pause_with_a_date_ends_by_itself_even_if_nobody_was_there(cases: Cases, database: Database) -> None:
    task = cases.task(cases.register(), "judge")
    until = at("2026-11-24T15:00")
    command = engine.PauseTask(task_id=task.id, reason="等客户", until_at=until, actor="ma.jun")
    planned = database.write(lambda s: engine.execute(s, command)).task
    with database.read() as session:
        calendar = queries.working_calendar(session, task.calendar)
    assert task.due_at is not None and planned is not None
    expected = calendar.add(task.due_at, calendar.between(at("2026-11-23T09:00"), until))
    assert planned.due_at == expected
    cases.clock.set(at("2026-11-24T15:30"))  # the worker comes late
    application.drain(database)
    with database.read() as session:
        (pause,) = engine.queries.pauses_of(session, task.id)
        assert pause.ended_at == until
        assert engine.queries.task(session, task.id).due_at == expected
    rest(database, date(2026, 11, 24))  # the pause now lies in rest: only Monday was worked
    with database.read() as session:
        calendar = queries.working_calendar(session, task.calendar)
        again = engine.queries.task(session, task.id)
        assert again.due_at == calendar.add(task.due_at, calendar.between(at("2026-11-23T09:00"), until))


def test_a_date_that_somebody_set_stays_when_the_calendar_changes(cases: Cases, database: Database) -> None:
    task = cases.task(cases.register(), "judge")
    day = at("2026-11-26T12:00")
    command = engine.UpdateTask(task_id=task.id, changes={"due_at": day}, actor="sun.lihua")
    database.write(lambda s: engine.execute(s, command))
    rest(database, date(2026, 11, 24))
    with database.read() as session:
        assert engine.queries.task(session, task.id).due_at == day
        found = explanation.of_task(session, engine.queries.task(session, task.id))
        assert found is not None and (found.rule, found.due_at) == ("date", day)


def test_the_task_page_and_the_interface_explain_the_deadline(
    each_app: Flask, cases: Cases, database: Database
) -> None:
    cases.clock.set(at("2026-12-31T19:30"))  # a Thursday evening before New Year
    task = cases.task(cases.register(), "judge")
    give(database, task.id, "ma.jun")
    person = application.signed_in(each_app, "ma.jun")
    page = person.get(f"/inbox/tasks/{task.id}").text
    assert "How the deadline was computed" in page and "New Year" in page
    chinese = application.signed_in(each_app, "ma.jun", language="zh")
    assert "元旦" in chinese.get(f"/inbox/tasks/{task.id}").text
    shown: dict[str, Any] = program(each_app, "ma.jun", "en").get(f"/api/v1/tasks/{task.id}").get_json()
    how = shown["deadline"]
    assert (how["rule"], how["calendar"]["key"]) == ("hours", "call_centre")
    assert datetime.fromisoformat(how["due_at"]) == task.due_at
    assert sum(day["worked_minutes"] for day in how["days"]) == task.service_minutes
    assert {day["kind"] for day in how["days"]} >= {"work", "holiday"}


def test_the_holder_stops_the_clock_on_the_page_and_says_why(each_app: Flask, cases: Cases, database: Database) -> None:
    task = cases.task(cases.register(), "judge")
    where = f"/inbox/tasks/{task.id}/pause"
    give(database, task.id, "ma.jun")
    person = application.signed_in(each_app, "ma.jun")
    refused = submit(person, where, {"pause_reason": " ", "pause_until": "2026-11-01T10:00"})
    assert refused.status_code == 422
    assert "Say why." in refused.text and "still to come" in refused.text and "2026-11-01T10:00" in refused.text
    assert submit(person, where, {"pause_reason": "Sample is on its way", "pause_until": ""}).status_code == 303
    page = person.get(f"/inbox/tasks/{task.id}").text
    assert "The clock stands still" in page and "Sample is on its way" in page
    assert submit(person, where, {"pause_reason": "again"}).status_code == 422
    stranger = application.signed_in(each_app, "li.na")
    assert submit(stranger, where, {"pause_reason": "x"}).status_code in (403, 404)
    headers = {"X-CSRF-Token": csrf_token(person)}
    assert person.delete(where, headers=headers).status_code == 303
    assert "The clock stands still" not in person.get(f"/inbox/tasks/{task.id}").text
    client, where = program(each_app, "ma.jun", "en"), f"/api/v1/tasks/{task.id}/pause"
    paused = client.post(where, {"reason": "waits for a part", "until": "2026-11-24T10:00:00+08:00"}).get_json()
    assert paused["deadline"]["paused"] and len(paused["deadline"]["pauses"]) == 2
    assert client.delete(where).status_code == 204
