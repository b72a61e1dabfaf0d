"""A small process for tests of the inbox and the REST dialects: request → approve (not by who asked), and a message
that takes a request back. No business object, so nothing of any slice is in the way."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from sqlalchemy import select

import engine
from tests.support.application import database_of

KEY = "purchase"

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="purchase_definitions" targetNamespace="https://keliu.example/tests">
  <bpmn:message id="message_recalled" name="purchase_recalled"/>
  <bpmn:process id="purchase" name="采购申请" isExecutable="true">
    <bpmn:startEvent id="started"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="started" targetRef="request"/>
    <bpmn:userTask id="request" name="填写申请" camunda:candidateGroups="customer_support"
        camunda:formKey="purchase/request" camunda:priority="60">
      <bpmn:extensionElements><camunda:properties>
        <camunda:property name="serviceLevel" value="=8"/>
      </camunda:properties></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f2" sourceRef="request" targetRef="approve"/>
    <bpmn:userTask id="approve" name="审批申请" camunda:candidateGroups="finance,customer_support"
        camunda:formKey="purchase/approve">
      <bpmn:extensionElements><camunda:properties>
        <camunda:property name="serviceLevel" value="=16"/>
        <camunda:property name="excludedUsers" value="=[requester]"/>
      </camunda:properties></bpmn:extensionElements>
      <bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:boundaryEvent id="gone" attachedToRef="approve" cancelActivity="true">
      <bpmn:outgoing>f4</bpmn:outgoing>
      <bpmn:timerEventDefinition id="gone_timer"><bpmn:timeDuration
        xsi:type="bpmn:tFormalExpression">P30D</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:boundaryEvent id="recalled" attachedToRef="approve" cancelActivity="true">
      <bpmn:outgoing>f5</bpmn:outgoing>
      <bpmn:messageEventDefinition id="recalled_event" messageRef="message_recalled"/>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f3" sourceRef="approve" targetRef="pack"/>
    <bpmn:userTask id="pack" name="核对" camunda:candidateGroups="customer_support">
      <bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f6</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f6" sourceRef="pack" targetRef="ended"/>
    <bpmn:sequenceFlow id="f4" sourceRef="gone" targetRef="expired"/>
    <bpmn:sequenceFlow id="f5" sourceRef="recalled" targetRef="taken_back"/>
    <bpmn:endEvent id="ended"><bpmn:incoming>f6</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="expired"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="taken_back"><bpmn:incoming>f5</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


REQUEST: dict[str, Any] = {
    "key": "purchase/request",
    "title": _label("采购申请", "Purchase request"),
    "fields": [
        {
            "name": "requester",
            "type": "text",
            "label": _label("申请人", "Requester"),
            "required": True,
            "variable": True,
        },
        {"name": "subject", "type": "text", "label": _label("事由", "Subject"), "required": True, "max": 80},
        {
            "name": "amount",
            "type": "money",
            "label": _label("金额", "Amount"),
            "min": 0,
            "max": 100000,
            "variable": True,
        },
        {"name": "wanted_on", "type": "date", "label": _label("日期", "Wanted on")},
        {
            "name": "kind",
            "type": "choice",
            "label": _label("类别", "Kind"),
            "options": [
                {"value": "goods", "label": _label("物品", "Goods")},
                {"value": "service", "label": _label("服务", "Service")},
            ],
        },
        {
            "name": "items",
            "type": "rows",
            "label": _label("明细", "Items"),
            "max": 5,
            "fields": [
                {"name": "what", "type": "text", "label": _label("名称", "What"), "required": True},
                {"name": "count", "type": "integer", "label": _label("数量", "Count"), "min": 1},
            ],
        },
    ],
}
APPROVE: dict[str, Any] = {
    "key": "purchase/approve",
    "title": _label("审批", "Approval"),
    "fields": [
        {
            "name": "outcome",
            "type": "choice",
            "label": _label("决定", "Decision"),
            "required": True,
            "variable": True,
            "options": [
                {"value": "approved", "label": _label("同意", "Approve")},
                {"value": "refused", "label": _label("拒绝", "Refuse")},
            ],
        },
        {"name": "remark", "type": "longtext", "label": _label("意见", "Remark")},
        {
            "name": "salary",
            "type": "text",
            "label": _label("工资", "Salary"),
            "confidential": ["finance"],
        },
    ],
}
ENGLISH = {
    "elements": {
        "purchase": "Purchase",
        "started": "Started",
        "request": "Fill in the request",
        "approve": "Approve the request",
        "pack": "Check the parcel",
        "gone": "After 30 days",
        "recalled": "Taken back",
        "ended": "Done",
        "expired": "Expired",
        "taken_back": "Taken back by the requester",
    }
}
FILES = {
    "purchase.bpmn": BPMN.encode(),
    "purchase/request.json": json.dumps(REQUEST, ensure_ascii=False).encode(),
    "purchase/approve.json": json.dumps(APPROVE, ensure_ascii=False).encode(),
    "purchase.en.json": json.dumps(ENGLISH, ensure_ascii=False).encode(),
}
FILLED: dict[str, Any] = {"requester": "li.na", "subject": "打印纸", "amount": 120}


def deploy(app: Flask) -> None:
    """Deploy the process."""
    deployment = engine.Deploy(name="tests", files=FILES, actor="system")
    database_of(app).write(lambda session: engine.execute(session, deployment))


def start(app: Flask, login: str = "li.na", **given: Any) -> str:
    """Start one; the id of the instance, which waits at ``request``."""
    command = engine.StartProcess(process_key=KEY, actor=login, **given)
    result = database_of(app).write(lambda session: engine.execute(session, command))
    assert result.instance_id is not None
    return result.instance_id


def task_of(app: Flask, instance_id: str) -> engine.TaskRow:
    """The one task an instance waits at."""
    with database_of(app).read() as session:
        (task,) = engine.queries.open_tasks(session, instance_id)
        return engine.queries.task(session, task.id)


def task(app: Flask, task_id: str) -> engine.TaskRow:
    """A task as it is now."""
    with database_of(app).read() as session:
        return engine.queries.task(session, task_id)


def requested(app: Flask, requester: str = "li.na", **given: Any) -> engine.TaskRow:
    """A request filled in by ``requester``, waiting at ``approve``."""
    instance_id = start(app, requester, **given)
    first = task_of(app, instance_id)
    command = engine.CompleteTask(
        task_id=first.id,
        variables={"requester": requester, "amount": 120},
        actor=requester,
        groups=frozenset({"customer_support"}),
    )
    database_of(app).write(lambda session: engine.execute(session, command))
    return task_of(app, instance_id)


def rows(app: Flask, table: Any) -> list[Any]:
    """All rows of a table."""
    with database_of(app).read() as session:
        return list(session.execute(select(table)).all())
