"""The end of every command that moved a workflow: early messages, rows, history, state, events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.commands import ledger
from engine.commands.ending import cancel_called, end, record_end, tell_caller
from engine.commands.lengths import TEXT
from engine.commands.projection import NOTHING, Done, Known, cancel_jobs, project
from engine.commands.searching import make_findable
from engine.commands.unit import Unit, executing
from engine.errors import InstanceChanged, LimitExceeded
from engine.model import InstanceState, JobKind, Thrown, Waiting, WaitingSubscription
from engine.rows import TaskRow
from engine.spiff import CODEC, Execution
from engine.store import statements as sql

USER_TASKS = frozenset({"userTask", "manualTask"})


def save(
    unit: Unit, execution: Execution, rows: Known, *, done: Done | None = None, late: int = 0
) -> tuple[TaskRow, ...]:
    """Write everything a command did to its instance; returns the new user tasks.

    Raises InstanceChanged when another commit came between, LimitExceeded when the state grew too large.
    """
    with executing(unit.instance_id):
        waiting = _deliver_early_messages(unit, execution, rows)
        variables = execution.variables()
        blob = None if execution.completed else _dumped(unit, execution)
        _record_steps(unit, execution)
        created = project(unit, rows, waiting, done=done, late=late)
        make_findable(unit, execution)
        if waiting.calls or rows.calls:
            _calls(unit, rows, waiting)
        _throw(unit, execution.thrown)
        if unit.parent_instance_id is not None:
            _tell_caller(unit, execution)
        if blob is None:
            record_end(unit, InstanceState.COMPLETED, _end_reason(execution))
            unit.link_history()  # its head goes into the row that is written next
            end(unit, InstanceState.COMPLETED, variables, _end_reason(execution))
        else:
            unit.link_history()
            _save_state(unit, blob, variables)
        unit.write_history()
    unit.publish()
    return created


def _deliver_early_messages(unit: Unit, execution: Execution, rows: Known) -> Waiting:
    """Messages that came before anybody waited are delivered as soon as somebody does, in the same commit."""
    seen = set(rows.subscriptions)
    while not execution.completed:
        waiting = execution.waiting(rows.tasks)
        new = [sub for sub in waiting.subscriptions if (sub.task_id, sub.name) not in seen]
        found = _early_message(unit, new) if new else None
        if found is None:
            return waiting
        number, sub, variables = found
        ledger.finish(unit.session, number, "", unit.at)
        unit.record("message_received", sub.node_id, sub.task_id, {"name": sub.name})
        execution.deliver(sub.task_id, sub.name, variables)
    return NOTHING


def _early_message(
    unit: Unit, new: list[WaitingSubscription]
) -> tuple[int, WaitingSubscription, Mapping[str, Any]] | None:
    for sub in new:
        if sub.kind == "message" and sub.correlation_key:
            wanted = {"name": sub.name, "key": sub.correlation_key, "at": unit.at}
            row = unit.connection.execute(sql.EARLY_MESSAGE, wanted).first()
            if row is not None:
                return row.id, sub, row.payload["variables"]
    return None


def _record_steps(unit: Unit, execution: Execution) -> None:
    for step in execution.steps:
        user_task = step.node_type in USER_TASKS
        if step.kind == "completed":
            kind = "task_completed" if user_task else "node_passed"
            unit.record(kind, step.node_id, step.task_id, step.changes)
            if step.explanation:
                unit.record("decision_evaluated", step.node_id, step.task_id, step.explanation)


def _calls(unit: Unit, rows: Known, waiting: Waiting) -> None:
    """Each call activity that is new starts its process in a job; what is not waited for any more is cancelled."""
    wanted = {call.task_id: call for call in waiting.calls}
    gone = sorted(rows.calls - wanted.keys())
    if gone:
        cancel_jobs(unit, [f"call:{task}" for task in gone])
        cancel_called(unit, "the process that called it went on", gone)
    entries = [
        ledger.entry(
            JobKind.CALL,
            unit.at,
            instance_id=unit.instance_id,
            task_id=call.task_id,
            node_id=call.node_id,
            topic=call.key[:TEXT],  # may be an expression
            dedupe_key=f"call:{call.task_id}",
            payload={"step": "start"},
        )
        for call in waiting.calls
        if call.task_id not in rows.calls
    ]
    if entries:
        ledger.add(unit.session, unit.connection, entries)


def _tell_caller(unit: Unit, execution: Execution) -> None:
    outcome = None
    if execution.completed:
        outcome = "completed" if execution.error is None else "error"
    tell_caller(unit, outcome, execution.error, execution.escalated)


def _end_reason(execution: Execution) -> str | None:
    return None if execution.error is None else f"error {execution.error}"


def _throw(unit: Unit, thrown: list[Thrown]) -> None:
    """Messages and signals for others are jobs: their receivers move in transactions of their own."""
    entries = []
    for event in thrown:
        unit.record(f"{event.kind}_thrown", changes={"name": event.name, "correlation_key": event.correlation_key})
        entries.append(
            ledger.entry(
                JobKind.MESSAGE,
                unit.at,
                topic=event.name,
                correlation_key=event.correlation_key,
                payload={"kind": event.kind, "variables": dict(event.variables), "source": unit.instance_id},
                expires_at=unit.at + unit.runtime.limits.message_lifetime,
            )
        )
    if entries:
        ledger.add(unit.session, unit.connection, entries)


def _dumped(unit: Unit, execution: Execution) -> bytes:
    blob = execution.dump()
    allowed = unit.runtime.limits.blob_bytes
    if len(blob) > allowed:
        raise LimitExceeded(limit="blob_bytes", value=len(blob), allowed=allowed)
    return blob


def _save_state(unit: Unit, blob: bytes, variables: Mapping[str, Any]) -> None:
    values = {
        "b_id": unit.instance_id,
        "b_version": unit.version,
        "blob": blob,
        "codec": CODEC,
        "updated_at": unit.at,
        "variables": variables,
        "head": unit.history_head,
    }
    if sql.SAVE_STATE.run(unit.connection, values) != 1:
        raise InstanceChanged(instance_id=unit.instance_id)
