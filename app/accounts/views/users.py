"""Administration: people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from app import db
from app.accounts import queries, schemas, service
from app.accounts.models import Department, GroupMember, User, UserRole
from app.accounts.views.blueprint import Errors, actor, blueprint, saved, ticked, typed
from app.db.request import close_reader
from app.errors import FieldErrors, NotVisible
from app.security import Principal, passwords, requires
from app.web import i18n, lists

NAMES = User.login + " " + User.name + " " + User.name_en
"""What the search box looks into; a company has a few thousand people, so no index is needed."""

ACTIONS = {
    "user.created": _l("account created"),
    "user.changed": _l("account changed"),
    "user.deactivated": _l("account disabled"),
    "user.activated": _l("account enabled"),
    "password.changed": _l("own password changed"),
    "password.reset": _l("new password given"),
    "session.ended": _l("signed out"),
    "sessions.ended": _l("signed out everywhere"),
    "token.created": _l("token created"),
    "token.revoked": _l("token revoked"),
}

FIELDS = (
    "login",
    "name",
    "name_en",
    "department_id",
    "position_zh",
    "position_en",
    "supervisor_id",
    "language",
)


def _everybody(_session: Session, _principal: Principal) -> Select[*tuple[Any, ...]]:
    return queries.users_select()


def _departments(session: Session) -> list[tuple[str, str]]:
    return [(row.key, "　" * row.depth + row.name(i18n.language())) for row in queries.departments(session)]


def _in_subtree(chosen: Sequence[str]) -> ColumnElement[bool]:
    """People of the chosen department and all below it."""
    top = aliased(Department)
    below = Department.path.startswith(select(top.path).where(top.key == chosen[0]).scalar_subquery())
    return User.department_id.in_(select(Department.id).where(below))


def _with_role(chosen: Sequence[str]) -> ColumnElement[bool]:
    return User.login.in_(select(UserRole.login).where(UserRole.role_name == chosen[0]))


def _in_group(chosen: Sequence[str]) -> ColumnElement[bool]:
    return User.login.in_(select(GroupMember.login).where(GroupMember.group_name == chosen[0]))


BY_DEPARTMENT = lists.ChoiceFilter("department", _l("Department and below"), _departments, condition=_in_subtree)
PEOPLE: lists.ListSpec[queries.UserRow] = lists.ListSpec(
    name="users",
    select=_everybody,
    rows=lambda _session, rows: [queries.user_row(row) for row in rows],
    key=User.id,
    columns=(
        lists.Column("name", _l("Full name"), lambda row: row.shown(i18n.language()), sort="name"),
        lists.Column("login", _l("Login"), lambda row: row.login, sort="login"),
        lists.Column("department", _l("Department"), lambda row: row.department(i18n.language()), sort="department"),
        lists.Column("position", _l("Position"), lambda row: row.position(i18n.language())),
        lists.Column("active", _l("State"), lambda row: _("enabled") if row.active else _("disabled")),
    ),
    sorts={
        "login": lists.Sort(User.login),  # uq_user_account_login
        "name": lists.Sort(User.name),  # ix_user_account_name
        "department": lists.Sort(Department.position, nullable=True),  # a few thousand people at most
    },
    default_sort="login",
    filters=(
        lists.TextFilter("q", _l("Name or login"), NAMES),
        BY_DEPARTMENT,
        lists.ChoiceFilter(
            "group",
            _l("Group"),
            lambda session: [(row.name, row.title(i18n.language())) for row in queries.groups(session)],
            condition=_in_group,
        ),
        lists.ChoiceFilter(
            "role",
            _l("Role"),
            lambda session: [(row.name, row.title(i18n.language())) for row in queries.roles(session)],
            condition=_with_role,
        ),
        lists.ChoiceFilter(
            "state",
            _l("State"),
            (("enabled", _l("enabled")), ("disabled", _l("disabled"))),
            condition=lambda chosen: User.active.is_(chosen[0] == "enabled"),
        ),
    ),
    title=_l("Users"),
)


@blueprint.get("/admin/users")
@requires("account.manage")
def users() -> ResponseReturnValue:
    """Everybody, searched and filtered."""
    return lists.respond(PEOPLE, "accounts/users.html", "accounts/_users.html")


@blueprint.get("/admin/users/new")
@requires("account.manage")
def new_user() -> ResponseReturnValue:
    """The form for a new person."""
    return _form({})


@blueprint.post("/admin/users/new")
@requires("account.manage")
@db.without_unit_of_work
def create_user() -> ResponseReturnValue:
    """Add a person and show the first password, this once."""
    password = passwords.generated()
    try:
        values = schemas.read(schemas.NewUserForm, request.form)
        hashed = passwords.hash_password(password)
        db.database().write(lambda session: service.create_user(session, actor(), values, hashed))
    except FieldErrors as refused:
        return _form(refused.errors), 422
    return _password_page(values["login"], password)


@blueprint.get("/admin/users/<login>")
@requires("account.manage")
def user(login: str) -> ResponseReturnValue:
    """One person."""
    return _form({}, login)


@blueprint.post("/admin/users/<login>")
@requires("account.manage")
def update_user(login: str) -> ResponseReturnValue:
    """Change a person."""

    def change() -> str:
        values = schemas.read(schemas.UserForm, request.form)
        service.update_user(db.session(), actor(), login, values)
        return url_for("accounts.user", login=login)

    return saved(change, lambda errors: _form(errors, login), _l("Saved."))


@blueprint.post("/admin/users/<login>/password")
@requires("account.manage")
@db.without_unit_of_work
def reset_password(login: str) -> ResponseReturnValue:
    """Give a person a new password and show it, this once."""
    _known(db.session(), login)
    password = passwords.generated()
    hashed = passwords.hash_password(password)
    db.database().write(lambda session: service.set_password(session, actor(), login, hashed))
    return _password_page(login, password)


@blueprint.post("/admin/users/<login>/activation")
@requires("account.manage")
def change_activation(login: str) -> ResponseReturnValue:
    """Let a person in again, or no more (``active`` empty)."""
    active = bool(request.form.get("active"))

    def change() -> str:
        (service.activate if active else service.deactivate)(db.session(), actor(), login)
        return url_for("accounts.user", login=login)

    message = (
        _l("The account is enabled again.") if active else _l("The account is disabled and signed out everywhere.")
    )
    return saved(change, lambda errors: _form(errors, login, stored=True), message)


@blueprint.post("/admin/users/<login>/sessions/end")
@requires("account.manage")
def end_sessions(login: str) -> ResponseReturnValue:
    """Sign a person out everywhere."""
    ended = service.end_sessions(db.session(), actor(), login)
    flash(_("Sessions ended: %(count)s.", count=ended), "success")
    return redirect(url_for("accounts.user", login=login), 303)


def _known(session: Session, login: str) -> queries.UserRow:
    person = queries.user(session, login)
    if person is None:
        raise NotVisible
    return person


def _password_page(login: str, password: str) -> ResponseReturnValue:
    close_reader()  # it still sees the moment before the password was set
    person = _known(db.session(), login)
    page = render_template("accounts/new_password.html", person=person, password=password)
    return page, 201, {"Cache-Control": "no-store"}


def _form(errors: Errors, login: str | None = None, *, stored: bool = False) -> str:
    """The form with what is stored, or with what was typed when it is shown again."""
    session = db.session()
    person = _known(session, login) if login else None
    kept = {name: getattr(person, name) if person else "" for name in FIELDS}
    groups = queries.groups_of(session, login) if login else set[str]()
    roles = queries.roles_of(session, login) if login else set[str]()
    values: dict[str, Any] = kept if stored else {name: typed(name, value) for name, value in kept.items()}
    return render_template(
        "accounts/user.html",
        errors=errors,
        person=person,
        values=values,
        in_groups=groups if stored else ticked("groups", groups),
        in_roles=roles if stored else ticked("roles", roles),
        **_choices(session, login),
        log=(log := queries.log(session, login) if login else ()),
        names=queries.display_names(session, [entry.actor for entry in log]),
        actions=ACTIONS,
    )


def _choices(session: Session, login: str | None) -> dict[str, Any]:
    language = i18n.language()
    supervisors = [row for row in queries.users(session) if row.login != login]
    return {
        "departments": [(row.id, "　" * row.depth + row.name(language)) for row in queries.departments(session)],
        "supervisors": [(row.id, f"{row.shown(language)} ({row.login})") for row in supervisors],
        "groups": queries.groups(session),
        "roles": queries.roles(session),
    }
