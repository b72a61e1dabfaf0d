"""Pages of absences: the own ones and those of the people below, a new one, calling one off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import db
from app.absences import queries, schemas, service
from app.absences.models import ALL
from app.accounts import queries as accounts
from app.errors import FieldErrors
from app.security import current, requires
from app.web import navigation
from app.web.i18n import language

blueprint = Blueprint("absences", "app.absences", template_folder="templates")

Errors = Mapping[str, Sequence[Any]]


def install(app: Flask) -> None:
    """Register the pages and the menu item."""
    from app.absences import handover_views

    assert handover_views
    app.register_blueprint(blueprint)
    navigation.add(navigation.Item("absences.index", _l("Absence"), "beach", "task.work", 62), app)


@blueprint.get("/absences")
@requires("task.work")
def index() -> ResponseReturnValue:
    """Who of those I may speak for is away, and for whom I stand in."""
    session, me = db.session(), current().login
    people = {me, *accounts.reports_of(session, me)}
    mine = queries.absences_of(session, people)
    others = queries.standing_in(session, me)
    return render_template("absences/index.html", **_words(session, [*mine, *others]), mine=mine, others=others)


@blueprint.get("/absences/new")
@requires("task.work")
def new() -> ResponseReturnValue:
    """The form of a new absence."""
    return _form({})


@blueprint.post("/absences")
@requires("task.work")
def create() -> ResponseReturnValue:
    """Enter an absence; refused values come back at their fields."""
    session, principal = db.session(), current()
    processes = queries.process_names(session, language())
    try:
        values = schemas.absence(request.form, principal.login, processes, engine.runtime(session).zone)
        with session.begin_nested():
            service.enter(session, principal, values)
    except FieldErrors as refused:
        return _form(refused.errors), 422
    flash(_("The absence is entered. Tasks go to whoever stands in from its beginning."), "success")
    return redirect(url_for("absences.index"), 303)


@blueprint.post("/absences/<int:absence_id>/end")
@requires("task.work")
def end(absence_id: int) -> ResponseReturnValue:
    """Call a planned absence off, or end the one under way now."""
    service.call_off(db.session(), current(), absence_id)
    flash(_("The absence is over. What nobody has begun comes back, if that was wanted."), "success")
    return redirect(url_for("absences.index"), 303)


def _form(errors: Errors) -> str:
    session, me = db.session(), current().login
    below = _below(session, me)
    everybody = [(row.login, row.shown(language())) for row in accounts.users(session)]
    return render_template(
        "absences/new.html",
        errors=errors,
        values=request.form,
        posted=request.method == "POST",
        me=me,
        people=[one for one in everybody if one[0] == me or one[0] in below or current().is_admin],
        everybody=everybody,
        processes=queries.process_names(session, language()),
    )


def _below(session: Session, login: str) -> set[str]:
    """Everybody who reports to the person, directly or not."""
    found: set[str] = set()
    waiting = [login]
    while waiting:
        new_ones = set(accounts.reports_of(session, waiting.pop())) - found
        found |= new_ones
        waiting.extend(new_ones)
    return found - {login}


def _words(session: Session, rows: Sequence[queries.AbsenceRow]) -> dict[str, Any]:
    """Names, and for each absence who gets tasks at present and why."""
    now, processes = engine.now(session), queries.process_names(session, language())
    logins = {login for row in rows for login in (row.login, *row.deputies.values())}
    chosen = {row.id: _chosen(session, row, processes) for row in rows if row.state(now) == "current"}
    logins |= {who for lines in chosen.values() for _key, one in lines for who in (one.login or "", *one.asked)}
    return {
        "names": accounts.display_names(session, logins, language()),
        "processes": processes,
        "states_of": {row.id: row.state(now) for row in rows},
        "chosen": chosen,
        "all": ALL,
    }


def _chosen(
    session: Session, row: queries.AbsenceRow, processes: Mapping[str, str]
) -> list[tuple[str, queries.Choice]]:
    """By process, who gets the tasks, where that is not simply the named deputy."""
    found, now = [], engine.now(session)
    for key in processes:
        choice = queries.choose(session, key, row.login, (), now) if row.covers(key) else None
        if choice is not None and choice.login != row.covers(key):
            found.append((key, choice))
    return found
