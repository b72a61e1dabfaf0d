"""Programs work on tasks over /api/v1."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support import purchase
from tests.support.rest import Program, program

Ask = Callable[..., Program]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """A program of somebody in the demo company, where purchases are deployed."""
    purchase.deploy(app)
    return lambda login, language="en": program(app, login, language)


def test_a_program_that_knows_only_the_form_document_completes_the_task(app: Flask, ask: Ask) -> None:
    instance = purchase.start(app)
    client = ask("li.na")
    (task,) = client.get("/api/v1/tasks", box="claim", process_key="purchase").get_json()["tasks"]
    form = client.get(f"/api/v1/tasks/{task['id']}/form").get_json()
    assert set(form) == {"key", "title", "fields"}
    fields = {field["name"]: field for field in form["fields"]}
    assert set(fields["subject"]) == {
        "name", "type", "label", "help", "required", "readonly", "value", "options", "min", "max", "fields",
        "visible_if",
    }  # fmt: skip
    assert fields["subject"]["required"] and fields["subject"]["max"] == 80
    assert fields["amount"]["max"] == 100000 and fields["items"]["fields"][0]["name"] == "what"
    answer = client.post(f"/api/v1/tasks/{task['id']}/complete", {"values": purchase.FILLED})
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["task"]["state"] == "completed"
    assert purchase.task_of(app, instance).node_id == "approve"


def test_errors_are_json_in_the_callers_language(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    path = f"/api/v1/tasks/{task.id}/complete"
    english = ask("li.na").post(path, {"values": {"requester": "li.na"}})
    assert english.status_code == 422
    body = english.get_json()
    assert set(body) == {"code", "message", "errors"}
    assert body["code"] == "FieldErrors" and body["errors"] == {"subject": ["This field is required."]}
    chinese = ask("li.na", "zh").post(path, {"values": {"requester": "li.na"}}).get_json()
    assert chinese["errors"]["subject"] != body["errors"]["subject"] and chinese["code"] == "FieldErrors"
    missing = ask("sun.zhipeng").get(f"/api/v1/tasks/{task.id}")
    assert missing.status_code == 404 and set(missing.get_json()) == {"code", "message", "errors"}
    assert app.test_client().get("/api/v1/tasks").status_code == 401
    wrong = ask("li.na").post(path, {"wert": 1})
    assert wrong.status_code == 422 and "values" in wrong.get_json()["errors"]


def test_a_program_is_answered_in_the_language_it_asks_for(app: Flask, ask: Ask) -> None:
    from sqlalchemy import update

    from app.accounts.models import User
    from tests.support.application import database_of

    english = update(User).where(User.login == "li.na").values(language="en")
    database_of(app).write(lambda session: session.execute(english))
    message = ask("li.na", "zh").get("/api/v1/tasks/nothing").get_json()["message"]
    assert any("一" <= character <= "鿿" for character in message)


def test_a_conflict_names_who_was_faster(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    assert ask("li.na").post(f"/api/v1/tasks/{task.id}/claim").get_json()["assignee"] == "li.na"
    late = ask("wu.xiaoyan").post(f"/api/v1/tasks/{task.id}/complete", {"values": purchase.FILLED})
    assert late.status_code == 409
    assert late.get_json()["code"] == "TaskAlreadyClaimed" and "Na Li" in late.get_json()["message"]
    assert ask("li.na").delete(f"/api/v1/tasks/{task.id}/claim").status_code == 204
    assert purchase.task(app, task.id).assignee is None


def test_drafts_are_kept_read_and_thrown_away(app: Flask, ask: Ask) -> None:
    task, client = purchase.task_of(app, purchase.start(app)), ask("li.na")
    path = f"/api/v1/tasks/{task.id}/draft"
    assert client.get(path).status_code == 404
    saved = client.put(path, {"values": {"subject": "半句", "nonsense": 1}})
    assert saved.status_code == 200 and saved.get_json()["values"] == {"subject": "半句"}
    assert client.get(path).get_json()["values"] == {"subject": "半句"}
    assert ask("wu.xiaoyan").get(path).status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_the_draft_of_the_page_and_of_the_program_are_one(app: Flask, ask: Ask) -> None:
    from tests.support.application import signed_in

    task = purchase.task_of(app, purchase.start(app))
    ask("li.na").put(f"/api/v1/tasks/{task.id}/draft", {"values": {"subject": "从程序来"}})
    assert "从程序来" in signed_in(app, "li.na").get(f"/inbox/tasks/{task.id}").get_data(as_text=True)


def test_lists_come_in_pages(app: Flask, ask: Ask) -> None:
    for _ in range(5):
        purchase.start(app)
    client, seen, after = ask("li.na"), [], None
    for _ in range(3):
        asked = {"box": "claim", "process_key": "purchase", "limit": 2} | ({"after": after} if after else {})
        page = client.get("/api/v1/tasks", **asked).get_json()
        assert page["count"] == 5
        seen += [task["id"] for task in page["tasks"]]
        after = page["next"]
    assert after is None and len(seen) == len(set(seen)) == 5
    assert client.get("/api/v1/tasks", box="wrong").status_code == 422
    assert client.get("/api/v1/tasks", unknown="1").status_code == 422


def test_the_openapi_document_describes_every_route(app: Flask, ask: Ask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    routes = {
        re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    }
    assert routes <= set(document["paths"])
    assert "bearer" in document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "delete"):
                assert operation["summary"], operation
    json.dumps(document)


def test_people_read_the_documentation_without_scripts(app: Flask, ask: Ask) -> None:
    from tests.support.application import signed_in

    page = signed_in(app, "li.na", language="zh").get("/developers")
    assert page.status_code == 200
    assert "/api/v1/tasks/{task_id}/form" in page.get_data(as_text=True) and "开发者" in page.get_data(as_text=True)
