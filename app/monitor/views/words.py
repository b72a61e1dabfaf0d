"""What the templates of the control room may call besides what every template may."""

from __future__ import annotations

import ast
import re
from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import format_date, format_datetime
from flask_babel import lazy_gettext as _l

import app.db as db
import engine
from app.monitor.repair import orders
from app.monitor.repair.subjects import SERVICES
from app.monitor.views.blueprint import blueprint
from app.security import current
from app.web.filters import localtime
from app.web.people import display_name

REASONS = {
    "no condition holds and there is no default flow": _l("no condition holds and there is no default path"),
    "a join waits for a branch that never comes": _l("a gateway waits for a branch that never comes"),
}
"""Reasons of the engine that are the same whatever the process."""
_FAILED = re.compile(r"(?:\w+: )?ExecutionFailed\((.*)\)", re.DOTALL)


@blueprint.app_context_processor
def functions() -> dict[str, Any]:
    """``repair_orders(about, failed)``: what the reader may order; ``timer_orders(timer)``: what fits this one;
    ``list_arguments()``: the filters of the list shown; ``person_name(login)``."""
    return {
        "repair_orders": _offered,
        "timer_orders": _of_timer,
        "list_arguments": _arguments,
        "person_name": display_name,
    }


def _offered(about: str, failed: str = "") -> list[orders.Order]:
    """``failed``: the kind of an incident; only a service step can be skipped."""
    found = orders.offered(about, current().has)
    return [order for order in found if order.name != "skip" or not failed or failed in SERVICES]


def _of_timer(timer: engine.JobRow) -> list[orders.Order]:
    """Cancelling only where the instance goes on without it."""
    session, found = db.session(), _offered(orders.TIMER)
    version = engine.queries.instance(session, str(timer.instance_id)).definition_id
    optional = engine.queries.is_optional(session, version, timer)
    return [order for order in found if order.name != "drop" or optional]


def _arguments() -> dict[str, Any]:
    """What the address says, without paging: the same list in another address."""
    kept = {name: values for name, values in request.args.lists() if any(values)}
    for name in ("after", "before", "export", "lang"):
        kept.pop(name, None)
    return {**kept, **(request.view_args or {})}


@blueprint.app_template_filter()
def failure(message: str) -> str:
    """What an incident says, for people: of a process that could not go on the reason alone."""
    found = _FAILED.fullmatch(message.strip())
    try:
        call = ast.parse(f"f({found[1]})", mode="eval").body if found else None
    except (SyntaxError, ValueError):
        return message
    for given in call.keywords if isinstance(call, ast.Call) else ():
        if given.arg == "reason" and isinstance(given.value, ast.Constant):
            reason = str(given.value.value)
            return str(REASONS.get(reason, reason))
    return message


@blueprint.app_template_filter()
def weekday(day: date) -> str:
    """Its name in the reader's language."""
    return str(format_date(day, "EEEE"))


@blueprint.app_template_filter()
def clocktime(moment: datetime) -> str:
    """Hour and minute in the business time zone."""
    return str(format_datetime(moment, "HH:mm"))


@blueprint.app_template_filter()
def isotime(text: str) -> str:
    """A moment that was written down as text, as people read it."""
    return localtime(datetime.fromisoformat(text))
