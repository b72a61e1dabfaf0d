"""A program that knows only ``GET /api/v1/tasks/{id}/form`` and ``/engine-rest`` drives a complaint to the archive.

It fills what the form document asks for by type, options, minimum and visibility, and nothing else.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask

import engine
from engine import VirtualClock
from tests.support.application import advance, database_of

Field = Mapping[str, Any]
PEOPLE = {
    "record": "wu.xiaoyan",
    "judge": "sun.lihua",
    "assign_department": "song.yaqin",
    "analyse_cause": "bai.lu",
    "propose_solution": "zou.kaiwen",
    "approve_solution": "jia.wentao",
    "decide_penalty": "ren.fang",
    "pay_compensation": "su.ting",
    "return_visit": "li.na",
    "evaluate": "xie.wenbo",
    "thank_customer": "xie.wenbo",
}
CHIEF = "lin.wanqing"


class Program:
    """Calls with login and password, as clients of Camunda do."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, login: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded answer."""
        credential = base64.b64encode(f"{login}:keliu-demo".encode()).decode()
        request = urllib.request.Request(
            path if path.startswith("http") else self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Basic {credential}"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text else None

    def get(self, login: str, path: str) -> Any:
        """What is there; anything but 200 fails."""
        status, found = self.call(login, "GET", path)
        assert status == 200, (path, found)
        return found

    def options(self, login: str, field: Field) -> list[Any]:
        """Values one may choose from."""
        offered = field["options"] or self.get(login, field["options_url"].removeprefix(self.address))
        if isinstance(offered, dict):
            offered = offered["options"]
        return [option["value"] for option in offered]

    def answers(self, login: str, fields: list[Field], given: Mapping[str, Any]) -> dict[str, Any]:
        """An answer for every required field that is visible."""
        facts = {field["name"]: field["value"] for field in fields}
        answers: dict[str, Any] = {}
        for field in fields:
            if field["visible_if"] and not engine.evaluate(field["visible_if"], {**facts, **answers}):
                continue
            if field["readonly"] or not (field["required"] or field["name"] in given):
                continue
            answers[field["name"]] = given.get(field["name"], self._answer(login, field))
        return answers

    def _answer(self, login: str, field: Field) -> Any:
        kind, least = field["type"], field["min"]
        if kind in ("text", "longtext"):
            return "As the customer said."
        if kind in ("integer", "decimal", "money"):
            return least if least is not None else 1
        if kind == "boolean":
            return False
        if kind == "date":
            return least or "2027-01-04"
        if kind == "datetime":
            return least or "2027-01-04T09:00:00+08:00"
        if kind == "rows":
            return [self.answers(login, field["fields"], {}) for _ in range(int(least or 1))]
        chosen = self.options(login, field)[0]
        return [chosen] if kind == "multichoice" else chosen

    def complete(self, login: str, task: Mapping[str, Any], **given: Any) -> None:
        """Read the form of a task, fill it and complete the task in Camunda's dialect."""
        form = self.get(login, f"/api/v1/tasks/{task['id']}/form")
        answers = self.answers(login, form["fields"], given)
        variables = {
            name: {"type": "Json", "value": json.dumps(value)} if isinstance(value, list) else {"value": value}
            for name, value in answers.items()
        }
        status, said = self.call(login, "POST", f"/engine-rest/task/{task['id']}/complete", {"variables": variables})
        assert status == 204, (task["taskDefinitionKey"], answers, said)


def test_from_record_to_the_archive(app: Flask, live_server: str, clock: VirtualClock) -> None:
    compensation = 800
    program = Program(live_server)
    status, started = program.call("wu.xiaoyan", "POST", "/engine-rest/process-definition/key/complaint/start", {})
    assert status == 200, started
    instance, done = started["id"], []
    while program.call(CHIEF, "GET", f"/engine-rest/process-instance/{instance}")[0] == 200:
        tasks = program.get(CHIEF, f"/engine-rest/task?processInstanceId={instance}&sortBy=created&sortOrder=asc")
        if not tasks:
            advance(database_of(app), clock, timedelta(days=5))
            continue
        task = tasks[0]
        login = task["assignee"] or PEOPLE[task["taskDefinitionKey"]]
        program.complete(login, task, compensation=compensation, departments=["development"])
        done.append(task["taskDefinitionKey"])
    assert done[:6] == ["record", "judge", "assign_department", "analyse_cause", "propose_solution", "approve_solution"]
    assert ("pay_compensation" in done) == (compensation > 0)
    assert {"perform_action", "decide_penalty", "return_visit", "evaluate"} <= set(done)
    complaint = program.get(CHIEF, f"/api/v1/complaints/{started['businessKey']}")
    assert complaint["state"] == "closed"


def test_a_timer_is_brought_forward_by_somebody_who_may_repair(app: Flask, live_server: str) -> None:
    program = Program(live_server)
    _, started = program.call("wu.xiaoyan", "POST", "/engine-rest/process-definition/key/complaint/start", {})
    instance = started["id"]

    def only_task() -> Any:
        return program.get(CHIEF, f"/engine-rest/task?processInstanceId={instance}")[0]

    program.complete("wu.xiaoyan", only_task())
    program.complete("sun.lihua", only_task(), outcome="more_information", information_wanted="Which version?")
    timers = program.get(CHIEF, f"/engine-rest/job?processInstanceId={instance}&timers=true")
    assert len(timers) == 1
    assert program.call("wu.xiaoyan", "POST", f"/engine-rest/job/{timers[0]['id']}/execute")[0] in (403, 404)
    assert program.call(CHIEF, "POST", f"/engine-rest/job/{timers[0]['id']}/execute")[0] == 204
    assert only_task()["taskDefinitionKey"] == "judge"
    assert program.call(CHIEF, "DELETE", f"/engine-rest/process-instance/{instance}")[0] == 204
    assert program.call(CHIEF, "GET", f"/engine-rest/process-instance/{instance}")[0] == 404
