"""One page for every order: what is wanted and why, what would happen, and that it shall be so.

The address says for whom: one instance, incident or timer, all incidents of a cause, or all that a list shows. Each
order has routes of its own, so that each asks for its permission.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.accounts import queries as accounts
from app.confidential import hidden_names
from app.errors import FieldErrors
from app.monitor.repair import batches, orders, selection, typed
from app.monitor.repair.orders import ORDERS, VARIABLES, Order, Wanted
from app.monitor.repair.preview import Preview, look
from app.monitor.repair.subjects import MOST, places, unfit
from app.monitor.views.blueprint import blueprint
from app.process_names import process_name, step_name
from app.security import current, requires
from app.web import wording
from app.web.i18n import language
from app.web.rendering import merged_query

ADDRESSES = {
    orders.INSTANCE: ("/repairs/{name}", "/instances/<instance_id>/repairs/{name}"),
    orders.INCIDENT: (
        "/repairs/{name}",
        "/instances/<instance_id>/repairs/{name}",
        "/incidents/<cause>/repairs/{name}",
        "/incidents/<int:incident_id>/repairs/{name}",
    ),
    orders.TIMER: ("/timers/repairs/{name}", "/timers/<int:job_id>/repairs/{name}"),
}
_KEY = re.compile(r"[0-9a-f]{32}")
_KEPT = (engine.ExecutionFailed, engine.LimitExceeded, engine.StateUnreadable)
"""These leave an incident behind; the entry point has to see them."""


def _register(order: Order) -> None:
    def view(**about: Any) -> ResponseReturnValue:
        return _page(order, about) if request.method == "GET" else _sent(order, about)

    view.__doc__ = f"The order {order.name!r}: the form, its preview, and carrying it out."
    guarded: Callable[..., Any] = requires(order.permission)(view)
    for address in ADDRESSES[order.about]:
        blueprint.add_url_rule(
            address.format(name=order.name), f"repair_{order.name}", guarded, methods=["GET", "POST"]
        )


for _order in ORDERS.values():
    _register(_order)


def _page(order: Order, about: dict[str, Any]) -> ResponseReturnValue:
    chosen = selection.find(db.session(), order, about, request.args)
    return _shown(order, chosen)


def _sent(order: Order, about: dict[str, Any]) -> ResponseReturnValue:
    session = db.session()
    begun = batches.of_request(session, current(), request.form.get("key", "")[:64])
    if begun is not None:  # the same page sent twice: what it was about may be done by now
        return redirect(url_for(".batch", batch_id=begun), 303)
    chosen = selection.find(session, order, about, request.args)
    try:
        wanted = typed.read(order, request.form, *_known(order, chosen), _zone())
    except FieldErrors as refused:
        return _shown(order, chosen, errors=refused.errors), 422
    if request.form.get("step") == "preview" or not _looked_at(order, chosen, wanted):
        return _shown(order, chosen, preview=look(session, order, wanted, chosen.found, current().login), wanted=wanted)
    return _one(session, order, chosen, wanted) if chosen.single else _many(session, order, chosen, wanted)


def _known(order: Order, chosen: selection.Chosen) -> tuple[dict[str, Any], frozenset[str]]:
    """The variables there are, and those nobody may touch without knowing them."""
    versions = {one.definition_id for one in chosen.found.subjects if one.definition_id}
    hidden: frozenset[str] = frozenset()
    for version in versions if order.asks == VARIABLES else ():
        hidden |= hidden_names(version)
    return _variables(order, chosen, hidden), hidden


def _variables(order: Order, chosen: selection.Chosen, hidden: frozenset[str]) -> dict[str, Any]:
    subject = chosen.found.subjects[0] if chosen.single and chosen.found.subjects else None
    if order.asks != VARIABLES or subject is None or subject.instance_id is None:
        return {}
    found = engine.queries.instance(db.session(), subject.instance_id).variables
    return {name: value for name, value in found.items() if name not in hidden}


def _looked_at(order: Order, chosen: selection.Chosen, wanted: Wanted) -> bool:
    """Whether what is sent is what was shown; what needs no preview always is."""
    if chosen.single and not order.look_first:
        return True
    return secrets.compare_digest(request.form.get("seen", ""), _digest(wanted))


def _digest(wanted: Wanted) -> str:
    """Of everything but the reason, which may still be improved."""
    parts = (sorted(wanted.variables.items()), sorted(wanted.removals), wanted.source, wanted.target)
    return hashlib.sha256(repr((parts, wanted.due_at, wanted.shift)).encode()).hexdigest()


def _one(session: Session, order: Order, chosen: selection.Chosen, wanted: Wanted) -> ResponseReturnValue:
    command = orders.command(order, wanted, current().login, chosen.found.subjects[0].id)
    try:
        with session.begin_nested():
            engine.execute(session, command)
    except (engine.InstanceChanged, *_KEPT):
        raise
    except engine.EngineError as refused:
        words = wording.engine_words(refused)
        return _shown(order, chosen, errors={"": [f"{words.message} {words.advice}".strip()]}), words.status
    flash(_("%(order)s: done.", order=order.title), "success")
    return redirect(chosen.back, 303)


def _many(session: Session, order: Order, chosen: selection.Chosen, wanted: Wanted) -> ResponseReturnValue:
    why = unfit(session, order, wanted, chosen.found)
    ready = tuple(one.id for one in chosen.found.subjects if one.id not in why)
    if not ready:
        return _shown(order, chosen, errors={"": [_("It fits none of them any more.")]}), 409
    start = engine.StartBatch(
        template=orders.command(order, wanted, current().login),
        subjects=ready,
        reason=wanted.reason,
        request_key=_key(),
        actor=current().login,
    )
    batch_id = engine.execute(session, start).batch_id
    flash(ngettext("Begun for %(num)d.", "Begun for %(num)d.", len(ready)), "success")
    return redirect(url_for(".batch", batch_id=batch_id), 303)


def _key() -> str:
    """Of the page that was sent: sent twice, it starts one batch."""
    given = request.form.get("key", "")
    return given if _KEY.fullmatch(given) else secrets.token_hex(16)


def _names(session: Session, preview: Preview | None) -> dict[str, str]:
    """Of the people and groups that the rehearsed tasks are for."""
    changes = [sample.change for sample in preview.samples if sample.change] if preview else []
    tasks = [task for change in changes for task in (*change.gone.tasks, *change.new.tasks)]
    groups = {name for task in tasks for name in task.candidate_groups}
    logins = {task.assignee for task in tasks if task.assignee}
    return {**accounts.group_titles(session, groups, language()), **accounts.display_names(session, logins)}


def _local(chosen: selection.Chosen) -> str:
    """When the only timer fires, as a browser's field wants it."""
    if not chosen.single:
        return ""
    due_at = engine.queries.job(db.session(), chosen.found.subjects[0].id).due_at
    return due_at.astimezone(_zone()).strftime("%Y-%m-%dT%H:%M")


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.extensions["keliu.settings"].zone)


def _shown(
    order: Order,
    chosen: selection.Chosen,
    *,
    errors: dict[str, list[Any]] | None = None,
    preview: Preview | None = None,
    wanted: Wanted | None = None,
) -> str:
    session, (variables, hidden) = db.session(), _known(order, chosen)
    sent = request.method == "POST"
    rows = typed.typed_rows(request.form, variables) if sent else typed.rows_of(variables)
    here, there = places(session, chosen.found) if order.asks == orders.PLACES else ([], [])
    return render_template(
        "monitor/order.html",
        order=order,
        it=chosen,
        errors=errors or {},
        preview=preview,
        seen=_digest(wanted) if wanted else "",
        changed=wanted is not None and bool(wanted.variables or wanted.removals),
        key=_key(),
        rows=rows,
        hidden=len(hidden),
        here=[(node, step_name(session, version, node)) for version, node in here],
        there=[(node, step_name(session, version, node)) for version, node in there],
        form=request.form,
        address=merged_query(),
        due_at=_local(chosen) if order.asks == orders.MOMENT else "",
        most=MOST,
        step=lambda version, node: step_name(session, version, node) if version and node else node,
        process=lambda version: process_name(session, version),
        people=_names(session, preview),
    )
