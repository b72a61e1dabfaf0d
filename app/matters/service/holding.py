"""Who answered for the matter at every minute of its life, and every move from one department to another.

Exactly one interval is open from the receipt of a matter to its close. The engine's events move it: a task came up,
somebody took it or gave it back, somebody was given it. While a complaint has the matter, the complaint's tasks do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.matters import queries
from app.matters.models import FINISHED, Matter, MatterHolding, MatterTransfer, TransferKind
from app.matters.service import steps

CALL_CENTRE = ("customer_support", "technical_support")
"""The departments that take matters in; the first does when somebody else registers one."""
SYSTEM = "system"


def by_whom(login: str, people: Mapping[str, str]) -> str:
    """The name of who moved a matter, from names by login; empty when the process moved it by itself."""
    return "" if login == SYSTEM else people.get(login, login)


@dataclass(frozen=True, slots=True)
class Holder:
    """A department, the person in it who took the matter, and the task that made it theirs."""

    department: str
    person: str | None
    node_id: str
    task_id: str | None


def begin(session: Session, matter: Matter, department: str, person: str) -> None:
    """The call centre takes the matter in."""
    taken_in_by = department if department in CALL_CENTRE else CALL_CENTRE[0]
    _open(session, matter, Holder(taken_in_by, person, "register", None), matter.registered_at)


def received_before(session: Session, matter: Matter, received_at: datetime) -> None:
    """It had come in earlier than it was registered: the call centre had it since then. Later changes nothing."""
    if received_at >= matter.received_at:
        return
    first = queries.holdings(session, matter.number)[0]
    waited = MatterHolding(
        number=matter.number,
        department_key=first.department_key,
        node_id="register",
        from_at=received_at,
        to_at=matter.received_at,
    )
    session.add(waited)
    matter.received_at = received_at
    session.flush()


def follow(session: Session, matter: Matter, event: engine.Event) -> None:
    """Move the open interval as this event of the matter's process, or of the complaint it became, says."""
    current = _current(session, matter.number)
    if current is None or matter.state in FINISHED:
        return
    match event:
        case engine.TaskCreated():
            if event.process_key == queries.PROCESS_KEY or not _waits(session, current.task_id):
                _hold(session, matter, current, event, _holder(session, event.task, event.groups, current))
        case engine.TaskAssigned():
            if event.task.id == current.task_id:
                there = Holder(current.department_key, event.assignee, current.node_id, current.task_id)
                _hold(session, matter, current, event, there)
        case engine.TaskCompleted() | engine.events.TaskCancelled():
            if event.task.id == current.task_id and event.process_key != queries.PROCESS_KEY:
                _next_of_complaint(session, matter, current, event)
        case _:
            pass


def end(session: Session, matter: Matter, at: datetime) -> None:
    """The matter is over: so is the last interval."""
    current = _current(session, matter.number)
    if current is not None:
        current.to_at = at
    matter.handler = None
    session.flush()


def _next_of_complaint(session: Session, matter: Matter, current: MatterHolding, event: engine.Event) -> None:
    """Several people may work on a complaint at once: the task that waits longest says who has it."""
    waiting = engine.queries.open_tasks(session, event.instance_id)
    if waiting:
        task = min(waiting, key=lambda row: (row.created_at, row.id))
        _hold(session, matter, current, event, _holder(session, task, task.candidate_groups, current))


def _holder(session: Session, task: engine.TaskRow, groups: tuple[str, ...], current: MatterHolding) -> Holder:
    """Whose task it is: of the groups it is offered to the department that has the matter, else the first; without any,
    that of the person it was given to."""
    departments = [accounts.department_of_group(session, group) or group for group in groups]
    if current.department_key in departments:
        department: str | None = current.department_key
    elif departments:
        department = departments[0]
    else:
        department = accounts.department_of(session, task.assignee) if task.assignee else None
    return Holder(department or CALL_CENTRE[0], task.assignee, task.node_id, task.id)


def _hold(session: Session, matter: Matter, current: MatterHolding, event: engine.Event, holder: Holder) -> None:
    moved = holder.department != current.department_key
    if moved:
        _count_move(session, matter, current, event, holder)
    elif current.from_at == event.at or (holder.person == current.person and not _done_unclaimed(session, current)):
        current.person, current.node_id, current.task_id = holder.person, holder.node_id, holder.task_id
        matter.handler = holder.person
        session.flush()
        return
    at = max(event.at, current.from_at)
    current.to_at = at
    session.flush()
    _open(session, matter, holder, at)


def _count_move(session: Session, matter: Matter, current: MatterHolding, event: engine.Event, holder: Holder) -> None:
    kind, actor, reason = _why(session, matter, event)
    session.add(
        MatterTransfer(
            number=matter.number,
            kind=kind.value,
            from_department=current.department_key,
            to_department=holder.department,
            actor=actor,
            reason=reason,
            at=event.at,
        )
    )
    matter.hops += 1
    if kind is TransferKind.DECLINED:
        matter.transfers += 1


_BY_OUTCOME = {
    "declined": TransferKind.DECLINED,
    "escalate": TransferKind.ESCALATED,
    "answered": TransferKind.ANSWERED,
}


def _why(session: Session, matter: Matter, event: engine.Event) -> tuple[TransferKind, str, str]:
    """Why the matter moves: what the last step said, unless nobody completed the task that had it."""
    if event.process_key != queries.PROCESS_KEY:
        return TransferKind.COMPLAINT, event.actor, ""
    done = steps.last(session, matter.number)
    current = _current(session, matter.number)
    if done is None:
        return TransferKind.ROUTED, event.actor, ""
    if current is not None and current.node_id in ANSWERING and current.task_id != done.task_id:
        return TransferKind.OVERDUE, SYSTEM, ""
    if done.node_id == "cco_decide":
        return TransferKind.DECIDED, done.actor, str(done.values.get("reason") or "")
    kind = _BY_OUTCOME.get(done.outcome, TransferKind.ROUTED)
    return kind, done.actor, str(done.values.get("reason") or "")


ANSWERING = ("handle_matter", "answer_technical")
"""The tasks of the departments: left without being completed means that the deadline was missed."""


def _done_unclaimed(session: Session, current: MatterHolding) -> bool:
    """Its task was completed by somebody who had not claimed it: the interval ends there and names who did."""
    return current.person is None and bool(queries.completers(session, [current]))


def _waits(session: Session, task_id: str | None) -> bool:
    if task_id is None:
        return False
    task = engine.tables.user_task
    state = session.scalar(select(task.c.state).where(task.c.id == task_id))
    return state in {str(found) for found in engine.OPEN_TASKS}


def _current(session: Session, number: str) -> MatterHolding | None:
    statement = select(MatterHolding).where(MatterHolding.number == number, MatterHolding.to_at.is_(None))
    return session.scalar(statement.order_by(MatterHolding.id.desc()).limit(1))


def _open(session: Session, matter: Matter, holder: Holder, at: datetime) -> None:
    session.add(
        MatterHolding(
            number=matter.number,
            department_key=holder.department,
            person=holder.person,
            node_id=holder.node_id,
            task_id=holder.task_id,
            from_at=at,
        )
    )
    matter.department, matter.handler = holder.department, holder.person
    session.flush()
