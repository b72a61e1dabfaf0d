"""What a person's place in the organisation lets them see, as SQL: subqueries for ``.in_()``.

The tables are named here by their columns only: the slice that owns the organisation stands above this package.
``department.path`` lists ids from the root (``/1/4/``), so a subtree is a prefix (index ``ix_department_path``).
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    column,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    table,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.security.principal import Principal
from engine import TaskState, tables

FEW = 5_000
"""Looking up that many tasks takes 10 to 20 ms on SQLite."""

_department = table("department", column("id"), column("key"), column("path"))
_user = table("user_account", column("login"), column("department_id"))
_group = table("user_group", column("name"), column("department_id"))


def departments_in_subtree(principal: Principal) -> Select[tuple[str]]:
    """Keys of the principal's own department and all departments below it."""
    return select(_department.c.key).where(_within(principal))


def department_ids_in_subtree(principal: Principal) -> Select[tuple[int]]:
    """Ids of the principal's own department and all departments below it."""
    return select(_department.c.id).where(_within(principal))


def groups_in_subtree(principal: Principal) -> Select[tuple[str]]:
    """Names of the user groups that belong to a department of the principal's subtree."""
    return select(_group.c.name).where(_group.c.department_id.in_(department_ids_in_subtree(principal)))


def people_in_subtree(principal: Principal) -> Select[tuple[str]]:
    """Logins of the people of the principal's subtree."""
    return select(_user.c.login).where(_user.c.department_id.in_(department_ids_in_subtree(principal)))


def own_tasks(principal: Principal) -> Select[tuple[str]]:
    """Ids of the tasks that are or were the principal's: assigned to, ended by, or waiting for one of those they are
    offered to. Nothing without permission ``task.work``. Reads open and own tasks only, for what a group was ever
    offered grows for ever (ix_user_task_assignee_state_due_at, ix_user_task_ended_by_state_ended_at)."""
    task = tables.user_task
    if not principal.has("task.work"):
        return select(task.c.id).where(false())
    return select(task.c.id).where(
        or_(task.c.assignee == principal.login, task.c.ended_by == principal.login, waits_for(principal))
    )


def waits_for(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``user_task``: it waits for one of those it is offered to, and the principal is one of them.

    Of many offers the first page is soon found among all waiting tasks (ix_user_task_assignee_state_due_at). Of few it
    is not: then the offers are read (ix_user_task_candidate_name_kind_task_id). No index fits a computed column, so
    SQLite can't take the long way, as its statistics tell it to."""
    task = tables.user_task
    if principal.few_offers:
        free = and_((task.c.assignee + "").is_(None), task.c.state + "" == TaskState.CREATED.value)
    else:
        free = and_(task.c.assignee.is_(None), task.c.state == TaskState.CREATED.value)
    return and_(free, offered(principal))


def supervises_all(session: Session, department_path: str) -> bool:
    """Whether every department lies in the subtree of this one (few paths to read: only a root is asked about)."""
    if department_path.count("/") != 2:
        return False
    outside = select(_department.c.id).where(not_(_department.c.path.startswith(department_path, autoescape=True)))
    return session.execute(outside.limit(1)).first() is None


def few_offers(session: Session, login: str, groups: Collection[str], *, few: int = FEW) -> bool:
    """Whether at most ``few`` tasks were ever offered to the person or these groups: counts no further."""
    candidate = tables.user_task_candidate
    some = select(literal(1)).where(candidate.c.name.in_([login, *sorted(groups)])).limit(few + 1).subquery()
    return int(session.scalar(select(func.count()).select_from(some)) or 0) <= few


def offered(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``user_task``: the principal is a candidate, by group or name, and not excluded.

    Many offers are asked for row by row (primary key of user_task_candidate)."""
    task, candidate = tables.user_task, tables.user_task_candidate
    named = or_(
        and_(candidate.c.kind == "group", candidate.c.name.in_(sorted(principal.groups))),
        and_(candidate.c.kind == "user", candidate.c.name == principal.login),
    )
    excluded = and_(candidate.c.kind == "excluded", candidate.c.name == principal.login)
    is_candidate: ColumnElement[bool]
    if principal.few_offers:
        is_candidate = task.c.id.in_(select(candidate.c.task_id).where(named))
    else:
        is_candidate = exists().where(candidate.c.task_id == task.c.id, named)
    return and_(
        is_candidate,
        not_(exists().where(candidate.c.task_id == task.c.id, excluded)),
    )


def offered_tasks(principal: Principal) -> Select[tuple[str]]:
    """Ids of the tasks for which the principal is or was a candidate. Long: to be combined with other conditions."""
    return select(tables.user_task.c.id).where(offered(principal))


def tasks_in_subtree(principal: Principal) -> Select[tuple[str]]:
    """Ids of the tasks held by people of the subtree or offered to its groups: what a supervisor may reassign. Very
    many: to be combined with other conditions."""
    task, candidate = tables.user_task, tables.user_task_candidate
    names = candidate.c.name.in_(groups_in_subtree(principal))
    offered = exists().where(candidate.c.task_id == task.c.id, candidate.c.kind == "group", names)
    return select(task.c.id).where(
        or_(task.c.assignee.in_(people_in_subtree(principal)), and_(task.c.assignee.is_(None), offered))
    )


def business_keys_of_own_tasks(principal: Principal, process_key: str) -> Select[tuple[str]]:
    """Business keys of the instances of ``process_key`` in which the principal has or had a task."""
    task = tables.user_task
    wanted = (task.c.definition_key == process_key, task.c.business_key.is_not(None))
    if not principal.has("task.work"):
        return select(task.c.business_key).where(false())
    free = and_(tables.IS_OPEN, (task.c.assignee + "").is_(None), task.c.state + "" == TaskState.CREATED.value)
    mine = (task.c.assignee == principal.login, task.c.ended_by == principal.login, and_(free, offered(principal)))
    parts = union(*(select(task.c.business_key).where(one, *wanted) for one in mine)).subquery()  # an index for each
    return select(parts.c.business_key)


def own_task_exists(principal: Principal, process_key: str, number: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Condition on the class of ``number``, a business key: the principal has or had a task in its instance of
    ``process_key``. Asked of each row (ix_process_instance_business_key, ix_user_task_instance_id): no index fits a
    computed column, so SQLite can't begin with all tasks of the person, nor does PostgreSQL with an OFFSET."""
    task, instance = tables.user_task.c, tables.process_instance.c
    mine = or_(task.assignee + "" == principal.login, task.ended_by + "" == principal.login)
    waits = and_((task.assignee + "").is_(None), task.state + "" == TaskState.CREATED.value, offered(principal))
    if not principal.has("task.work"):
        return false()
    own = select(task.id).join(tables.process_instance, instance.id == task.instance_id)
    own = own.where(instance.business_key == number, instance.definition_key == process_key, or_(mine, waits))
    return own.offset(0).correlate(number.class_).exists()


def _within(principal: Principal) -> ColumnElement[bool]:
    if not principal.department_path:
        return false()
    return _department.c.path.startswith(principal.department_path, autoescape=True)
