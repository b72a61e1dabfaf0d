"""The event log in three formats tells the same story: equal cases, events and variants, as plain SQL counts them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import delete, text

import engine
from app.accounts.models import RolePermission
from tests.conftest import SignIn
from tests.support.application import database_of, drain

XES = "{http://www.xes-standard.org/}"
OPERATOR = "kang.ning"
PERIOD = "from=2026-01-01&to=2026-12-31"
BPMN = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 targetNamespace="x"><process id="logged" name="Logged" isExecutable="true"><startEvent id="s"/><userTask id="a"
 name="&lt;script&gt;alert(1)&lt;/script&gt;" camunda:candidateGroups="cco"/><exclusiveGateway id="g" default="n"/>
 <userTask id="b" name="=again" camunda:candidateGroups="cco"/><endEvent id="e" name="over"/><sequenceFlow id="f"
 sourceRef="s" targetRef="a"/><sequenceFlow id="h" sourceRef="a" targetRef="g"/><sequenceFlow id="y" sourceRef="g"
 targetRef="b"><conditionExpression>${more}</conditionExpression></sequenceFlow><sequenceFlow id="n" sourceRef="g"
 targetRef="e"/><sequenceFlow id="l" sourceRef="b" targetRef="e"/></process></definitions>"""


@pytest.fixture
def logged(app: Flask) -> Flask:
    """Five instances by hand: two go s a e, two s a b e, one waits at a (s)."""
    database = database_of(app)

    def do(command: engine.Command) -> engine.Result:
        return database.write(lambda session: engine.execute(session, command))

    do(engine.Deploy(name="log", files={"logged.bpmn": BPMN}, actor="shi.lei"))
    for number, more in enumerate((False, False, True, True, None)):
        started = do(engine.StartProcess(process_key="logged", business_key=f"L-{number}", actor="li.na"))
        task = started.created[0]
        if more is None:
            continue
        given: dict[str, Any] = {"groups": frozenset({"cco"}), "actor": "lin.wanqing"}
        after = do(engine.CompleteTask(task_id=task.id, variables={"more": more}, **given))
        for following in after.created:
            do(engine.CompleteTask(task_id=following.id, **given))
    drain(database)
    return app


def _variants(cases: dict[str, list[str]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(events) for events in cases.values())


def _csv(content: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))):
        found[row["case_id"]].append(row["activity_id"])
    return found


def _xes(content: bytes) -> dict[str, list[str]]:
    log = etree.fromstring(content)

    def value(element: Any, key: str) -> str:
        return str(next(child.get("value") for child in element if child.get("key") == key))

    return {
        value(trace, "concept:name"): [value(event, "activity_id") for event in trace.findall(f"{XES}event")]
        for trace in log.findall(f"{XES}trace")
    }


def _ocel(content: bytes, process: str) -> dict[str, list[str]]:
    log = json.loads(content)
    cases = {one["id"] for one in log["objects"] if one["type"] == process}
    known = {one["id"] for one in log["objects"]}
    types = {one["name"] for one in log["eventTypes"]}
    found: dict[str, list[str]] = defaultdict(list)
    for event in log["events"]:
        assert event["type"] in types
        assert all(link["objectId"] in known for link in event["relationships"])
        (case,) = [link["objectId"] for link in event["relationships"] if link["objectId"] in cases]
        found[case].append(next(one["value"] for one in event["attributes"] if one["name"] == "activity_id"))
    return found


def test_five_instances_worked_out_by_hand(logged: Flask, sign_in: SignIn) -> None:
    client = sign_in(OPERATOR)

    def log(kind: str, more: str = "") -> bytes:
        return client.get(f"/monitor/event-log/download?process=logged&format={kind}&{PERIOD}{more}").data

    expected = Counter({("s", "a", "e"): 2, ("s", "a", "b", "e"): 2, ("s",): 1})
    found = [_csv(log("csv")), _xes(log("xes")), _ocel(log("ocel"), "logged")]
    assert [_variants(cases) for cases in found] == [expected] * 3
    assert [sorted(cases) for cases in found] == [[f"L-{number}" for number in range(5)]] * 3
    assert _variants(_csv(log("csv", "&people=1"))) == Counter({("a",): 2, ("a", "b"): 2})
    page = client.get(f"/monitor/event-log?process=logged&{PERIOD}").text
    assert "Only what people did" in page and "<dd>5</dd>" in page
    with database_of(logged).read() as session:
        sql = text("select count(*) from history_event where kind='task_completed' and node_id in ('a','b')")
        assert session.scalar(sql) == 6


def test_names_stay_text_and_run_nowhere(logged: Flask, sign_in: SignIn) -> None:
    client = sign_in(OPERATOR)
    address = f"/monitor/event-log/download?process=logged&{PERIOD}&format="
    assert b"<script>" not in client.get(address + "xes").data
    rows = list(csv.DictReader(io.StringIO(client.get(address + "csv").data.decode("utf-8-sig"))))
    assert {row["activity"] for row in rows if row["activity_id"] == "b"} == {"'=again"}


def test_the_whole_company_in_both_languages(app: Flask, sign_in: SignIn) -> None:
    sizes = []
    for language in ("en", "zh"):
        client = sign_in(OPERATOR, language=language)
        found = [client.get(f"/monitor/event-log/download?{PERIOD}&format={kind}").data for kind in ("csv", "xes")]
        first, second = _csv(found[0]), _xes(found[1])
        assert _variants(first) == _variants(second) and len(first) > 50
        sizes.append(sum(map(len, first.values())))
    assert sizes[0] == sizes[1]


def test_a_supervisor_sees_the_own_instances_only(app: Flask, sign_in: SignIn) -> None:
    everything = _csv(sign_in(OPERATOR).get(f"/monitor/event-log/download?{PERIOD}").data)
    own = _csv(sign_in("jia.wentao").get(f"/monitor/event-log/download?{PERIOD}").data)
    assert 0 < len(own) < len(everything)
    assert sign_in("wei.ran").get("/monitor/event-log/download").status_code == 403


def test_wrong_days_are_said(sign_in: SignIn) -> None:
    answer = sign_in(OPERATOR).get("/monitor/event-log?from=yesterday")
    assert answer.status_code == 422 and "Give days like" in answer.text


def test_files_ask_for_a_permission_of_their_own(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("kang.ning")
    lists = ("instances", "tasks", "tasks/completed", "timers", "incidents", "repairs")
    assert all(operator.get(f"/monitor/{one}?export=csv").status_code == 200 for one in lists)
    taken = delete(RolePermission).where(RolePermission.permission == "monitor.export")
    database_of(app).write(lambda session: session.execute(taken))
    for one in lists:
        assert operator.get(f"/monitor/{one}").status_code == 200, one
        assert operator.get(f"/monitor/{one}?export=csv").status_code == 403, one
    assert operator.get("/monitor/event-log/download").status_code == 403
    page = operator.get("/monitor/event-log").text
    assert "Export from the control room" in page and "event-log/download" not in page
