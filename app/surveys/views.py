"""Surveys: the list, a new one, how one stands."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app.accounts import queries as accounts
from app.customers import queries as customers
from app.errors import FieldErrors, NotVisible
from app.security import current, requires, signed_in
from app.surveys import labels, queries, service
from app.surveys.models import Survey
from app.web.i18n import language

blueprint = Blueprint("surveys", __name__, url_prefix="/surveys", template_folder="templates")


@blueprint.get("")
@requires("survey.manage")
def index() -> ResponseReturnValue:
    """The latest surveys."""
    return render_template("surveys/index.html", standings=queries.standings(db.session()))


@blueprint.get("/new")
@requires("survey.manage")
def new() -> ResponseReturnValue:
    """What to ask, and whom."""
    return _form({"quota": "10"}, [], {})


@blueprint.post("")
@requires("survey.manage")
def create() -> ResponseReturnValue:
    """Draw the list and start the calls."""
    classes = request.form.getlist("classes")
    try:
        survey = service.open_survey(db.session(), current().login, service.plan(request.form, classes))
    except FieldErrors as refused:
        return _form(request.form, classes, refused.errors), 422
    flash(_("The calls stand in the inboxes of customer support."), "success")
    return redirect(url_for(".show", number=survey.number), 303)


def _form(values: Any, classes: list[str], errors: Any) -> str:
    session = db.session()
    products = [(str(row.id), row.title(language())) for row in customers.products(session)]
    regions = [(region, region) for region in queries.regions(session)]
    shown = {"values": values, "classes": classes, "errors": errors, "products": products, "regions": regions}
    return render_template("surveys/new.html", **shown, most=service.MOST_ANSWERS, on_list=service.ON_LIST)


@blueprint.get("/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """How a survey stands: answers, grades, and every call."""
    session = db.session()
    survey = _visible(session, number)
    calls = queries.calls(session, survey)
    logins = {row.call.called_by or row.assignee or "" for row in calls} | {survey.opened_by}
    return render_template(
        "surveys/show.html",
        it=queries.standings(session, number)[0],
        calls=calls,
        grades=queries.grades(session, number),
        people=accounts.display_names(session, logins, language()),
        states=labels.states(),
    )


@blueprint.post("/<number>/end")
@requires("survey.manage")
def end(number: str) -> ResponseReturnValue:
    """No further call is made."""
    session = db.session()
    service.end(session, _visible(session, number), current().login)
    flash(_("The survey has ended."), "success")
    return redirect(url_for(".show", number=number), 303)


def _visible(session: Session, number: str) -> Survey:
    found = session.get(Survey, number)
    if found is None or session.scalar(queries.visible(current()).where(Survey.number == number)) is None:
        raise NotVisible
    return found
