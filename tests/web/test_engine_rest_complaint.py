"""A program that knows only the form document and Camunda's dialect carries a complaint to the archive."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

import engine
from tests.support.application import database_of, drain
from tests.support.rest import Program, program

STEPS_AT_MOST = 40
KINDS = {bool: "Boolean", int: "Integer", float: "Double", str: "String", list: "Json", type(None): "Null"}


def as_variables(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Values of a form as Camunda's variables."""
    return {name: {"value": value, "type": KINDS[type(value)]} for name, value in values.items()}


class Driver:
    """Completes whatever task is open, as somebody who may, reading the form for what is asked."""

    def __init__(self, app: Flask, choices: dict[str, str]) -> None:
        self.app = app
        self.choices = choices
        self.people: dict[str, Program] = {}
        self.done: list[tuple[str, str]] = []

    def ask(self, login: str) -> Program:
        if login not in self.people:
            self.people[login] = program(self.app, login)
        return self.people[login]

    def may_do(self, task_id: str) -> list[str]:
        with database_of(self.app).read() as session:
            from app.accounts import queries

            task = engine.queries.task(session, task_id)
            if task.assignee:
                return [task.assignee]
            logins = set(queries.users_in_groups(session, task.candidate_groups)) | set(task.candidate_users)
            return sorted(logins - set(task.excluded_users))

    def value(self, client: Program, field: dict[str, Any]) -> Any:
        if field["value"] not in (None, "", []):
            return field["value"]
        match field["type"]:
            case "choice" | "multichoice":
                chosen = self.choices.get(field["name"], field["options"][0]["value"])
                return [chosen] if field["type"] == "multichoice" else chosen
            case "reference":
                options = client.get(field["options_url"]).get_json()["options"]
                return options[0]["value"] if options else None
            case "integer" | "decimal" | "money":
                return max(field["min"] or 0, 1)
            case "date":
                return (date(2026, 11, 23) + timedelta(days=14)).isoformat()
            case "boolean":
                return False
            case "rows":
                return [{one["name"]: self.value(client, one) for one in field["fields"] if one["required"]}]
            case "file" | "datetime":
                return None
            case _:
                return "经核实，按规定处理。"

    def fill(self, client: Program, task_id: str) -> dict[str, Any]:
        form = client.get(f"/api/v1/tasks/{task_id}/form").get_json()
        seen: dict[str, Any] = {field["name"]: None for field in form["fields"]}
        filled = {}
        for field in form["fields"]:
            shown = field["visible_if"] is None or engine.evaluate(field["visible_if"], seen)
            if not shown:
                continue
            if field["readonly"]:
                seen[field["name"]] = field["value"]
                continue
            if field["required"] or field["value"] not in (None, "", []) or field["name"] in self.choices:
                seen[field["name"]] = filled[field["name"]] = self.value(client, field)
        return filled

    def step(self, instance_id: str) -> bool:
        watcher = self.ask("lin.wanqing")
        tasks = watcher.get("/engine-rest/task", processInstanceId=instance_id).get_json()
        if not tasks:
            return False
        task = tasks[0]
        login = self.may_do(task["id"])[0]
        client = self.ask(login)
        values = self.fill(client, task["id"])
        answer = client.post(f"/engine-rest/task/{task['id']}/complete", {"variables": as_variables(values)})
        assert answer.status_code == 204, (task["taskDefinitionKey"], values, answer.get_json())
        self.done.append((task["taskDefinitionKey"], login))
        return True

    def timer(self, instance_id: str) -> bool:
        """Bring forward what the case waits for, as somebody who may repair."""
        repairer = self.ask("lin.wanqing")
        for job in repairer.get("/engine-rest/job", processInstanceId=instance_id, timers="true").get_json():
            if job["jobType"] == "timer":
                assert repairer.post(f"/engine-rest/job/{job['id']}/execute").status_code == 204
                return True
        return False


def start(driver: Driver, body: Any = None) -> tuple[str, str]:
    """A new complaint by an agent: instance and number."""
    started = driver.ask("li.na").post("/engine-rest/process-definition/key/complaint/start", body)
    assert started.status_code == 200, started.get_json()
    return started.get_json()["id"], started.get_json()["businessKey"]


def waiting(driver: Driver, instance_id: str) -> list[dict[str, Any]]:
    """The open tasks, as the CCO sees them."""
    found: list[dict[str, Any]] = (
        driver.ask("lin.wanqing").get("/engine-rest/task", processInstanceId=instance_id).get_json()
    )
    return found


@pytest.fixture
def driver(app: Flask) -> Driver:
    """Programs of the demo company."""
    return Driver(app, {"complaint_class": "quality"})


def test_from_record_to_the_archive(app: Flask, driver: Driver) -> None:
    agent = driver.ask("li.na")
    instance_id, number = start(driver)
    assert number.startswith("CMP-2026-")
    assert [task["taskDefinitionKey"] for task in waiting(driver, instance_id)] == ["record"]
    for _ in range(STEPS_AT_MOST):
        if not driver.step(instance_id) and not driver.timer(instance_id):
            break
        drain(database_of(app))
    nodes, people = [node for node, _login in driver.done], dict(driver.done)
    eight = ["record", "judge", "assign_department", "analyse_cause", "propose_solution", "approve_solution"]
    assert nodes[:6] == eight, nodes
    assert {"perform_action", "decide_penalty", "return_visit", "evaluate"} <= set(nodes)
    assert people["propose_solution"] != people["approve_solution"]
    closed = agent.get("/api/v1/complaints/" + number).get_json()
    assert closed["state"] == "closed"
    assert [step["node_id"] for step in closed["timeline"]] == nodes
    assert agent.get(f"/engine-rest/process-instance/{instance_id}").status_code == 404


def test_a_start_with_all_fields_records_at_once_and_one_with_some_waits(driver: Driver) -> None:
    agent = driver.ask("li.na")
    instance_id, _number = start(driver)
    values = driver.fill(agent, waiting(driver, instance_id)[0]["id"])
    whole, _ = start(driver, {"variables": as_variables(values)})
    assert [task["taskDefinitionKey"] for task in waiting(driver, whole)] == ["judge"]
    values.pop("verbatim")
    partly, _ = start(driver, {"variables": as_variables(values)})
    (task,) = waiting(driver, partly)
    assert task["taskDefinitionKey"] == "record"
    prefill = agent.get(f"/engine-rest/task/{task['id']}/form-variables").get_json()
    assert prefill["customer"]["value"] == values["customer"]
    wrong = {**values, "complaint_class": "sausage"}
    refused = agent.post("/engine-rest/process-definition/key/complaint/start", {"variables": as_variables(wrong)})
    assert refused.status_code == 400 and "complaint_class" in refused.get_json()["errors"]
    unknown = agent.post("/engine-rest/process-definition/key/complaint/start", {"variables": as_variables({"x": 1})})
    assert unknown.status_code == 400
    may_not = driver.ask("sun.zhipeng").post("/engine-rest/process-definition/key/complaint/start")
    assert may_not.status_code == 403


def test_a_message_starts_a_complaint_and_another_reaches_it(driver: Driver) -> None:
    agent, cco = driver.ask("li.na"), driver.ask("lin.wanqing")
    body = {
        "messageName": "complaint_received",
        "resultEnabled": True,
        "processVariables": as_variables({"channel": "email"}),
    }
    (result,) = agent.post("/engine-rest/message", body).get_json()
    assert result["resultType"] == "ProcessDefinition"
    number = result["processInstance"]["businessKey"]
    told = {
        "messageName": "complaint_withdrawn",
        "businessKey": number,
        "processVariables": as_variables({"reason": "已解决"}),
    }
    assert driver.ask("sun.zhipeng").post("/engine-rest/message", told).status_code == 404
    answer = agent.post("/engine-rest/message", told)
    assert answer.status_code == 204, answer.get_json()
    nodes = [task["taskDefinitionKey"] for task in waiting(driver, result["processInstance"]["id"])]
    assert nodes == ["review_withdrawal"]
    late = cco.post("/engine-rest/message", {"messageName": "complaint_contested", "businessKey": number})
    assert late.status_code in (400, 403)


def test_complaints_are_registered_listed_and_told_more_over_the_api(driver: Driver) -> None:
    agent = driver.ask("li.na")
    instance_id, _number = start(driver)
    values = driver.fill(agent, waiting(driver, instance_id)[0]["id"])
    missing = agent.post("/api/v1/complaints", {"values": {"channel": "phone"}})
    assert missing.status_code == 422 and "customer" in missing.get_json()["errors"]
    made = agent.post("/api/v1/complaints", {"values": {**values, "verbatim": "齿轮箱漏油三天无人处理"}})
    assert made.status_code == 201, made.get_json()
    number = made.get_json()["number"]
    assert made.get_json()["recorded"] is True
    found = agent.get("/api/v1/complaints", q="箱漏").get_json()
    assert [one["number"] for one in found["complaints"]] == [number] and found["count"] == 1
    assert driver.ask("sun.zhipeng").get(f"/api/v1/complaints/{number}").status_code == 404
    told = agent.post(
        f"/api/v1/complaints/{number}/messages", {"name": "complaint_supplement", "values": {"text": "照片随后寄到"}}
    )
    assert told.status_code == 204, told.get_json()
    shown = agent.get(f"/api/v1/complaints/{number}").get_json()
    assert shown["verbatim"] == "齿轮箱漏油三天无人处理" and shown["open_tasks"][0]["node_id"] == "judge"
    pages, after = [], None
    while True:
        page = agent.get("/api/v1/complaints", limit=2, **({"after": after} if after else {})).get_json()
        pages += [one["number"] for one in page["complaints"]]
        after = page["next"]
        if after is None:
            break
    assert pages == sorted(set(pages), reverse=True) and len(pages) == page["count"]
