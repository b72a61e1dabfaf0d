"""A program that knows only the form documents and /engine-rest carries a complaint from `record` to the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

import engine
from app.accounts import queries as accounts
from app.complaints import queries
from tests.support.application import advance, database_of
from tests.support.rest import Program, program, variables

STEPS = 30


def _value(field: dict[str, Any], client: Program) -> Any:
    """Something the field says it takes."""
    least = field["min"] or 0
    match field["type"]:
        case "text" | "longtext":
            return "x" * max(int(least), 1)
        case "integer" | "decimal" | "money":
            return least
        case "date":
            return "2026-11-30"
        case "datetime":
            return "2026-11-20T08:00:00+00:00"
        case "boolean":
            return True
        case "choice":
            return field["options"][0]["value"]
        case "multichoice":
            return [option["value"] for option in field["options"][: max(int(least), 1)]]
        case "reference":
            return client.get(field["options_url"]).json["options"][0]["value"]
        case "rows":
            return [_filled(field["fields"], client) for _row in range(max(int(least), 1))]
    raise AssertionError(field)


def _filled(fields: list[dict[str, Any]], client: Program) -> dict[str, Any]:
    """Every required field that is visible; the rest stays as the document gives it."""
    seen: dict[str, Any] = {field["name"]: field["value"] for field in fields}
    given: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        visible = field["visible_if"] is None or engine.evaluate(field["visible_if"], seen)
        if not visible:
            seen[name] = None
        elif not field["readonly"] and field["required"] and field["value"] in (None, "", []):
            given[name] = seen[name] = _value(field, client)
    return given


def _somebody(app: Flask, task: engine.TaskRow) -> str:
    """A person who may do the task."""
    if task.assignee:
        return task.assignee
    with database_of(app).read() as session:
        people = accounts.users_in_groups(session, task.candidate_groups)
    return next(login for login in people if login not in task.excluded_users)


def test_a_generic_client_needs_nothing_but_the_documents(app: Flask, clock: engine.VirtualClock) -> None:
    database = database_of(app)
    agent = program(app, "li.na")
    started = agent.post("/engine-rest/process-definition/key/complaint/start", {"variables": {}})
    assert started.status_code == 200, started.text
    instance, number = started.json["id"], started.json["businessKey"]
    done: list[str] = []
    for _step in range(STEPS):
        with database.read() as session:
            waiting = engine.queries.open_tasks(session, instance)
            task = engine.queries.task(session, waiting[0].id) if waiting else None
            state = engine.queries.instance(session, instance).state
        if state is not engine.InstanceState.ACTIVE:
            break
        if task is None:
            advance(database, clock, timedelta(days=5))
            continue
        client = program(app, _somebody(app, task))
        form = client.get(f"/api/v1/tasks/{task.id}/form").json
        given = _filled(form["fields"], client)
        answer = client.post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(**given)})
        assert answer.status_code in (200, 204), (task.node_id, given, answer.text)
        done.append(task.node_id)
    assert done[:6] == [
        "record",
        "judge",
        "assign_department",
        "analyse_cause",
        "propose_solution",
        "approve_solution",
    ]
    assert {"return_visit", "evaluate"} <= set(done)
    with database.read() as session:
        case = queries.complaint(session, number)
        assert case is not None
        assert case.archived_at is not None
