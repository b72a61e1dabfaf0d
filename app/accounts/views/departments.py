"""Administration: the organisation tree."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app import db
from app.accounts import queries, schemas, tree
from app.accounts.views.blueprint import Errors, actor, blueprint, saved, typed
from app.errors import NotVisible
from app.security import requires
from app.web import i18n


@blueprint.get("/admin/departments")
@requires("account.manage")
def departments() -> ResponseReturnValue:
    """The tree, with the number of people in each department."""
    session = db.session()
    return render_template(
        "accounts/departments.html",
        departments=queries.departments(session),
        people=queries.people_per_department(session),
    )


@blueprint.get("/admin/departments/new")
@requires("account.manage")
def new_department() -> ResponseReturnValue:
    """The form for a new department."""
    return _form({})


@blueprint.post("/admin/departments/new")
@requires("account.manage")
def create_department() -> ResponseReturnValue:
    """Add a department."""

    def change() -> str:
        tree.save_department(db.session(), actor(), schemas.read(schemas.NewDepartmentForm, request.form))
        return url_for("accounts.departments")

    return saved(change, _form, _l("Saved."))


@blueprint.get("/admin/departments/<key>")
@requires("account.manage")
def department(key: str) -> ResponseReturnValue:
    """One department."""
    return _form({}, key)


@blueprint.post("/admin/departments/<key>")
@requires("account.manage")
def update_department(key: str) -> ResponseReturnValue:
    """Rename or move a department."""

    def change() -> str:
        tree.save_department(db.session(), actor(), schemas.read(schemas.DepartmentForm, request.form), key)
        return url_for("accounts.departments")

    return saved(change, lambda errors: _form(errors, key), _l("Saved."))


@blueprint.post("/admin/departments/<key>/removal")
@requires("account.manage")
def delete_department(key: str) -> ResponseReturnValue:
    """Remove an empty department."""

    def change() -> str:
        tree.delete_department(db.session(), actor(), key)
        return url_for("accounts.departments")

    return saved(change, lambda errors: _form(errors, key), _l("The department is removed."))


def _form(errors: Errors, key: str | None = None) -> str:
    session, language = db.session(), i18n.language()
    row = queries.department(session, key) if key else None
    if key and row is None:
        raise NotVisible
    kept = {field: getattr(row, field) if row else "" for field in ("key", "name_zh", "name_en", "parent_id")}
    if row is None:
        kept["parent_id"] = request.args.get("parent", "")
    possible = [item for item in queries.departments(session) if row is None or not item.path.startswith(row.path)]
    return render_template(
        "accounts/department.html",
        errors=errors,
        row=row,
        values={field: typed(field, value) for field, value in kept.items()},
        parents=[(item.id, "　" * item.depth + item.name(language)) for item in possible],
        people=queries.users_in_department(session, row.id) if row else (),
    )
