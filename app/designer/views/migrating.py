"""Migrating running instances, for holders of ``instance.repair``: plan, rehearse, order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.designer import deploying, migrating, overview
from app.designer.presentation import MIGRATES
from app.designer.views.blueprint import blueprint
from app.errors import FieldErrors, NotVisible
from app.process_names import process_name
from app.security import current, requires

PREFIX = "to."


@blueprint.get("/processes/<key>/migrate")
@requires(MIGRATES)
def migrate(key: str) -> ResponseReturnValue:
    """From which version to which, and where each step goes."""
    session = db.session()
    return _page(session, _plan(session, key, request.args))


def _plan(session: Session, key: str, given: Mapping[str, str]) -> migrating.Plan:
    """The plan that was asked for: by default from the oldest version with running instances to the newest one."""
    rows = engine.queries.definitions(session, key)
    if not rows:
        raise NotVisible()
    by_number = {str(row.version): row for row in rows}
    running = overview.running(session, [row.id for row in rows])
    oldest = next((row for row in reversed(rows) if running.get(row.id)), rows[-1])
    source, target = by_number.get(given.get("source", ""), oldest), by_number.get(given.get("target", ""), rows[0])
    plan = migrating.generated(session, source, target)
    wanted = {name.removeprefix(PREFIX): given[name] for name in given if name.startswith(PREFIX)}
    return migrating.chosen(plan, wanted, timers=bool(given.get("timers"))) if wanted else plan


def _page(
    session: Session,
    plan: migrating.Plan,
    *,
    errors: Mapping[str, Any] | None = None,
    rehearsed: Sequence[migrating.Rehearsed] | None = None,
    chosen: Sequence[str] = (),
) -> str:
    rows = engine.queries.definitions(session, plan.source.key)
    return render_template(
        "designer/migrate.html",
        plan=plan,
        key=plan.source.key,
        name=process_name(session, rows[0].id),
        versions=rows,
        running=overview.running(session, [row.id for row in rows]),
        lines=migrating.lines(session, plan),
        instances=migrating.instances(session, plan.source),
        given=request.form,
        ticked=frozenset(request.form.getlist("instance")),
        errors=errors or {},
        rehearsed=rehearsed,
        chosen=len(chosen),
        request_key=request.form.get("request_key") or uuid.uuid4().hex,
    )


@blueprint.post("/processes/<key>/migrate")
@requires(MIGRATES)
def order_migration(key: str) -> ResponseReturnValue:
    """Check the mapping, rehearse it, or have it done."""
    session = db.session()
    plan = _plan(session, key, request.form)
    action, subjects = request.form.get("action"), _subjects(session, plan)
    if action == "check":
        return _page(session, plan)
    if not subjects:
        return _page(session, plan, errors={"which": [_("Choose at least one instance.")]}), 422
    if action == "order":
        return _order(session, plan, subjects)
    found = migrating.rehearse(session, plan, subjects, current().login)
    return _page(session, plan, rehearsed=found, chosen=subjects)


def _subjects(session: Session, plan: migrating.Plan) -> list[str]:
    which, node = request.form.get("which"), request.form.get("node", "")
    if which == "ticked":
        return migrating.ids(session, plan.source, among=request.form.getlist("instance"))
    return migrating.ids(session, plan.source, at=node if which == "node" else "")


def _order(session: Session, plan: migrating.Plan, subjects: Sequence[str]) -> ResponseReturnValue:
    try:
        reason = deploying.comment_of(request.form.get("comment", ""))
        key = request.form.get("request_key", "")[:64]
        batch_id = migrating.start(session, plan, subjects, reason, current().login, key)
    except FieldErrors as refused:
        return _page(session, plan, errors=refused.errors), 422
    except engine.PlanRefused:
        return _page(session, plan, errors={"": [_("The mapping has errors. Nothing was migrated.")]}), 422
    flash(_("Ordered for instances: %(count)s", count=len(subjects)), "success")
    if current().has("monitor.view"):
        return redirect(url_for("monitor.batch", batch_id=batch_id))
    return redirect(url_for("designer.process", key=plan.source.key))
