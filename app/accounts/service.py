"""Changing people, groups, roles and departments. Every change is written down; nothing here commits.

Refusals are :class:`FieldErrors` at the field they are about. One rule stands above all: at least one active person
can administer accounts afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from importlib import resources
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

import engine
from app.accounts import queries
from app.accounts.models import AccountLog, Department, Group, GroupMember, Role, RolePermission, User, UserRole
from app.errors import FieldErrors, NotVisible
from app.security import lockout, sessions
from app.security.permissions import PERMISSIONS


def begin_roles(session: Session) -> None:
    """The roles a new installation begins with, when there are none yet. Administrators change them afterwards."""
    if session.scalars(select(Role.name)).first() is not None:
        return
    for row in json.loads((resources.files("demo") / "roles.json").read_text("utf-8")):
        session.add(Role(name=row["name"], title_zh=row["title_zh"], title_en=row["title_en"]))
        session.flush()
        session.add_all([RolePermission(role_name=row["name"], permission=name) for name in row["permissions"]])
    session.flush()


def record(session: Session, actor: str, action: str, subject: str, **facts: Any) -> None:
    """Write down who changed what. ``facts`` are JSON values; never passwords or tokens."""
    session.add(AccountLog(at=engine.now(session), actor=actor, action=action, subject=subject, facts=facts))


def create_user(session: Session, actor: str, values: dict[str, Any], password_hash: str) -> None:
    """A new person as ``values`` (see ``schemas.UserForm``) say, who signs in with the hashed password."""
    login = values["login"]
    begin_roles(session)
    if session.scalars(select(User.id).where(User.login == login)).first() is not None:
        raise FieldErrors({"login": [_l("This login is taken.")]})
    now = engine.now(session)
    person = User(login=login, password_hash=password_hash, created_at=now, password_changed_at=now, active=True)
    _fill(session, person, values)
    session.add(person)
    session.flush()
    _set_groups(session, login, values["groups"])
    _set_roles(session, login, values["roles"])
    record(session, actor, "user.created", login, groups=sorted(values["groups"]), roles=sorted(values["roles"]))


def update_user(session: Session, actor: str, login: str, values: dict[str, Any]) -> None:
    """Change a person. New groups, roles or department give all sessions of that person a new id."""
    person = _user(session, login)
    before = _described(session, person)
    _fill(session, person, values)
    _set_groups(session, login, values["groups"])
    _set_roles(session, login, values["roles"])
    session.flush()
    after = _described(session, person)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not changed:
        return
    if changed.keys() & {"groups", "roles", "department"}:
        sessions.demand_rotation(session, login)
    _keep_an_administrator(session, "roles")
    record(session, actor, "user.changed", login, **changed)


def deactivate(session: Session, actor: str, login: str) -> None:
    """The person leaves: no sign-in, all sessions and tokens end at once. History keeps the name."""
    person, now = _user(session, login), engine.now(session)
    person.active = False
    session.flush()
    _keep_an_administrator(session, "")
    sessions.end_all(session, login, now)
    sessions.revoke_all_tokens(session, login, now)
    record(session, actor, "user.deactivated", login)


def activate(session: Session, actor: str, login: str) -> None:
    """The person is back, with the old password, groups and roles."""
    _user(session, login).active = True
    record(session, actor, "user.activated", login)


def set_password(
    session: Session, actor: str, login: str, password_hash: str, *, keep_session: str | None = None
) -> None:
    """A new password: every other session ends, remembered credentials and failed tries are forgotten."""
    person, now = _user(session, login), engine.now(session)
    person.password_hash, person.password_changed_at = password_hash, now
    sessions.end_all(session, login, now, but=keep_session)
    lockout.forgive(session, login)
    record(session, actor, "password.changed" if actor == login else "password.reset", login)


def end_sessions(session: Session, actor: str, login: str) -> int:
    """Sign a person out everywhere; returns how many sessions ended."""
    _user(session, login)
    ended = sessions.end_all(session, login, engine.now(session))
    record(session, actor, "sessions.ended", login, count=ended)
    return ended


def end_session(session: Session, login: str, session_id: str) -> None:
    """End one of the own sessions. Raises NotVisible for somebody else's."""
    if not sessions.end_session(session, login, session_id, engine.now(session)):
        raise NotVisible
    record(session, login, "session.ended", login)


def create_token(session: Session, login: str, name: str, expires_at: datetime | None) -> str:
    """A bearer token for the person's programs; returned once."""
    secret = sessions.create_token(session, login, name, now=engine.now(session), expires_at=expires_at)
    record(session, login, "token.created", login, name=name)
    return secret


def revoke_token(session: Session, login: str, token_id: int) -> str:
    """Revoke an own token and return its name. Raises NotVisible for somebody else's."""
    name = sessions.revoke_token(session, login, token_id, engine.now(session))
    if name is None:
        raise NotVisible
    record(session, login, "token.revoked", login, name=name)
    return name


def choose_language(session: Session, login: str, language: str) -> None:
    """Keep the person's language with the account."""
    session.execute(update(User).where(User.login == login).values(language=language))


def save_group(session: Session, actor: str, values: dict[str, Any], name: str | None = None) -> str:
    """Create a group (``name`` None) or change its titles and department; returns its name, which never changes."""
    _check_department(session, values["department_id"])
    group = _group(session, name) if name else _new_group(session, values["name"])
    group.title_zh, group.title_en, group.department_id = (
        values["title_zh"],
        values["title_en"],
        values["department_id"],
    )
    session.flush()
    record(session, actor, "group.changed" if name else "group.created", group.name)
    return group.name


def set_member(session: Session, actor: str, name: str, login: str, *, joins: bool) -> None:
    """Somebody is in the group, or is not any more. Raises NotVisible when there is no such group or person."""
    group = _group(session, name)
    if session.scalar(select(User.login).where(User.login == login)) is None:
        raise NotVisible
    mine = (GroupMember.group_name == group.name, GroupMember.login == login)
    if (session.scalar(select(GroupMember.login).where(*mine)) is not None) == joins:
        return
    if joins:
        session.add(GroupMember(group_name=group.name, login=login))
    else:
        session.execute(delete(GroupMember).where(*mine))
    sessions.demand_rotation(session, login)
    joined, left = ([login], []) if joins else ([], [login])
    record(session, actor, "group.changed", group.name, joined=joined, left=left)


def save_role(session: Session, actor: str, values: dict[str, Any], name: str | None = None) -> str:
    """Create a role without permissions (``name`` None) or change its titles; returns its name."""
    role = session.get(Role, name) if name else _new_role(session, values["name"])
    if role is None:
        raise NotVisible
    role.title_zh, role.title_en = values["title_zh"], values["title_en"]
    session.flush()
    record(session, actor, "role.changed" if name else "role.created", role.name)
    return role.name


def delete_role(session: Session, actor: str, name: str) -> None:
    """Remove a role that nobody has."""
    role = queries.role(session, name)
    if role is None:
        raise NotVisible
    if session.scalars(select(UserRole.login).where(UserRole.role_name == name)).first() is not None:
        raise FieldErrors({"": [_l("People still have this role.")]})
    session.execute(delete(RolePermission).where(RolePermission.role_name == name))
    session.execute(delete(Role).where(Role.name == name))
    record(session, actor, "role.deleted", name, permissions=sorted(role.permissions))


def set_permissions(session: Session, actor: str, wanted: dict[str, Iterable[str]]) -> None:
    """What the roles may do from now on: role → permissions. Roles not named stay as they are."""
    for role in queries.roles(session):
        if role.name not in wanted:
            continue
        chosen = set(wanted[role.name]) & PERMISSIONS.keys()
        added, removed = sorted(chosen - role.permissions), sorted(role.permissions - chosen)
        if not added and not removed:
            continue
        session.execute(
            delete(RolePermission).where(RolePermission.role_name == role.name, RolePermission.permission.in_(removed))
        )
        session.add_all(RolePermission(role_name=role.name, permission=permission) for permission in added)
        for login in session.scalars(select(UserRole.login).where(UserRole.role_name == role.name)):
            sessions.demand_rotation(session, login)
        record(session, actor, "role.permissions", role.name, added=added, removed=removed)
    session.flush()
    _keep_an_administrator(session, "")


def _user(session: Session, login: str) -> User:
    person = session.scalars(select(User).where(User.login == login)).one_or_none()
    if person is None:
        raise NotVisible
    return person


def _group(session: Session, name: str) -> Group:
    group = session.get(Group, name)
    if group is None:
        raise NotVisible
    return group


def _new_group(session: Session, name: str) -> Group:
    if session.get(Group, name) is not None:
        raise FieldErrors({"name": [_l("There is a group of this name.")]})
    group = Group(name=name)
    session.add(group)
    return group


def _new_role(session: Session, name: str) -> Role:
    if session.get(Role, name) is not None:
        raise FieldErrors({"name": [_l("There is a role of this name.")]})
    role = Role(name=name)
    session.add(role)
    return role


def _fill(session: Session, person: User, values: dict[str, Any]) -> None:
    """Names, place and supervisor. A supervisor must not be the person or anybody below."""
    _check_department(session, values["department_id"])
    for name in ("name", "name_en", "position_zh", "position_en", "department_id"):
        setattr(person, name, values[name])
    person.language = values["language"] or None
    supervisor_id: int | None = values["supervisor_id"]
    if supervisor_id is not None and session.get(User, supervisor_id) is None:
        raise FieldErrors({"supervisor_id": [_l("There is no such person.")]})
    above, seen = supervisor_id, set[int]()
    while above is not None and above not in seen:
        if above == person.id:  # None for a new person: nobody is below yet
            raise FieldErrors({"supervisor_id": [_l("This person reports to the one you are editing.")]})
        seen.add(above)
        above = session.scalars(select(User.supervisor_id).where(User.id == above)).one_or_none()
    person.supervisor_id = supervisor_id


def _check_department(session: Session, department_id: int | None) -> None:
    if department_id is not None and session.get(Department, department_id) is None:
        raise FieldErrors({"department_id": [_l("There is no such department.")]})


def _set_groups(session: Session, login: str, wanted: Iterable[str]) -> None:
    session.execute(delete(GroupMember).where(GroupMember.login == login))
    known = set(session.scalars(select(Group.name).where(Group.name.in_(list(wanted)))))
    if unknown := sorted(set(wanted) - known):
        raise FieldErrors({"groups": [_l("There is no group %(name)s.", name=unknown[0])]})
    session.add_all([GroupMember(group_name=name, login=login) for name in sorted(known)])


def _set_roles(session: Session, login: str, wanted: Iterable[str]) -> None:
    session.execute(delete(UserRole).where(UserRole.login == login))
    known = set(session.scalars(select(Role.name).where(Role.name.in_(list(wanted)))))
    if unknown := sorted(set(wanted) - known):
        raise FieldErrors({"roles": [_l("There is no role %(name)s.", name=unknown[0])]})
    session.add_all([UserRole(login=login, role_name=name) for name in sorted(known)])


def _described(session: Session, person: User) -> dict[str, Any]:
    described: dict[str, Any] = {
        name: getattr(person, name) for name in ("name", "name_en", "position_zh", "position_en", "language")
    }
    described["department"] = person.department_id
    described["supervisor"] = person.supervisor_id
    described["groups"] = sorted(queries.groups_of(session, person.login))
    described["roles"] = sorted(queries.roles_of(session, person.login))
    return described


def _keep_an_administrator(session: Session, field: str) -> None:
    """Nobody could undo it: refuse what leaves no active administrator."""
    session.flush()
    if not queries.administrators(session):
        raise FieldErrors({field: [_l("The last administrator can't be removed.")]})
