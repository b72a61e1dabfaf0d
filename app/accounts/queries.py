"""Reading the organisation. Rows are frozen; lists have a total order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import AccountLog, Department, Group, GroupMember, Role, RolePermission, User, UserRole
from app.security import scope
from app.security.permissions import ADMINISTRATION, PERMISSIONS, SUPERVISING
from app.security.principal import Principal
from app.web import i18n


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """One department. ``depth`` counts from 0 at the root."""

    id: int
    key: str
    name_zh: str
    name_en: str
    kind: str
    parent_id: int | None
    path: str
    depth: int

    def name(self, language: str) -> str:
        """The name in ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class UserRow:
    """One person, with the names the pages show."""

    id: int
    login: str
    name: str
    name_en: str
    department_id: int | None
    department_key: str | None
    department_zh: str | None
    department_en: str | None
    position_zh: str
    position_en: str
    supervisor_id: int | None
    supervisor_login: str | None
    supervisor_name: str | None
    language: str | None
    active: bool

    def shown(self, language: str) -> str:
        """The person's name in ``language``."""
        return self.name if language.startswith("zh") else self.name_en or self.name

    def position(self, language: str) -> str:
        """The position in ``language``, whichever was given if only one was."""
        first, second = (self.position_zh, self.position_en)[:: 1 if language.startswith("zh") else -1]
        return first or second

    def department(self, language: str) -> str:
        """The department's name in ``language``."""
        return (self.department_zh if language.startswith("zh") else self.department_en) or ""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One candidate group and how many active people it has."""

    name: str
    title_zh: str
    title_en: str
    department_id: int | None
    department_key: str | None
    members: int

    def title(self, language: str) -> str:
        """The title in ``language``."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role, its permissions and how many active people have it."""

    name: str
    title_zh: str
    title_en: str
    permissions: frozenset[str]
    holders: int

    def title(self, language: str) -> str:
        """The title in ``language``."""
        return self.title_zh if language.startswith("zh") else self.title_en


_Supervisor = aliased(User)


def users_select() -> Select[*tuple[Any, ...]]:
    """The columns of :class:`UserRow` for every user, to be filtered and sorted by list pages."""
    return (
        select(
            User.id,
            User.login,
            User.name,
            User.name_en,
            User.department_id,
            Department.key,
            Department.name_zh,
            Department.name_en,
            User.position_zh,
            User.position_en,
            User.supervisor_id,
            _Supervisor.login,
            _Supervisor.name,
            User.language,
            User.active,
        )
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(_Supervisor, _Supervisor.id == User.supervisor_id)
    )


def user_row(row: Row[Any]) -> UserRow:
    """A row of :func:`users_select` as :class:`UserRow`; columns a list added behind are left out."""
    return UserRow(*row[: len(fields(UserRow))])


def user(session: Session, login: str) -> UserRow | None:
    """The person with this login, active or not."""
    row = session.execute(users_select().where(User.login == login)).one_or_none()
    return user_row(row) if row else None


def users(session: Session, *, active_only: bool = True) -> tuple[UserRow, ...]:
    """All people by login."""
    found = users_select().order_by(User.login)
    if active_only:
        found = found.where(User.active)
    return tuple(user_row(row) for row in session.execute(found))


def users_in_group(session: Session, group: str) -> tuple[UserRow, ...]:
    """The active members of a group, by login."""
    found = users_select().join(GroupMember, GroupMember.login == User.login)
    found = found.where(GroupMember.group_name == group, User.active).order_by(User.login)
    return tuple(user_row(row) for row in session.execute(found))


def users_with_role(session: Session, role_name: str) -> tuple[UserRow, ...]:
    """Everybody who has a role, by login."""
    found = users_select().join(UserRole, UserRole.login == User.login).where(UserRole.role_name == role_name)
    return tuple(user_row(row) for row in session.execute(found.order_by(User.login)))


def users_in_department(session: Session, department_id: int) -> tuple[UserRow, ...]:
    """The active people of one department (not of those below), by login."""
    found = users_select().where(User.department_id == department_id, User.active).order_by(User.login)
    return tuple(user_row(row) for row in session.execute(found))


def people_per_department(session: Session) -> dict[int, int]:
    """How many active people each department has, by its id."""
    counted = select(User.department_id, func.count()).where(User.active, User.department_id.is_not(None))
    found = session.execute(counted.group_by(User.department_id))
    return {department_id: count for department_id, count in found if department_id is not None}


def log(session: Session, subject: str, limit: int = 20) -> tuple[AccountLog, ...]:
    """The latest changes about a person, group, role or department, newest first."""
    found = select(AccountLog).where(AccountLog.subject == subject).order_by(AccountLog.id.desc()).limit(limit)
    return tuple(session.scalars(found))


def users_in_groups(session: Session, groups: Iterable[str]) -> tuple[str, ...]:
    """Logins of the active members of any of ``groups``, each once, sorted."""
    found = select(GroupMember.login).join(User, User.login == GroupMember.login)
    found = found.where(GroupMember.group_name.in_(sorted(groups)), User.active).distinct().order_by(GroupMember.login)
    return tuple(session.scalars(found))


def groups_of(session: Session, login: str) -> frozenset[str]:
    """Names of the groups a person is in."""
    return frozenset(session.scalars(select(GroupMember.group_name).where(GroupMember.login == login)))


def roles_of(session: Session, login: str) -> frozenset[str]:
    """Names of the roles a person has."""
    return frozenset(session.scalars(select(UserRole.role_name).where(UserRole.login == login)))


def groups(session: Session) -> tuple[GroupRow, ...]:
    """All groups in the order of the organisation tree, then by name."""
    members = (
        select(GroupMember.group_name, func.count().label("members"))
        .join(User, User.login == GroupMember.login)
        .where(User.active)
        .group_by(GroupMember.group_name)
        .subquery()
    )
    found = (
        select(
            Group.name,
            Group.title_zh,
            Group.title_en,
            Group.department_id,
            Department.key,
            func.coalesce(members.c.members, 0),
        )
        .outerjoin(Department, Department.id == Group.department_id)
        .outerjoin(members, members.c.group_name == Group.name)
        .order_by(func.coalesce(Department.position, 9999), Group.name)
    )
    return tuple(GroupRow(*row) for row in session.execute(found))


def group(session: Session, name: str) -> GroupRow | None:
    """One group by name."""
    return next((row for row in groups(session) if row.name == name), None)


def department_of_group(session: Session, name: str) -> str | None:
    """Key of the department a group belongs to."""
    belongs = select(Department.key).join(Group, Group.department_id == Department.id)
    return session.scalar(belongs.where(Group.name == name))


def group_titles(session: Session, names: Iterable[str], language: str) -> dict[str, str]:
    """Titles of groups by name; an unknown name stands for itself."""
    wanted = sorted(set(names))
    titles = {
        row.name: row.title_zh if language.startswith("zh") else row.title_en
        for row in session.scalars(select(Group).where(Group.name.in_(wanted)))
    }
    return {name: titles.get(name, name) for name in wanted}


def _department_row(row: Department) -> DepartmentRow:
    depth = row.path.count("/") - 2
    return DepartmentRow(row.id, row.key, row.name_zh, row.name_en, row.kind, row.parent_id, row.path, depth)


def departments(session: Session) -> tuple[DepartmentRow, ...]:
    """The whole tree, parents before children, siblings by position, then key."""
    children: dict[int | None, list[Department]] = {}
    for row in session.scalars(select(Department).order_by(Department.position, Department.key)):
        children.setdefault(row.parent_id, []).append(row)

    def walk(parent: int | None) -> Iterable[DepartmentRow]:
        for row in children.get(parent, ()):
            yield _department_row(row)
            yield from walk(row.id)

    return tuple(walk(None))


def department(session: Session, key: str) -> DepartmentRow | None:
    """One department by key."""
    row = session.scalars(select(Department).where(Department.key == key)).one_or_none()
    return _department_row(row) if row else None


def department_names(session: Session, keys: Iterable[str], language: str) -> dict[str, str]:
    """Names of departments by key; an unknown key stands for itself."""
    wanted = sorted(set(keys))
    rows = session.scalars(select(Department).where(Department.key.in_(wanted)))
    names = {row.key: row.name_zh if language.startswith("zh") else row.name_en for row in rows}
    return {key: names.get(key, key) for key in wanted}


def subtree_paths(session: Session, key: str) -> tuple[str, ...]:
    """Paths of a department and all below it, sorted; empty for an unknown key."""
    own = session.scalars(select(Department.path).where(Department.key == key)).one_or_none()
    if own is None:
        return ()
    found = select(Department.path).where(Department.path.startswith(own, autoescape=True)).order_by(Department.path)
    return tuple(session.scalars(found))


def department_of(session: Session, login: str) -> str | None:
    """Key of the department a person belongs to."""
    found = select(Department.key).join(User, User.department_id == Department.id).where(User.login == login)
    return session.scalars(found).one_or_none()


def supervisor_of(session: Session, login: str) -> str | None:
    """Login of a person's supervisor, if there is one and that one is active."""
    found = select(_Supervisor.login).join(User, User.supervisor_id == _Supervisor.id)
    return session.scalars(found.where(User.login == login, _Supervisor.active)).one_or_none()


def supervisors_above(session: Session, login: str) -> tuple[str, ...]:
    """A person's supervisor, that one's supervisor and so on, the nearest first; only those who are active."""
    found: list[str] = []
    above = supervisor_of(session, login)
    while above is not None and above != login and above not in found:
        found.append(above)
        above = supervisor_of(session, above)
    return tuple(found)


def reports_of(session: Session, login: str) -> tuple[str, ...]:
    """Logins of the active people whose supervisor the person is."""
    found = select(User.login).join(_Supervisor, User.supervisor_id == _Supervisor.id)
    return tuple(session.scalars(found.where(_Supervisor.login == login, User.active).order_by(User.login)))


def display_names(session: Session, logins: Iterable[str], language: str | None = None) -> dict[str, str]:
    """Names of people by login, in the reader's language unless told; an unknown login (``system``) is its own name."""
    language = language or i18n.language()
    wanted = sorted({login for login in logins if login})
    rows = session.execute(select(User.login, User.name, User.name_en).where(User.login.in_(wanted)))
    names = {login: name if language.startswith("zh") else name_en or name for login, name, name_en in rows}
    return {login: names.get(login, login) for login in wanted}


def logins_named(session: Session, words: str, most: int = 200) -> tuple[str, ...]:
    """Logins of people whose login is this, or whose name has it in it, at most ``most``."""
    named = or_(User.login == words, *(name.icontains(words, autoescape=True) for name in (User.name, User.name_en)))
    return tuple(session.scalars(select(User.login).where(named).order_by(User.login).limit(most)))


def roles(session: Session) -> tuple[RoleRow, ...]:
    """All roles by name."""
    given: dict[str, set[str]] = {}
    for role_name, permission in session.execute(select(RolePermission.role_name, RolePermission.permission)):
        given.setdefault(role_name, set()).add(permission)
    held = select(UserRole.role_name, func.count()).join(User, User.login == UserRole.login).where(User.active)
    holders: Mapping[str, int] = {row[0]: row[1] for row in session.execute(held.group_by(UserRole.role_name))}
    return tuple(
        RoleRow(row.name, row.title_zh, row.title_en, frozenset(given.get(row.name, ())), holders.get(row.name, 0))
        for row in session.scalars(select(Role).order_by(Role.name))
    )


def role(session: Session, name: str) -> RoleRow | None:
    """One role by name."""
    return next((row for row in roles(session) if row.name == name), None)


def administrators(session: Session) -> frozenset[str]:
    """Logins of the active people who may administer accounts."""
    found = (
        select(User.login)
        .join(UserRole, UserRole.login == User.login)
        .join(RolePermission, RolePermission.role_name == UserRole.role_name)
        .where(User.active, RolePermission.permission == ADMINISTRATION)
    )
    return frozenset(session.scalars(found))


def principal(session: Session, login: str) -> Principal | None:
    """The principal of an active person, None for strangers and people who left. Four small indexed reads."""
    row = session.execute(
        select(User, Department.key, Department.path)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.login == login, User.active)
    ).one_or_none()
    if row is None:
        return None
    person, key, path = row
    rights = session.execute(
        select(UserRole.role_name, RolePermission.permission)
        .outerjoin(RolePermission, RolePermission.role_name == UserRole.role_name)
        .where(UserRole.login == login)
    ).all()
    permissions = frozenset(permission for _, permission in rights if permission in PERMISSIONS)
    groups = groups_of(session, login)
    return Principal(
        login=person.login,
        name=person.name,
        name_en=person.name_en,
        department_id=person.department_id,
        department_key=key or "",
        department_path=path or "",
        groups=groups,
        roles=frozenset(role_name for role_name, _ in rights),
        permissions=permissions,
        language=person.language,
        is_admin=ADMINISTRATION in permissions,
        supervises_all=permissions >= SUPERVISING and scope.supervises_all(session, path or ""),
        few_offers=scope.few_offers(session, login, groups),
    )
