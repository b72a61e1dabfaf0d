"""Repairs of many at once: which there are, how far each is, what became of each item."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import app.db as db
import engine
from app.errors import NotVisible
from app.monitor.repair import batches
from app.monitor.views.blueprint import SEES, blueprint
from app.security import current, polling, requires
from app.web.lists import respond

REPAIR = "instance.repair"


@blueprint.get("/repairs")
@requires(SEES)
def repairs() -> ResponseReturnValue:
    """Whoever started one sees it; who repairs sees all."""
    return respond(batches.BATCHES, "monitor/repairs.html", "monitor/_repairs.html")


@blueprint.get("/repairs/<int:batch_id>")
@requires(SEES)
def batch(batch_id: int) -> ResponseReturnValue:
    """How far it is, and each item with its result."""
    return render_template("monitor/repair.html", **_batch(batch_id))


@blueprint.get("/repairs/<int:batch_id>/progress")
@requires(SEES)
@polling
def batch_progress(batch_id: int) -> ResponseReturnValue:
    """The part of the page that asks for itself until it is over."""
    return render_template("monitor/_progress.html", **_batch(batch_id))


@blueprint.post("/repairs/<int:batch_id>/retry")
@requires(REPAIR)
def retry_batch(batch_id: int) -> ResponseReturnValue:
    """What failed is tried again."""
    return _change(engine.RetryBatch, batch_id, _("What failed is tried again."))


@blueprint.post("/repairs/<int:batch_id>/suspend")
@requires(REPAIR)
def suspend_batch(batch_id: int) -> ResponseReturnValue:
    """No further item is begun."""
    return _change(engine.SuspendBatch, batch_id, _("No further item is begun."))


@blueprint.post("/repairs/<int:batch_id>/resume")
@requires(REPAIR)
def resume_batch(batch_id: int) -> ResponseReturnValue:
    """The workers go on."""
    return _change(engine.ResumeBatch, batch_id, _("It goes on."))


@blueprint.post("/repairs/<int:batch_id>/delete")
@requires(REPAIR)
def delete_batch(batch_id: int) -> ResponseReturnValue:
    """What is not done will not be done."""
    return _change(engine.DeleteBatch, batch_id, _("What was not done yet will not be done."))


def _change(kind: Any, batch_id: int, said: str) -> ResponseReturnValue:
    _visible(batch_id)
    reason = request.form.get("reason", "").replace("\x00", "").strip()[:500]
    if not reason:
        return render_template("monitor/repair.html", errors={"reason": [_("Say why.")]}, **_batch(batch_id)), 422
    engine.execute(db.session(), kind(batch_id=batch_id, reason=reason, actor=current().login))
    flash(said, "success")
    return redirect(url_for(".batch", batch_id=batch_id), 303)


def _visible(batch_id: int) -> engine.BatchRow:
    found = batches.visible(db.session(), current(), batch_id)
    if found is None:
        raise NotVisible
    return found


def _batch(batch_id: int) -> dict[str, Any]:
    session, row = db.session(), _visible(batch_id)
    return {"it": batches.shown(session, row), "items": batches.items(session, row, request.args)}
