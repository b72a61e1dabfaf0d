"""Administration: candidate groups."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app import db
from app.accounts import queries, schemas, service
from app.accounts.views.blueprint import Errors, actor, blueprint, saved, typed
from app.accounts.views.group_people import IN, people_of
from app.errors import NotVisible
from app.security import requires
from app.web import i18n, lists


@blueprint.get("/admin/groups")
@requires("account.manage")
def groups() -> ResponseReturnValue:
    """All groups and how many people each has."""
    session, language = db.session(), i18n.language()
    found = queries.groups(session)
    departments = queries.department_names(
        session, [row.department_key for row in found if row.department_key], language
    )
    return render_template("accounts/groups.html", groups=found, departments=departments)


@blueprint.get("/admin/groups/new")
@requires("account.manage")
def new_group() -> ResponseReturnValue:
    """The form for a new group."""
    return _form({})


@blueprint.post("/admin/groups/new")
@requires("account.manage")
def create_group() -> ResponseReturnValue:
    """Add a group."""

    def change() -> str:
        values = schemas.read(schemas.NewGroupForm, request.form)
        return url_for("accounts.group", name=service.save_group(db.session(), actor(), values))

    return saved(change, _form, _l("Saved."))


@blueprint.get("/admin/groups/<name>")
@requires("account.manage")
def group(name: str) -> ResponseReturnValue:
    """One group."""
    return _form({}, name)


@blueprint.post("/admin/groups/<name>/people/<login>")
@requires("account.manage")
def set_member(name: str, login: str) -> ResponseReturnValue:
    """Take somebody into a group or out of it, and come back to the same list."""
    service.set_member(db.session(), actor(), name, login, joins=request.form.get("joins") == "1")
    return redirect(url_for("accounts.group", name=name, **_listed()), 303)


@blueprint.post("/admin/groups/<name>")
@requires("account.manage")
def update_group(name: str) -> ResponseReturnValue:
    """Change titles and department of a group."""

    def change() -> str:
        values = schemas.read(schemas.GroupForm, request.form)
        return url_for("accounts.group", name=service.save_group(db.session(), actor(), values, name), member=IN)

    return saved(change, lambda errors: _form(errors, name), _l("Saved."))


def _listed() -> dict[str, Any]:
    """The filters and the place in the list of people, without the language."""
    return {name: values for name, values in request.args.lists() if name not in ("lang", "name", "login")}


def _form(errors: Errors, name: str | None = None) -> str | Response:
    session, language = db.session(), i18n.language()
    row = queries.group(session, name) if name else None
    if name and row is None:
        raise NotVisible
    kept = {field: getattr(row, field) if row else "" for field in ("name", "title_zh", "title_en", "department_id")}
    context: dict[str, Any] = {
        "errors": errors,
        "row": row,
        "values": {field: typed(field, value) for field, value in kept.items()},
        "departments": [(item.id, "　" * item.depth + item.name(language)) for item in queries.departments(session)],
        "listed": _listed,
    }
    if name is None:
        return render_template("accounts/group.html", **context)
    return lists.respond(people_of(name), "accounts/group.html", "accounts/_group_people.html", **context)
