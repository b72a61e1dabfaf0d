"""Requests that mean no good: mass operations beyond one's rights, and thousands of damaged bodies (never a 5xx)."""

from __future__ import annotations

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

import engine
from app.accounts.models import RolePermission
from tests.support import purchase
from tests.support.application import database_of
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
REST = "/engine-rest"
OPERATOR, CCO, AGENT = "kang.ning", "lin.wanqing", "li.na"
SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
EACH = 5 * SCALE
"""Damaged bodies per request, person and database: several hundred in all, ten times as many on demand."""


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def test_who_may_only_cancel_follows_their_own_batches_and_nobody_elses(each_app: Flask, ask: Ask) -> None:
    without_repair = delete(RolePermission).where(RolePermission.permission == "instance.repair")
    database_of(each_app).write(
        lambda session: session.execute(without_repair.where(RolePermission.role_name == "cco"))
    )
    one, two = (purchase.start(each_app) for _ in "12")
    cco, operator, agent = ask(CCO), ask(OPERATOR), ask(AGENT)
    mine = cco.post(f"{REST}/process-instance/delete", {"processInstanceIds": [one]}).get_json()
    theirs = operator.post(f"{REST}/process-instance/delete", {"processInstanceIds": [two]}).get_json()

    for lists in ("batch", "history/batch", "batch/statistics"):
        assert [row["id"] for row in cco.get(f"{REST}/{lists}").get_json()] == [mine["id"]]
        assert cco.get(f"{REST}/{lists}/count").get_json() == {"count": 1}
        assert operator.get(f"{REST}/{lists}/count").get_json() == {"count": 2}
        assert agent.get(f"{REST}/{lists}").get_json() == []
    assert cco.get(f"{REST}/batch", createdBy=OPERATOR).get_json() == []
    for place in ("batch", "history/batch"):
        assert cco.get(f"{REST}/{place}/{mine['id']}").status_code == 200
        assert cco.get(f"{REST}/{place}/{theirs['id']}").status_code == 404
        assert agent.get(f"{REST}/{place}/{mine['id']}").status_code == 404
    assert cco.put(f"{REST}/batch/{mine['id']}/suspended", {"suspended": True}).status_code == 403
    assert cco.delete(f"{REST}/batch/{theirs['id']}").status_code == 403
    engine.jobs.run_until_quiet(database_of(each_app), "worker-1")
    (past,) = cco.get(f"{REST}/history/batch", completed="true").get_json()
    assert past["id"] == mine["id"]


def lists_of(good: str) -> Iterator[tuple[Any, int]]:
    """What stands where a list of ids belongs, and the answer."""
    for wrong in ("x", 7, True, {}, {"a": 1}, [], [7], [None], [[good]], [{"id": good}], [""]):
        yield wrong, 400
    for unknown in (["../../etc/passwd"], [good, "x"], [f"{good}'--"], ["x" * 5_000], ["%00"]):
        yield unknown, 404


def huge_lists_of(good: str) -> Iterator[tuple[Any, int]]:
    """Lists that nobody needs."""
    yield [good] * 100_001, 400
    yield [f"{number:036}" for number in range(20_000)], 404


def test_lists_of_ids_that_are_wrong_huge_or_unknown_change_nothing(each_app: Flask, ask: Ask) -> None:
    instance_id, operator = purchase.start(each_app), ask(OPERATOR)
    (definition,) = operator.get(f"{REST}/process-definition", key="purchase").get_json()
    orders = {"instructions": [{"type": "cancel", "activityId": "request"}], "processDefinitionId": definition["id"]}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("process-instance/delete", {}),
        ("process-instance/suspended-async", {"suspended": True}),
        ("process-instance/variables-async", {"variables": variables(a=1)}),
        ("process-instance/message-async", {"messageName": "purchase_recalled"}),
        ("modification/execute", orders),
        (f"process-definition/{definition['id']}/restart", orders),
    ]
    for path, given in requests:
        wrongs = [*lists_of(instance_id), *(huge_lists_of(instance_id) if path == requests[0][0] else ())]
        for wrong, status in wrongs:
            answer = operator.post(f"{REST}/{path}", {**given, "processInstanceIds": wrong})
            assert answer.status_code == status, (path, str(wrong)[:80], answer.get_data(as_text=True)[:300])
    assert operator.get(f"{REST}/batch/count").get_json() == {"count": 0}
    assert purchase.task_of(each_app, instance_id).node_id == "request"


def test_nobody_reaches_others_cases_through_a_mass_operation(each_app: Flask, ask: Ask) -> None:
    """The head of a department far away may cancel, but not what they cannot see."""
    instance_id = purchase.start(each_app)
    lead, elsewhere = ask("sun.lihua"), ask("qi.jiahui")
    for path, given in (
        ("process-instance/delete", {"processInstanceIds": [instance_id]}),
        ("process-instance/delete", {"processInstanceQuery": {}}),
        ("process-instance/suspended-async", {"processInstanceIds": [instance_id], "suspended": True}),
        ("external-task/retries-async", {"processInstanceIds": [instance_id], "retries": 1}),
        ("job/retries", {"jobIds": ["1"], "retries": 1}),
        ("migration/execute", {"processInstanceIds": [instance_id], "migrationPlan": {}}),
    ):
        for client in (lead, elsewhere):
            assert client.post(f"{REST}/{path}", given).status_code == 403, path


WEIRD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 10**30, 1.5, 1e300, "", " ", "x" * 3_000, "\x00", "\ud800", "投诉", "${1/0}", "=1",
    "../..", "%00", "' OR 1=1 --", "2026-13-45T00:00:00", "9999-12-31T23:59:59.999+0000", [], [[]], {}, {"": ""},
    {"value": {"value": []}}, [{}] * 50, ["x"] * 2_000,
)  # fmt: skip


def damaged(rng: random.Random, body: Any) -> bytes:
    """A valid body that is valid no more, perhaps not even JSON."""
    changed = copy.deepcopy(body)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(changed))
        holder, key = rng.choice(places) if places else ({"": changed}, "")
        kind = rng.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[rng.choice(("x", "", "__class__", "value", "type", f"{key}Like"))] = holder.pop(key)
        elif kind == 2:
            holder[key] = [holder[key]]
        else:
            holder[key] = rng.choice(WEIRD)
    data = json.dumps(changed).encode()
    if rng.random() < 0.15:
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice((b"", b"\xff", b"\x00", b"{", b'"', b"1e999", b"NaN")) + data[at + 1 :]
    return data


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(inner):
        yield value, key
        yield from _places(child)


def requests_of(instance: str, task: str, definition: str, filter_id: str) -> list[tuple[str, str, Any]]:
    """Valid requests to the routes that read a body."""
    ids, some = {"processInstanceIds": [instance]}, variables(amount=7, note="x", rows=[1])
    query = {"processInstanceQuery": {"processDefinitionKey": "purchase", "variables": [_asked("amount")]}}
    orders = {"instructions": [{"type": "startBeforeActivity", "activityId": "pack", "variables": some}]}
    line = {"sourceActivityIds": ["request"], "targetActivityIds": ["request"], "updateEventTrigger": False}
    plan = {"sourceProcessDefinitionId": definition, "targetProcessDefinitionId": definition, "instructions": [line]}
    tasks = {"assignee": "li.na", "processVariables": [_asked("amount")], "orQueries": [{"nameLike": "%x%"}]}
    tasks |= {"sorting": [{"sortBy": "dueDate", "sortOrder": "asc"}], "createdAfter": "2026-01-01T00:00:00.000+0000"}
    start = {"variables": some, "businessKey": "B", "withVariablesInReturn": True}
    fetch = {"workerId": "w", "maxTasks": 2, "topics": [{"topicName": "t", "lockDuration": 1000, "variables": ["a"]}]}
    message = {"messageName": "purchase_recalled", "businessKey": "B", "correlationKeys": some, "all": True}
    mass, one, its = f"{REST}/process-instance", f"{REST}/process-instance/{instance}", f"{REST}/task/{task}"
    return [
        ("POST", mass, query["processInstanceQuery"]),
        ("POST", f"{mass}/delete", {**ids, **query, "deleteReason": "x"}),
        ("PUT", f"{mass}/suspended", {**ids, "suspended": True}),
        ("POST", f"{mass}/suspended-async", {**ids, **query, "suspended": True}),
        ("POST", f"{mass}/variables-async", {**ids, "variables": some}),
        ("POST", f"{mass}/message-async", {**ids, "messageName": "purchase_recalled", "variables": some}),
        ("POST", f"{mass}/job-retries", {"processInstances": [instance], "retries": 1}),
        ("POST", f"{one}/modification", orders),
        ("POST", f"{one}/variables", {"modifications": some, "deletions": ["a"]}),
        ("PUT", f"{one}/variables/amount", some["amount"]),
        ("POST", f"{REST}/modification/executeAsync", {**orders, **ids, "processDefinitionId": definition}),
        ("POST", f"{REST}/process-definition/{definition}/restart-async", {**orders, **ids, "initialVariables": True}),
        ("POST", f"{REST}/process-definition/{definition}/start", start),
        ("PUT", f"{REST}/process-definition/key/purchase/suspended", {"suspended": False, "executionDate": None}),
        ("POST", f"{REST}/migration/generate", plan),
        ("POST", f"{REST}/migration/validate", plan),
        ("POST", f"{REST}/migration/executeAsync", {"migrationPlan": plan, **ids, "skipCustomListeners": True}),
        ("POST", f"{REST}/job/retries", {"jobIds": ["1"], "retries": 1, "jobQuery": {"messages": True}}),
        ("POST", f"{REST}/external-task/fetchAndLock", fetch),
        ("POST", f"{REST}/external-task/retries-async", {"externalTaskIds": ["1"], "retries": 1}),
        ("POST", f"{REST}/message", message),
        ("POST", f"{REST}/signal", {"name": "s", "variables": some}),
        (
            "POST",
            f"{REST}/filter/create",
            {"resourceType": "Task", "name": "f", "query": tasks, "properties": {"a": 1}},
        ),
        ("POST", f"{REST}/filter/{filter_id}/list", tasks),
        ("POST", f"{REST}/task", tasks),
        ("POST", f"{its}/complete", {"variables": some, "withVariablesInReturn": True}),
        ("POST", f"{its}/comment/create", {"message": "x"}),
        ("POST", f"{its}/identity-links", {"type": "candidate", "userId": "li.na"}),
        ("PUT", its, {"name": "x", "priority": 5, "due": "2026-12-01T00:00:00.000+0000", "owner": "li.na"}),
        ("POST", f"{REST}/history/process-instance", {"finished": True, **query["processInstanceQuery"]}),
        ("POST", f"{REST}/variable-instance", {"variableName": "a", "variableValues": [_asked("amount")]}),
        ("POST", f"/api/v1/tasks/{task}/complete", {"values": purchase.FILLED, "draft": None}),
        ("PUT", f"/api/v1/tasks/{task}/draft", {"values": purchase.FILLED}),
        ("POST", "/api/v1/complaints", {"values": purchase.FILLED}),
    ]


def _asked(name: str) -> dict[str, Any]:
    return {"name": name, "operator": "gteq", "value": 1}


def test_damaged_bodies_are_answered_never_with_a_failure(each_app: Flask, ask: Ask) -> None:
    rng = random.Random(20261122)
    operator, agent = ask(OPERATOR), ask(AGENT)
    instance = purchase.start(each_app, variables={"amount": 3})
    task = purchase.task_of(each_app, instance).id
    (definition,) = operator.get(f"{REST}/process-definition", key="purchase").get_json()
    made = {"resourceType": "Task", "name": "mine", "query": {}}
    seen: Counter[int] = Counter()
    for client in (operator, agent):
        filter_id = client.post(f"{REST}/filter/create", made).get_json()["id"]
        for method, path, body in requests_of(instance, task, definition["id"], filter_id):
            for _ in range(EACH):
                data = damaged(rng, body)
                answer = client.raw(method, path, data)
                assert answer.status_code < 500, (method, path, data[:500], answer.get_data(as_text=True)[:500])
                assert answer.status_code < 400 or answer.get_json()["message"], (method, path, data[:500])
                seen[answer.status_code] += 1
    assert seen[400] > sum(seen.values()) / 4
    engine.jobs.run_until_quiet(database_of(each_app), "worker-1")
    assert operator.get(f"{REST}/task/count").status_code == 200
