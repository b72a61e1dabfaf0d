"""May this person do this to that? Which role has which permission are rows; what a permission means is code here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, column, select, table
from sqlalchemy.orm import Session

from app.errors import NotAllowedHere
from app.security import scope
from app.security.permissions import PERMISSIONS
from app.security.principal import Principal

Predicate = Callable[[Session, Principal, Any], bool]

_department = table("department", column("key"))


def _anything(session: Session, principal: Principal, subject: Any) -> bool:
    """The permission does not depend on the subject."""
    return True


def _own_task(session: Session, principal: Principal, subject: Any) -> bool:
    """``subject`` is a task row or a task id: assigned to the principal, ended by, or offered and not excluded."""
    return _contains(session, scope.own_tasks(principal), _id_of(subject))


def _task_in_subtree(session: Session, principal: Principal, subject: Any) -> bool:
    """``subject`` is a task row or a task id: held by somebody of the subtree or offered to one of its groups."""
    if principal.has("complaint.view_all"):
        return True
    return _contains(session, scope.tasks_in_subtree(principal), _id_of(subject))


def _department_in_subtree(session: Session, principal: Principal, subject: Any) -> bool:
    """``subject`` is a department key, or several of which one is enough."""
    keys = {subject} if isinstance(subject, str) else set(subject)
    found = select(_department.c.key).where(
        _department.c.key.in_(sorted(keys)), _department.c.key.in_(scope.departments_in_subtree(principal))
    )
    return session.execute(found.limit(1)).first() is not None


PREDICATES: Mapping[str, Predicate] = dict.fromkeys(PERMISSIONS, _anything) | {
    "task.work": _own_task,
    "task.reassign": _task_in_subtree,
    "case.view_subtree": _department_in_subtree,
    "lead.reassign": _department_in_subtree,
}
"""Permission → what must hold between the person and the subject."""


def may(session: Session, principal: Principal, permission: str, subject: Any = None) -> bool:
    """Whether ``principal`` holds ``permission`` and, when a subject is given, may use it on that subject.
    A permission nobody knows is a programming error (KeyError)."""
    predicate = PREDICATES[permission]
    if not principal.has(permission):
        return False
    return subject is None or predicate(session, principal, subject)


def require(session: Session, principal: Principal, permission: str, subject: Any = None) -> None:
    """Raise :class:`NotAllowedHere` unless :func:`may`. Ask visibility first: what is not visible is a 404."""
    if not may(session, principal, permission, subject):
        raise NotAllowedHere(permission=permission)


def _contains(session: Session, ids: Select[tuple[str]], wanted: str) -> bool:
    (task_id,) = ids.selected_columns
    return session.execute(ids.where(task_id == wanted)).first() is not None  # asked of this task, not of all there are


def _id_of(subject: Any) -> str:
    return subject if isinstance(subject, str) else str(subject.id)
