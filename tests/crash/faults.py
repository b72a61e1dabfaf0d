"""``python -m tests.crash.faults URL``: a person completes a task, and the process dies before its first statement, its
second, … its last commit; after each death another carries on. Prints what every case came to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

import engine
from engine.testing import check_instance
from tests.support.engine_world import World, bpmn, chain, flow, service, timer, user_task, world

KEY = "order"
SALES = frozenset({"sales"})
CRASHED = 9
POINTS = 100
"""More statements than one completion has; the process of the last point lives to its end."""
PROCESS = bpmn(
    KEY,
    '<bpmn:startEvent id="begin" />'
    + user_task("first")
    + timer("remind", "PT1H", attached="first", interrupting=False)
    + service("book", "book")
    + user_task("second", serviceLevel="10")
    + timer("late", "PT2H", attached="second", interrupting=False)
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="told" />'
    + chain("begin", "first", "book", "second", "done")
    + flow("remind", "told")
    + flow("late", "told"),
)


def book(session: Session, call: engine.ServiceCall) -> dict[str, object]:
    """An effect in the database."""
    row = {"at": call.at, "actor": "book", "action": "booked", "instance_id": call.instance_id, "facts": {}}
    session.execute(insert(engine.tables.audit_log).values(row))
    return {"booked": True}


def die_before(statement: int, keliu: World) -> None:
    """From now on the process dies when it is about to send its nth statement; commits are statements."""
    sent = 0

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == statement:
            os._exit(CRASHED)

    def before(method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            count()
            return method(*given, **named)

        return counted

    if keliu.database.dialect == "sqlite":
        event.listen(keliu.database.engine, "connect", lambda driver, _record: driver.set_trace_callback(count))
        return
    for kind, name in ((psycopg.Cursor, "execute"), (psycopg.Cursor, "executemany"), (psycopg.Connection, "commit")):
        setattr(kind, name, before(getattr(kind, name)))


def complete(keliu: World, instance_id: str) -> None:
    """What the person does, again after an error."""
    if "first" in keliu.open(instance_id):
        task = keliu.task(instance_id, "first")
        keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"amount": 12}))


def crash(keliu: World, instance_id: str, statement: int) -> bool:
    """Complete in a process that dies; False when it had fewer statements and came to its end."""
    keliu.database.dispose()  # no connection is shared with the child
    pid = os.fork()
    if not pid:
        task = keliu.task(instance_id, "first")
        keliu.database.dispose()
        die_before(statement, keliu)
        keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"amount": 12}))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == CRASHED


def came_to(keliu: World, instance_id: str) -> dict[str, Any]:
    """Everything the database says of the instance, without ids and moments."""
    with keliu.database.read() as session:
        check_instance(session, instance_id)
    instance = keliu.ask(engine.queries.instance, instance_id)
    jobs = keliu.ask(engine.queries.jobs, instance_id=instance_id, states=tuple(engine.JobState))
    log = engine.tables.audit_log
    booked = select(func.count()).where(log.c.action == "booked", log.c.instance_id == instance_id)
    return {
        "instance": [instance.state, instance.version, dict(instance.variables)],
        "tasks": [
            [task.node_id, task.state, task.ended_by, task.candidate_groups]
            for task in keliu.ask(engine.queries.tasks_of, instance_id)
        ],
        "jobs": sorted([job.kind, job.node_id, job.state] for job in jobs),
        "history": [[row.kind, row.node_id, row.actor] for row in keliu.ask(engine.queries.history, instance_id)],
        "booked": keliu.ask(lambda session: session.scalar(booked)),
        "incidents": len(keliu.ask(engine.queries.incidents, instance_id=instance_id)),
    }


def main(url: str) -> None:
    """One instance per fault point; the last of the printed accounts is of the process that did not die."""
    accounts = []
    with world(url, clock=engine.SystemClock()) as keliu:
        keliu.handlers.register("book", book)
        keliu.deploy(PROCESS)
        ids = [str(keliu.start(KEY, business_key=f"O-{number}").instance_id) for number in range(POINTS)]
        for statement, instance_id in enumerate(ids, start=1):
            crashed = crash(keliu, instance_id, statement)
            complete(keliu, instance_id)
            engine.jobs.rescue_lost(keliu.database)
            engine.jobs.run_until_quiet(keliu.database)
            accounts.append(came_to(keliu, instance_id))
            if not crashed:
                break
    print(json.dumps(accounts))


if __name__ == "__main__":
    main(sys.argv[1])
