"""The demo company's people, read from ``demo/``. Loading twice changes nothing."""

from __future__ import annotations

import csv
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import service
from app.accounts.models import Department, Group, GroupMember, User, UserRole
from app.security import passwords

PASSWORD = "keliu-demo"
"""The password of everybody in the demo company; printed by ``keliu demo``."""


def load(session: Session) -> None:
    """Departments, people, groups and roles of the demo company. What is there already stays as it is."""
    departments = _load_departments(session)
    service.begin_roles(session)
    _load_groups(session, departments)
    _load_users(session, departments)


def people(session: Session) -> list[dict[str, Any]]:
    """Everybody who can sign in with :data:`PASSWORD`, for printing and for ``--users-json``."""
    shipped = {row["login"]: row for row in _rows("users.csv")}
    known = session.scalars(select(User).where(User.login.in_(shipped), User.active).order_by(User.id))
    return [
        {
            "login": user.login,
            "password": PASSWORD,
            "name": user.name,
            "groups": _names(shipped[user.login]["groups"]),
            "admin": "administrator" in _names(shipped[user.login]["roles"]),
        }
        for user in known
    ]


def _rows(file: str) -> list[dict[str, str]]:
    text = (resources.files("demo") / file).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _names(cell: str) -> list[str]:
    return [name for name in cell.split(";") if name]


def _load_departments(session: Session) -> dict[str, Department]:
    known = {row.key: row for row in session.scalars(select(Department))}
    for position, row in enumerate(_rows("departments.csv")):
        if row["key"] in known:
            continue
        parent = known[row["parent"]] if row["parent"] else None
        department = Department(
            key=row["key"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            kind=row["kind"],
            parent_id=parent.id if parent else None,
            path="",
            position=position,
        )
        session.add(department)
        session.flush()
        department.path = f"{parent.path if parent else '/'}{department.id}/"
        known[department.key] = department
    return known


def _load_groups(session: Session, departments: dict[str, Department]) -> None:
    known = set(session.scalars(select(Group.name)))
    for row in _rows("groups.csv"):
        if row["name"] not in known:
            owner = departments[row["department"]]
            session.add(
                Group(name=row["name"], title_zh=row["title_zh"], title_en=row["title_en"], department_id=owner.id)
            )
    session.flush()


def _load_users(session: Session, departments: dict[str, Department]) -> None:
    known = {user.login: user for user in session.scalars(select(User))}
    new = [row for row in _rows("users.csv") if row["login"] not in known]
    if not new:
        return
    # One hash for all: everybody has the same published password, and eighty hashes would take ten seconds.
    shared, now = passwords.hash_password(PASSWORD), engine.now(session)
    for row in new:
        supervisor = known.get(row["supervisor"])
        user = User(
            login=row["login"],
            name=row["name"],
            name_en=row["name_en"],
            password_hash=shared,
            department_id=departments[row["department"]].id,
            position_zh=row["position_zh"],
            position_en=row["position_en"],
            supervisor_id=supervisor.id if supervisor else None,
            created_at=now,
            password_changed_at=now,
        )
        session.add(user)
        session.flush()
        known[user.login] = user
    for row in new:
        session.add_all(GroupMember(group_name=name, login=row["login"]) for name in _names(row["groups"]))
        session.add_all(UserRole(login=row["login"], role_name=name) for name in _names(row["roles"]))
    session.flush()
