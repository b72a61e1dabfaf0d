"""Changing the department tree. Paths of a whole subtree move with its head."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Department, Group, User
from app.accounts.service import record
from app.errors import FieldErrors, NotVisible


def save_department(session: Session, actor: str, values: dict[str, Any], key: str | None = None) -> str:
    """Create a department (``key`` None) or change its names and place; returns its key, which never changes."""
    parent = _parent(session, values["parent_id"])
    if key is None:
        department = _new(session, values["key"], parent)
    else:
        department = _existing(session, key)
        _move(session, department, parent)
    department.name_zh, department.name_en = values["name_zh"], values["name_en"]
    session.flush()
    action = "department.changed" if key else "department.created"
    record(session, actor, action, department.key, parent=parent.key if parent else None, name=department.name_zh)
    return department.key


def delete_department(session: Session, actor: str, key: str) -> None:
    """Remove a department without people, groups and departments below."""
    department = _existing(session, key)
    for used in (User.department_id, Group.department_id, Department.parent_id):
        if session.scalars(select(func.count()).where(used == department.id)).one():
            raise FieldErrors({"": [_l("People, groups or departments still belong to it.")]})
    session.delete(department)
    session.flush()
    record(session, actor, "department.deleted", key)


def _existing(session: Session, key: str) -> Department:
    department = session.scalars(select(Department).where(Department.key == key)).one_or_none()
    if department is None:
        raise NotVisible
    return department


def _parent(session: Session, parent_id: int | None) -> Department | None:
    if parent_id is None:
        return None
    parent = session.get(Department, parent_id)
    if parent is None:
        raise FieldErrors({"parent_id": [_l("There is no such department.")]})
    return parent


def _new(session: Session, key: str, parent: Department | None) -> Department:
    if session.scalars(select(Department.id).where(Department.key == key)).first() is not None:
        raise FieldErrors({"key": [_l("There is a department of this key.")]})
    last = session.scalars(select(func.coalesce(func.max(Department.position), 0))).one()
    department = Department(
        key=key,
        name_zh="",
        name_en="",
        kind="department",
        parent_id=parent.id if parent else None,
        path="",
        position=last + 1,
    )
    session.add(department)
    session.flush()
    department.path = f"{parent.path if parent else '/'}{department.id}/"
    return department


def _move(session: Session, department: Department, parent: Department | None) -> None:
    old, new = department.path, f"{parent.path if parent else '/'}{department.id}/"
    if old == new:
        return
    if parent is not None and parent.path.startswith(old):
        raise FieldErrors({"parent_id": [_l("A department can't be below itself.")]})
    department.parent_id = parent.id if parent else None
    below = select(Department).where(Department.path.startswith(old, autoescape=True))
    for row in session.scalars(below).all():
        row.path = new + row.path[len(old) :]
