"""Doing one step of a test run, with the checks of the real thing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import completing, formkit
from app.business_objects import BusinessObjects
from app.sandbox import papers, passing, people
from app.sandbox.passing import Stop
from app.sandbox.steps import Doing, Step
from app.sandbox.world import World
from engine.tables import job, process_instance, subscription

WORKER = "test-run"
SAMPLE_KEY = "SAMPLE-1"
"""Correlates a message that starts a process without business rows of its own."""


def do(world: World, step: Step, process_key: str, begins_at: datetime, objects: BusinessObjects) -> Stop:
    """The step is done, and what follows from it at the same moment.

    Raises FieldErrors for what was refused, an engine error for what can't be done now, NotAllowedHere for what that
    person may not do.
    """
    if step.do is Doing.PASS:
        return passing.let_pass(world, begins_at, step.until)

    def work(session: Session) -> None:
        _DO[step.do](session, step, process_key, objects)

    world.database.write(work)
    return passing.settle(world)


def first_form(session: Session, process_key: str) -> formkit.FormDocument | None:
    """The form of the task the process begins with, if it begins with one and that has a form."""
    definition = engine.queries.latest_definition(session, process_key)
    node = _first_node(session, definition)
    key = definition.nodes.get(node.id, {}).get("form_key") if node else None
    return formkit.load(session, definition.id, key) if key else None


def first_groups(session: Session, process_key: str) -> tuple[str, ...]:
    """The groups that task is offered to, as far as they are written down and not computed."""
    node = _first_node(session, engine.queries.latest_definition(session, process_key))
    groups = node.attributes.get("candidateGroups", "") if node else ""
    return tuple(group for group in map(str.strip, groups.split(",")) if group and "{" not in group)


def _first_node(session: Session, definition: engine.DefinitionRow) -> engine.drawing.Node | None:
    xml = engine.queries.definition_xml(session, definition.id)
    processes = engine.drawing.read(definition.resource, xml)
    drawn = next((one for one in processes if one.key == definition.key), None)
    return first_task(drawn.scope) if drawn else None


def first_task(scope: engine.drawing.Scope) -> engine.drawing.Node | None:
    """The user task a process begins with when it is started by hand; None when something else may come first."""
    starts = (node for node in scope.nodes.values() if node.type == "startEvent" and node.event.kind == "none")
    waiting, seen = [node.id for node in starts], set[str]()
    while waiting:
        node = scope.nodes.get(waiting.pop(0))
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        inside = first_task(node.scope) if node.scope else None
        if node.type == "userTask" or inside is not None:
            return inside or node
        waiting += [flow.target for flow in scope.outgoing(node.id)]
    return None


def at_place(place: str, **more: Any) -> Step:
    """A step about what waits at ``process/node/nth``, as pages name it."""
    process, _slash, rest = place.partition("/")
    node, _slash, nth = rest.partition("/")
    number = int(nth) if nth.isascii() and nth.isdigit() and len(nth) < 4 else 0
    return Step(do=more.pop("do", Doing.COMPLETE), process=process[:100], node=node[:100], nth=number, **more)


def _start(session: Session, step: Step, process_key: str, objects: BusinessObjects) -> None:
    known = objects.get(process_key)
    principal = people.principal(session, step.who)
    if known is not None:
        values = papers.stored(session, principal, first_form(session, process_key), step.values)
        known.start(session, principal, values, source="message" if step.name else "form", may_wait=True)
    elif step.name:
        command = engine.CorrelateMessage(
            name=step.name, correlation_key=SAMPLE_KEY, variables=step.values, actor=principal.login
        )
        engine.execute(session, command)
    else:
        engine.execute(
            session, engine.StartProcess(process_key=process_key, variables=step.values, actor=principal.login)
        )


def _complete(session: Session, step: Step, _process_key: str, objects: BusinessObjects) -> None:
    task = task_of(session, step)
    principal = people.of_task(session, task, step.who)
    if not (task.assignee or task.candidate_groups or task.candidate_users):  # nobody would ever do it
        reason = "test run"
        engine.execute(session, engine.AssignTask(task_id=task.id, assignee=principal.login, reason=reason))
    document = formkit.load(session, task.definition_id, task.form_key) if task.form_key else None
    values = papers.stored(session, principal, document, step.values)
    completing.complete_task(session, principal, objects, task.id, values, source="test run")


def _message(session: Session, step: Step, _process_key: str, objects: BusinessObjects) -> None:
    instance, waiting = _waiting(session, step)
    principal, values = people.principal(session, step.who), dict(step.values)
    if waiting.kind == "signal":
        signal = engine.BroadcastSignal(name=waiting.name, variables=values, actor=principal.login)
        engine.execute(session, signal)
        return
    known = objects.get(instance.definition_key)
    if known is not None and instance.business_key is not None:
        values = known.message(session, principal, waiting.name, instance.business_key, values)
    command = engine.CorrelateMessage(
        name=waiting.name,
        correlation_key=waiting.correlation_key or instance.business_key,
        variables=values,
        instance_id=instance.id,
        actor=principal.login,
    )
    engine.execute(session, command)


def _answer(session: Session, step: Step, _process_key: str, _objects: BusinessObjects) -> None:
    found = job_of(session, step)
    lock = engine.LockExternalTask(job_id=found, worker=WORKER, lock_for=timedelta(minutes=5))
    engine.execute(session, lock)
    if step.name:
        engine.execute(
            session,
            engine.ThrowBpmnError(job_id=found, worker=WORKER, error_code=step.name, variables=step.values),
        )
    else:
        engine.execute(session, engine.CompleteExternalTask(job_id=found, worker=WORKER, variables=step.values))


_DO = {Doing.START: _start, Doing.COMPLETE: _complete, Doing.MESSAGE: _message, Doing.ANSWER: _answer}


def open_tasks(session: Session) -> list[engine.TaskRow]:
    """The tasks that wait for somebody, the oldest first."""
    found = select(process_instance.c.id).order_by(process_instance.c.started_at, process_instance.c.id)
    rows = [task for instance in session.scalars(found) for task in engine.queries.open_tasks(session, instance)]
    return sorted(rows, key=lambda row: row.created_at)


def task_of(session: Session, step: Step) -> engine.TaskRow:
    """The task a step is about. Raises :class:`engine.TaskNotFound`."""
    found = [row for row in open_tasks(session) if row.node_id == step.node]
    found = [row for row in found if step.process in ("", row.definition_key)]
    if len(found) <= step.nth:
        raise engine.TaskNotFound(node_id=step.node)
    return found[step.nth]


def waiting_messages(session: Session) -> Sequence[Any]:
    """What instances that run wait for from outside: rows of ``subscription``."""
    running = process_instance.c.state == engine.InstanceState.ACTIVE
    statement = (
        select(subscription, process_instance.c.definition_key, process_instance.c.definition_id)
        .join(process_instance, process_instance.c.id == subscription.c.instance_id)
        .where(running)
        .order_by(subscription.c.id)
    )
    return session.execute(statement).all()


def _waiting(session: Session, step: Step) -> tuple[engine.InstanceRow, Any]:
    found = [row for row in waiting_messages(session) if row.name == step.name and step.node in ("", row.node_id)]
    found = [row for row in found if step.process in ("", row.definition_key)]
    if len(found) <= step.nth:
        raise engine.MessageNotExpected(name=step.name, correlation_key=None)
    return engine.queries.instance(session, found[step.nth].instance_id), found[step.nth]


def external(session: Session) -> Sequence[Any]:
    """The service tasks that wait for a program outside: rows of ``job``."""
    states = job.c.state.in_(engine.UNFINISHED_JOBS)
    return session.execute(select(job).where(engine.queries.is_external(session), states).order_by(job.c.id)).all()


def job_of(session: Session, step: Step) -> int:
    """The service task a step is about. Raises :class:`engine.JobNotFound`."""
    found = [row.id for row in external(session) if row.node_id == step.node]
    if len(found) <= step.nth:
        raise engine.JobNotFound(node_id=step.node)
    return int(found[step.nth])
