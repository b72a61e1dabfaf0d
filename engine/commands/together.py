"""Working together on a task: delegated, changed, offered to others, commented, with attachments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.deadlines import move_deadlines
from engine.commands.model import Command, Result
from engine.commands.projection import known
from engine.commands.saving import save
from engine.commands.task_model import (
    AddAttachment,
    AddComment,
    ChangeCandidates,
    ChangeComment,
    DelegateTask,
    DeleteAttachment,
    ResolveTask,
    ThrowAtTask,
    UpdateTask,
)
from engine.commands.tasks import give, lock_open, lock_task, not_excluded
from engine.commands.unit import executing, restore
from engine.commands.values import checked
from engine.context import now
from engine.errors import MessageNotExpected, NotAllowed, NotFound
from engine.model import Delegation
from engine.queries.tasks import task as find_task
from engine.store.tables import user_task, user_task_candidate
from engine.store.together_tables import task_attachment, task_comment

CHANGEABLE = frozenset({"name", "description", "priority", "due_at", "follow_up_at", "owner"})


def delegate(session: Session, command: DelegateTask) -> Result:
    """The task is the assignee's until it is resolved. Raises what claiming raises, NotAllowed for an excluded one."""
    unit, task = lock_open(session, command.task_id, command.actor)
    not_excluded(task.id, task.excluded_users, command.assignee)
    owner = task.owner or task.assignee or command.actor
    facts = {"assignee": command.assignee, "previous": task.assignee, "owner": owner}
    audit(session, command, unit.instance_id, task.id, facts)
    more = {"owner": owner, "delegation": Delegation.PENDING.value}
    return give(unit, task, command.assignee, "task_delegated", facts, **more)


def resolve(session: Session, command: ResolveTask) -> Result:
    """The owner has the task again. Raises NotAllowed unless it is delegated and the actor has it."""
    unit, task = lock_open(session, command.task_id, command.actor)
    if task.delegation != Delegation.PENDING or task.assignee != command.actor:
        raise NotAllowed(task_id=task.id, actor=command.actor, reason="not_delegated")
    more = {"delegation": Delegation.RESOLVED.value}
    return give(unit, task, task.owner, "task_resolved", {"previous": task.assignee, "assignee": task.owner}, **more)


def update_task(session: Session, command: UpdateTask) -> Result:
    """What is said about the task is replaced; a due date moves its deadlines. Raises as claiming does."""
    changes = {name: value for name, value in command.changes.items() if name in CHANGEABLE}
    unit, task = lock_open(session, command.task_id, command.actor)
    shown = {name: _shown(value) for name, value in changes.items()}
    audit(session, command, unit.instance_id, task.id, shown)
    unit.connection.execute(update(user_task).where(user_task.c.id == task.id).values(changes))
    if "due_at" in changes:
        move_deadlines(unit, task, changes["due_at"])
    unit.record("task_changed", task.node_id, task.id, shown)
    unit.write_history()
    changed = find_task(session, task.id)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=changed)


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def change_candidates(session: Session, command: ChangeCandidates) -> Result:
    """The task is offered to those people, in the state as well as in the table. Raises as completing does."""
    unit, row = lock_task(session, command.task_id, command.actor, with_state=True)
    facts = {"added": [list(one) for one in command.added], "removed": [list(one) for one in command.removed]}
    audit(session, command, unit.instance_id, command.task_id, facts)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    with executing(unit.instance_id):
        execution.change_candidates(command.task_id, command.added, command.removed)
    unit.record("candidates_changed", row["node_id"], command.task_id, facts)
    save(unit, execution, rows)
    for kind, name in command.removed:
        unit.connection.execute(delete(user_task_candidate).where(*_is(command.task_id, kind, name)))
    for kind, name in command.added:
        dialect = postgresql if unit.connection.dialect.name == "postgresql" else sqlite
        row_of = dialect.insert(user_task_candidate).values(task_id=command.task_id, kind=kind, name=name)
        unit.connection.execute(row_of.on_conflict_do_nothing())
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state)


def _is(task_id: str, kind: str, name: str) -> tuple[Any, ...]:
    found = user_task_candidate.c
    return found.task_id == task_id, found.kind == kind, found.name == name


def throw_at_task(session: Session, command: ThrowAtTask) -> Result:
    """The nearest handler of the code is taken. Raises MessageNotExpected when nothing catches it, and as completing
    does."""
    variables = checked(command.variables)
    unit, row = lock_task(session, command.task_id, command.actor, with_state=True)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    with executing(unit.instance_id):
        execution.set_variables(variables)
        caught = execution.throw_at_task(command.task_id, command.code, escalation=command.escalation)
    if not caught:
        raise MessageNotExpected(name=command.code, task_id=command.task_id)
    kind = "escalation_thrown" if command.escalation else "error_thrown"
    unit.record(kind, row["node_id"], command.task_id, {"code": command.code, "message": command.message})
    created = save(unit, execution, rows)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def add_comment(session: Session, command: AddComment) -> Result:
    """The comment is kept with its author and moment. Raises TaskNotFound."""
    return _add(session, task_comment, command.task_id, command, message=command.message)


def change_comment(session: Session, command: ChangeComment) -> Result:
    """The words are replaced or taken back. Raises NotFound, and NotAllowed for everybody but the author."""
    table = task_comment
    row = _own(session, table, command.comment_id, command)
    audit(session, command, row["instance_id"], row["task_id"], {"said": row["message"], "now": command.message})
    here = table.c.id == command.comment_id
    gone = command.message is None
    session.execute(delete(table).where(here) if gone else update(table).where(here).values(message=command.message))
    return Result(instance_id=row["instance_id"], made=command.comment_id)


def add_attachment(session: Session, command: AddAttachment) -> Result:
    """The attachment is kept with its author and moment. Raises TaskNotFound."""
    values = {name: getattr(command, name) for name in ("name", "description", "kind", "url", "content_id")}
    return _add(session, task_attachment, command.task_id, command, **values)


def delete_attachment(session: Session, command: DeleteAttachment) -> Result:
    """The attachment is gone; the audit log says what it was. Raises NotFound, NotAllowed for all but the author."""
    row = _own(session, task_attachment, command.attachment_id, command)
    facts = {name: row[name] for name in ("name", "description", "url", "content_id")}
    audit(session, command, row["instance_id"], row["task_id"], facts)
    session.execute(delete(task_attachment).where(task_attachment.c.id == command.attachment_id))
    return Result(instance_id=row["instance_id"], made=command.attachment_id)


def _add(session: Session, table: Table, task_id: str, command: Command, **values: Any) -> Result:
    task = find_task(session, task_id)
    row = {"instance_id": task.instance_id, "task_id": task.id, "author": command.actor, "created_at": now(session)}
    made = session.execute(insert(table).values({**row, **values}).returning(table.c.id)).scalar_one()
    return Result(instance_id=task.instance_id, business_key=task.business_key, task=task, made=int(made))


def _own(session: Session, table: Table, row_id: int, command: Command) -> dict[str, Any]:
    found = session.execute(select(table).where(table.c.id == row_id)).mappings().first()
    if found is None:
        raise NotFound(id=row_id)
    if found["author"] != command.actor:
        raise NotAllowed(task_id=found["task_id"], actor=command.actor, reason="not_the_author")
    return dict(found)
