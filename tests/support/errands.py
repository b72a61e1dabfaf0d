"""A process for repair: a printer that can be out of order, then somebody checks what it printed, before a timer."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

import engine
from app.bootstrap import registries
from tests.support.application import database_of, drain
from tests.support.engine_world import bpmn, chain, flow, timer, user_task

KEY = "errand"
BODY = (
    '<bpmn:startEvent id="begin" />'
    + '<bpmn:serviceTask id="print" name="print" camunda:type="external" camunda:topic="errand.print">'
    '<bpmn:extensionElements><camunda:properties><camunda:property name="retries" value="1" /></camunda:properties>'
    "</bpmn:extensionElements></bpmn:serviceTask>"
    + user_task("check", 'camunda:candidateGroups="call_centre"')
    + timer("reminder", "P3D", attached="check", interrupting=False)
    + user_task("remind", 'camunda:candidateGroups="call_centre"')
    + timer("pause", "P10D")
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="reminded" />'
    + chain("begin", "print", "check", "pause", "done")
    + flow("reminder", "remind")
    + flow("remind", "reminded")
)
FILES = {f"{KEY}.bpmn": bpmn(KEY, BODY)}


class Printer:
    """Prints unless it is broken, or does not know what."""

    def __init__(self) -> None:
        self.broken = False
        self.printed: list[str] = []

    def __call__(self, _session: Any, call: engine.ServiceCall) -> dict[str, Any]:
        if self.broken:
            raise RuntimeError(f"paper jam in printer 7, job {call.job_id}")
        if not call.variables.get("paper"):
            raise ValueError(f"no paper for {call.business_key}")
        self.printed.append(str(call.business_key))
        return {"printed": True}


def deploy(app: Flask, *, actor: str = "shi.lei") -> Printer:
    """The process is deployed, and its printer stands ready."""
    printer = Printer()
    registries(app).handlers.register("errand.print", printer)
    order = engine.Deploy(name="errands", files=FILES, actor=actor)
    database_of(app).write(lambda session: engine.execute(session, order))
    return printer


def start(app: Flask, count: int = 1, **variables: Any) -> list[str]:
    """So many errands begin; their ids."""
    given = {"paper": "A4", **variables}

    def one(number: int) -> str:
        order = engine.StartProcess(
            process_key=KEY, business_key=f"ERR-{number:06d}", title=f"Errand {number}", variables=given, actor="li.na"
        )
        return str(database_of(app).write(lambda session: engine.execute(session, order)).instance_id)

    known = database_of(app)
    with known.read() as session:
        first = len(engine.queries.instances(session, process_key=KEY, states=tuple(engine.InstanceState), limit=9999))
    return [one(first + number) for number in range(1, count + 1)]


def incidents(app: Flask) -> list[engine.IncidentRow]:
    """What is open when the workers have nothing to do."""
    drain(database_of(app))
    with database_of(app).read() as session:
        return list(engine.queries.incidents(session, limit=1000))


def tasks(app: Flask, instance_id: str) -> list[str]:
    """Where the instance waits for people."""
    with database_of(app).read() as session:
        return sorted(task.node_id for task in engine.queries.open_tasks(session, instance_id))


def audited(app: Flask, action: str, actor: str) -> list[Any]:
    """The rows of the audit log with this action of that person."""
    log = engine.tables.audit_log
    with database_of(app).read() as session:
        return list(session.execute(select(log).where(log.c.action == action, log.c.actor == actor).order_by(log.c.id)))
