"""Who holds what and for how long, the lists behind it, and what became of the service levels."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

import app.db as db
import engine
from app.accounts import queries as accounts
from app.monitor import levels, measures, task_list, workload
from app.monitor.sight import Sight
from app.monitor.views.blueprint import SEES, blueprint
from app.security import current, requires
from app.web import periods
from app.web.i18n import language
from app.web.lists import respond


@blueprint.get("/tasks")
@requires(SEES)
def tasks() -> ResponseReturnValue:
    """Open tasks, as the filters say."""
    return respond(task_list.OPEN, "monitor/tasks.html", "monitor/_tasks.html")


@blueprint.get("/tasks/completed")
@requires(SEES)
def completed_tasks() -> ResponseReturnValue:
    """Completed tasks of one step."""
    names = dict(task_list.known_steps(db.session(), request.args.get("process", "")))
    name = names.get(request.args.get("step", ""), "")
    return respond(task_list.COMPLETED, "monitor/completed.html", "monitor/_completed.html", step=name)


@blueprint.get("/tasks/people")
@requires(SEES)
def people() -> ResponseReturnValue:
    """Who holds what: open tasks per person, and per group those that nobody has."""
    session = db.session()
    sees = Sight.of(session, current())
    persons, groups = workload.by_person(session, sees), workload.by_group(session, sees)
    return render_template(
        "monitor/people.html",
        people=persons,
        groups=groups,
        nobody=workload.nobody(session, sees),
        names=accounts.display_names(session, [row.key for row in persons], language()),
        titles={row.name: row.title(language()) for row in accounts.groups(session)},
    )


@blueprint.get("/tasks/levels")
@requires(SEES)
def service_levels() -> ResponseReturnValue:
    """Working time per step in a period, and the share that kept its deadline."""
    session = db.session()
    zone = ZoneInfo(engine.runtime(session).zone)
    usual = periods.last_days(engine.now(session).astimezone(zone).date(), zone, 30)
    period, wrong = periods.chosen(request.args, usual)
    found = levels.load(session, Sight.of(session, current()), period)
    page = render_template("monitor/levels.html", it=found, period=period, wrong=wrong, sample=measures.SAMPLE)
    return page, 422 if wrong else 200
