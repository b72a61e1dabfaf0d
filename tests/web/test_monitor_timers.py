"""The agenda of timers: what fires when and for whom, why then, and moving, firing or cancelling it with a reason."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import engine
from tests.support import errands
from tests.support.application import advance, database_of, drain, signed_in

OPERATOR = "kang.ning"
AGENDA = "/monitor/timers?number=ERR"


@pytest.fixture
def operator(each_app: Flask) -> FlaskClient:
    each_app.config["WTF_CSRF_ENABLED"] = False
    errands.deploy(each_app)
    return signed_in(each_app, OPERATOR)


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def timers(app: Flask, instance_id: str) -> list[engine.JobRow]:
    with database_of(app).read() as session:
        return list(engine.queries.jobs(session, instance_id=instance_id, kinds=(engine.JobKind.TIMER,)))


def days_of(page: str) -> list[str]:
    return re.findall(r'id="day-([0-9-]+)"', page)


def test_the_agenda_says_what_fires_on_which_day_and_why(each_app: Flask, operator: FlaskClient) -> None:
    one, two = errands.start(each_app, 2)
    page = text_of(operator, AGENDA)
    assert days_of(page) == ["2026-11-26"] and "2 timers" in page and "ERR-000001" in page
    assert "Thursday" in page and "09:00" in page
    assert days_of(text_of(operator, f"{AGENDA}&within=7")) == ["2026-11-26"]
    assert days_of(text_of(operator, f"{AGENDA}&within=overdue")) == []
    assert days_of(text_of(operator, f"{AGENDA}&day_to=2026-11-25")) == []
    (timer,) = timers(each_app, one)
    why = text_of(operator, f"/monitor/timers/{timer.id}")
    assert "<code>P3D</code>" in why and "23 Nov 2026, 09:00" in why and "every hour counts" in why

    path = f"/monitor/timers/{timer.id}/repairs/reschedule"
    assert 'value="2026-11-26T09:00"' in text_of(operator, path)
    given: dict[str, Any] = {"step": "confirm", "how": "at", "due_at": "2026-11-28T10:30", "reason": "printer holidays"}
    refused = operator.post(path, data={**given, "due_at": "soon", "reason": ""})
    assert refused.status_code == 422 and "Give day and time" in refused.get_data(as_text=True)
    assert operator.post(path, data=given).status_code == 303
    page = text_of(operator, AGENDA)
    assert days_of(page) == ["2026-11-26", "2026-11-28"] and "no working day" in page
    why = text_of(operator, f"/monitor/timers/{timer.id}")
    assert "Moved by kang.ning" in why and "printer holidays" in why
    never = {**given, "due_at": "2126-11-28T10:30"}
    assert operator.post(path, data=never).status_code == 303
    assert days_of(text_of(operator, AGENDA)) == ["2026-11-26"]  # ten years ahead it is no appointment
    assert "28 Nov 2126" in text_of(operator, f"/monitor/timers/{timer.id}")
    kept = errands.audited(each_app, "SetJobDue", OPERATOR)[0]
    assert kept.facts["reason"] == "printer holidays" and kept.facts["previous"].startswith("2026-11-26")
    with database_of(each_app).read() as session:
        assert "timer_moved" in [row.kind for row in engine.queries.history(session, one)]

    again = {"step": "confirm", "how": "now", "reason": "nobody waits for it"}
    assert operator.post(path, data=again).status_code == 303
    drain(database_of(each_app))
    assert errands.tasks(each_app, one) == ["check", "remind"] and errands.tasks(each_app, two) == ["check"]


def test_a_timer_is_cancelled_only_where_the_instance_goes_on_without_it(
    each_app: Flask, clock: engine.VirtualClock, operator: FlaskClient
) -> None:
    (one,) = errands.start(each_app)
    (reminder,) = timers(each_app, one)
    assert "Cancel the timer" in text_of(operator, f"/monitor/timers/{reminder.id}")
    path = f"/monitor/timers/{reminder.id}/repairs/drop"
    assert operator.post(path, data={"step": "confirm", "reason": "no need"}).status_code == 303
    assert text_of(operator, AGENDA).count("ERR-000001") == 0
    advance(database_of(each_app), clock, timedelta(minutes=20))
    with database_of(each_app).read() as session:
        (task,) = engine.queries.open_tasks(session, one)
    order = engine.CompleteTask(task_id=task.id, actor="li.na", override=True)
    database_of(each_app).write(lambda session: engine.execute(session, order))
    (pause,) = timers(each_app, one)
    path = f"/monitor/timers/{pause.id}/repairs/drop"
    refused = operator.post(path, data={"step": "confirm", "reason": "no need"})
    assert refused.status_code == 409
    looked = operator.post(path, data={"step": "preview", "reason": "no need"}).get_data(as_text=True)
    assert "Move it to another step instead." in looked
    assert "Cancel the timer" not in text_of(operator, f"/monitor/timers/{pause.id}")
    assert operator.get(f"/monitor/timers/{reminder.id}").status_code == 404


def test_all_timers_of_a_list_are_moved_at_once(each_app: Flask, operator: FlaskClient) -> None:
    ids = errands.start(each_app, 3)
    errands.start(each_app, 1)
    suspended = engine.SuspendInstance(instance_id=ids[0], reason="waits", actor=OPERATOR)
    database_of(each_app).write(lambda session: engine.execute(session, suspended))
    path = "/monitor/timers/repairs/reschedule?number=ERR"
    given = {"how": "shift", "amount": "2", "unit": "days", "reason": "the mill stands still"}
    looked = operator.post(path, data={"step": "preview", **given}).get_data(as_text=True)
    assert "It fits 3 of 4." in looked and "Its instance is suspended" in looked and "28 Nov 2026, 09:00" in looked
    hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', looked) for name in ("key", "seen")}
    sent = {"step": "confirm", **{name: found.group(1) for name, found in hidden.items() if found}, **given}
    other = operator.post(path, data={**sent, "amount": "3"})  # not what was shown
    assert other.status_code == 200 and "29 Nov 2026" in other.get_data(as_text=True)
    answer = operator.post(path, data=sent)
    assert answer.status_code == 303
    drain(database_of(each_app))
    assert "3 of 3 done" in text_of(operator, answer.location)
    assert days_of(text_of(operator, AGENDA)) == ["2026-11-26", "2026-11-28"]
    wrong = operator.get("/monitor/timers/repairs/reschedule?process=nothing")
    assert wrong.status_code == 422  # a filter nobody understands is not "all there are"


def test_who_does_not_repair_sees_the_timers_of_what_they_see(each_app: Flask, operator: FlaskClient) -> None:
    errands.start(each_app)
    supervisor = signed_in(each_app, "xu.wenqiang")  # of a marketing centre
    assert "ERR-000001" not in text_of(supervisor, AGENDA)
    assert signed_in(each_app, "li.na").get(AGENDA).status_code == 403
    agenda = text_of(operator, "/monitor/timers?process=errand")
    assert "ERR-000001" in agenda and "Errand 1" in agenda
