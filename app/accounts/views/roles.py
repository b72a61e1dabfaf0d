"""Administration: what each role may do, as one table."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app import db
from app.accounts import queries, schemas, service
from app.accounts.views.blueprint import Errors, actor, blueprint, saved
from app.errors import NotVisible
from app.security import PERMISSIONS, requires


@blueprint.get("/admin/roles")
@requires("account.manage")
def roles() -> ResponseReturnValue:
    """The table of roles and permissions."""
    return _table({})


@blueprint.post("/admin/roles")
@requires("account.manage")
def set_permissions() -> ResponseReturnValue:
    """Save the table: one box per role and permission."""

    def change() -> str:
        shown = request.form.getlist("roles")
        wanted = {name: request.form.getlist(f"role-{name}") for name in shown}
        service.set_permissions(db.session(), actor(), {name: list(given) for name, given in wanted.items()})
        return url_for("accounts.roles")

    return saved(change, _table, _l("Saved. It is in force from now on."))


@blueprint.get("/admin/roles/new")
@requires("account.manage")
def new_role() -> ResponseReturnValue:
    """The form for a new role."""
    return _form({})


@blueprint.post("/admin/roles/new")
@requires("account.manage")
def create_role() -> ResponseReturnValue:
    """Add a role that may do nothing yet."""

    def change() -> str:
        service.save_role(db.session(), actor(), schemas.read(schemas.NewRoleForm, request.form))
        return url_for("accounts.roles")

    return saved(change, _form, _l("Saved. Now tick what the role may do."))


@blueprint.get("/admin/roles/<name>")
@requires("account.manage")
def role(name: str) -> ResponseReturnValue:
    """One role: its titles and the people who have it."""
    return _form({}, name)


@blueprint.post("/admin/roles/<name>")
@requires("account.manage")
def update_role(name: str) -> ResponseReturnValue:
    """Change the titles of a role."""

    def change() -> str:
        service.save_role(db.session(), actor(), schemas.read(schemas.RoleForm, request.form), name)
        return url_for("accounts.roles")

    return saved(change, lambda errors: _form(errors, name), _l("Saved."))


@blueprint.post("/admin/roles/<name>/removal")
@requires("account.manage")
def delete_role(name: str) -> ResponseReturnValue:
    """Remove a role nobody has."""

    def change() -> str:
        service.delete_role(db.session(), actor(), name)
        return url_for("accounts.roles")

    return saved(change, lambda errors: _form(errors, name), _l("The role is removed."))


def _table(errors: Errors) -> str:
    found = queries.roles(db.session())
    posted = request.method == "POST"
    given = {
        role.name: set(request.form.getlist(f"role-{role.name}")) if posted else role.permissions for role in found
    }
    return render_template(
        "accounts/roles.html", errors=errors, roles=found, given=given, permissions=PERMISSIONS.values()
    )


def _form(errors: Errors, name: str | None = None) -> str:
    row = queries.role(db.session(), name) if name else None
    if name and row is None:
        raise NotVisible
    values = {field: getattr(row, field) if row else "" for field in ("name", "title_zh", "title_en")}
    values |= {field: request.form[field] for field in values if field in request.form}
    people = queries.users_with_role(db.session(), name) if name else ()
    return render_template("accounts/role.html", errors=errors, row=row, values=values, people=people)
