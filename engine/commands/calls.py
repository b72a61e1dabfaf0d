"""Called processes: instances of their own that a call activity of another one waits for.

Locks go from the caller to the called, never back: the caller's commands cancel what it called, but what the called
tells its caller is a job, which locks the caller in a transaction of its own.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.commands import ledger, pins
from engine.commands.incidents import open_incident
from engine.commands.model import Result, RunJob, StartProcess
from engine.commands.projection import Done, known
from engine.commands.saving import save
from engine.commands.start import start_definition
from engine.commands.unit import Unit, executing, lock_instance, restore
from engine.errors import ExecutionFailed, InstanceNotActive, JobNotRunnable, LimitExceeded
from engine.model import CallRequest, InstanceState, WaitingCall
from engine.rows import JobRow
from engine.spiff import Execution
from engine.store.tables import process_definition as pd
from engine.store.tables import process_definition_call as pdc
from engine.store.tables import process_instance as pi


def run(session: Session, command: RunJob, job: JobRow) -> Result:
    """Start the called process, or hear what it says. Raises what starting and moving an instance raise."""
    if job.payload["step"] == "start":
        return _start(session, command, job)
    return _hear(session, command, job)


def _start(session: Session, command: RunJob, job: JobRow) -> Result:
    unit, row = lock_instance(session, str(job.instance_id), command.actor)
    ledger.finish(session, job.id, command.worker, unit.at)
    execution = restore(unit, row)
    call = _waiting(execution, job)
    if call is None:
        raise JobNotRunnable(job_id=job.id, state=job.state.value)
    _check_depth(unit, call)
    with executing(unit.instance_id):
        request = execution.request(call.task_id)
    title = unit.connection.execute(select(pi.c.title).where(pi.c.id == unit.instance_id)).scalar_one()
    start = StartProcess(
        actor=unit.started_by, business_key=request.business_key, title=title, variables=request.variables
    )
    detached = execution.is_detached(call.task_id)
    parent = (unit.instance_id, None if detached else call.task_id)
    called = _called(unit, call, request)
    result = start_definition(session, called, start, parent=parent)
    facts = {"process_key": called.key, "instance_id": result.instance_id}
    unit.record("call_started", call.node_id, call.task_id, facts)
    if detached:
        _go_on(unit, execution, call, job)
    else:
        unit.write_history()
    return result


def _go_on(unit: Unit, execution: Execution, call: WaitingCall, job: JobRow) -> None:
    """Nobody waits for the called process: the caller goes on in the commit that started it."""
    before = execution.waiting()
    with executing(unit.instance_id):
        execution.finish_call(call.task_id, {})
    save(unit, execution, known(before), done=Done(job_key=job.dedupe_key))


def _waiting(execution: Execution, job: JobRow) -> WaitingCall | None:
    return next((call for call in execution.waiting().calls if call.task_id == job.task_id), None)


def _called(unit: Unit, call: WaitingCall, request: CallRequest) -> Row[Any]:
    """The version pinned when the caller was deployed, or the one the call names now."""
    if request.sought is None:
        return _pinned(unit, call)
    row = pins.sought(unit.session, unit.definition_id, request)
    if row is None or row.state != "active":
        sought = request.sought
        which = f" (version {sought.version or sought.tag})" if sought.version or sought.tag else ""
        reason = f"process {request.key!r}{which} {'is suspended' if row else 'is not deployed'}"
        raise ExecutionFailed(instance_id=unit.instance_id, node_id=call.node_id, reason=reason)
    return row


def _pinned(unit: Unit, call: WaitingCall) -> Row[Any]:
    query = select(pd.c.id, pd.c.key).join(pdc, pdc.c.called_definition_id == pd.c.id)
    wanted = query.where(pdc.c.definition_id == unit.definition_id, pdc.c.called_key == call.key)
    row = unit.connection.execute(wanted).first()
    if row is None:
        reason = f"process {call.key} was not there when this one was deployed"
        raise ExecutionFailed(instance_id=unit.instance_id, node_id=call.node_id, reason=reason)
    return cast(Row[Any], row)


def _check_depth(unit: Unit, call: WaitingCall) -> None:
    allowed = unit.runtime.limits.call_depth
    depth, parent = 1, unit.parent_instance_id
    while parent is not None and depth <= allowed:
        depth += 1
        parent = unit.connection.execute(select(pi.c.parent_instance_id).where(pi.c.id == parent)).scalar()
    if depth > allowed:
        limit = LimitExceeded(limit="call_depth", value=depth, allowed=allowed)
        raise ExecutionFailed(instance_id=unit.instance_id, node_id=call.node_id, reason=str(limit))


def _hear(session: Session, command: RunJob, job: JobRow) -> Result:
    """An instance that has ended meanwhile, or does not wait any more, has nothing to hear."""
    try:
        unit, row = lock_instance(session, str(job.instance_id), command.actor)
    except InstanceNotActive as ended:
        if ended.facts["state"] == InstanceState.SUSPENDED.value:
            raise
        ledger.finish(session, job.id, command.worker, job.created_at)
        return Result(instance_id=job.instance_id, job_id=job.id)
    ledger.finish(session, job.id, command.worker, unit.at)
    execution = restore(unit, row)
    before = execution.waiting()
    call = _waiting(execution, job)
    if call is None:
        return Result(instance_id=unit.instance_id, job_id=job.id)
    if job.payload["outcome"] == "cancelled":
        return _cancelled(session, unit, call, job)
    with executing(unit.instance_id):
        _move(unit, execution, call, job)
    created = save(unit, execution, known(before), done=Done(job_key=job.dedupe_key))
    return Result(
        instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created, job_id=job.id
    )


def _move(unit: Unit, execution: Execution, call: WaitingCall, job: JobRow) -> None:
    for code in job.payload["escalations"]:
        execution.escalate_call(call.task_id, code)
        if _waiting(execution, job) is None:
            return
    called, outcome = job.payload["called"], job.payload["outcome"]
    if outcome is None:
        return
    unit.record("call_ended", call.node_id, call.task_id, {"instance_id": called, "outcome": outcome})
    if outcome == "error":
        execution.fail_call(call.task_id, job.payload["code"])
        return
    left = unit.connection.execute(select(pi.c.variables).where(pi.c.id == called)).scalar_one()
    execution.finish_call(call.task_id, left)


def _cancelled(session: Session, unit: Unit, call: WaitingCall, job: JobRow) -> Result:
    """Somebody cancelled the called process itself: the caller can't go on, and somebody must know."""
    called = select(pi.c.definition_key).where(pi.c.id == job.payload["called"])
    key = unit.connection.execute(called).scalar_one()
    reason = f"the called process {key} was cancelled: {job.payload['code'] or '–'}"
    error = ExecutionFailed(instance_id=unit.instance_id, node_id=call.node_id, reason=reason)
    open_incident(session, "call", error, command=None, instance_id=unit.instance_id, node_id=call.node_id)
    unit.record(
        "call_ended", call.node_id, call.task_id, {"instance_id": job.payload["called"], "outcome": "cancelled"}
    )
    unit.write_history()
    return Result(instance_id=unit.instance_id, job_id=job.id)
