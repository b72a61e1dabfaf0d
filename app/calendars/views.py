"""Pages of working calendars: the list, a year, one day, the hours of the week."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

import engine
from app import db
from app.accounts import queries as accounts
from app.calendars import hours, queries, recomputing, schemas, service, year
from app.errors import FieldErrors, NotVisible
from app.security import current, requires
from app.web import i18n, navigation

blueprint = Blueprint("calendars", "app.calendars", template_folder="templates")

Errors = Mapping[str, Sequence[Any]]


def install(app: Flask) -> None:
    """Register the pages and the menu item."""
    app.register_blueprint(blueprint)
    navigation.add(
        navigation.Item(
            "calendars.index", _l("Working calendars"), "calendar", "calendar.manage", 810, group=_l("Administration")
        ),
        app,
    )


@blueprint.get("/calendars")
@requires("calendar.manage")
def index() -> ResponseReturnValue:
    """All calendars and who works by them."""
    return _index({})


@blueprint.post("/calendars")
@requires("calendar.manage")
def create() -> ResponseReturnValue:
    """Add a calendar with office hours, to be changed then."""

    def change() -> str:
        values = schemas.new_calendar(request.form)
        service.create(db.session(), current().login, **values)
        return url_for("calendars.week", key=values["key"])

    return _saved(change, _index)


@blueprint.get("/calendars/<key>")
@requires("calendar.manage")
def show(key: str) -> ResponseReturnValue:
    """One year of a calendar, month by month."""
    session, row = db.session(), _known(key)
    shown = _year(request.args.get("year", ""), engine.now(session).year)
    return render_template(
        "calendars/year.html",
        row=row,
        year=shown,
        months=year.months(session, row, shown, i18n.language()),
        weekdays=year.weekday_names(i18n.language()),
        days=queries.days(session, key, shown),
        estimated=queries.is_estimated(session, key, shown),
        first=service.FIRST_YEAR,
        last=service.LAST_YEAR,
    )


@blueprint.post("/calendars/<key>/years/<int:number>/reload")
@requires("calendar.manage")
def reload_year(key: str, number: int) -> ResponseReturnValue:
    """Take the public holidays of a year from the package again."""
    if not service.FIRST_YEAR <= number <= service.LAST_YEAR:
        raise NotVisible
    service.reload_year(db.session(), current().login, key, number)
    flash(str(_l("The public holidays of %(year)s are loaded.", year=number)), "success")
    return redirect(_after_change(), 303)


@blueprint.get("/calendars/<key>/days/<text>")
@requires("calendar.manage")
def day(key: str, text: str) -> ResponseReturnValue:
    """One date of a calendar."""
    return _day_page(key, _date(text), {})


@blueprint.post("/calendars/<key>/days/<text>")
@requires("calendar.manage")
def save_day(key: str, text: str) -> ResponseReturnValue:
    """Say what a date is."""
    at = _date(text)

    def change() -> str:
        values = schemas.day(request.form)
        if values is None:
            service.forget_day(db.session(), current().login, key, at)
        else:
            service.save_day(db.session(), current().login, key, at, **values)
        return _after_change()

    return _saved(change, lambda errors: _day_page(key, at, errors))


@blueprint.get("/calendars/<key>/week")
@requires("calendar.manage")
def week(key: str) -> ResponseReturnValue:
    """The hours of an ordinary week and the groups of a calendar."""
    return _week_page(key, {})


@blueprint.post("/calendars/<key>/week")
@requires("calendar.manage")
def save_week(key: str) -> ResponseReturnValue:
    """Set the hours of an ordinary week and the groups."""

    def change() -> str:
        service.save_week(db.session(), current().login, key, schemas.week(request.form), schemas.groups(request.form))
        return _after_change()

    return _saved(change, lambda errors: _week_page(key, errors))


@blueprint.get("/calendars/recomputations/<int:number>")
@requires("calendar.manage")
def recomputation(number: int) -> ResponseReturnValue:
    """How far the deadlines that a change concerns are computed again, and which moved."""
    return _recomputation(number, "calendars/recomputation.html")


@blueprint.get("/calendars/recomputations/<int:number>/progress")
@requires("calendar.manage")
def recomputation_progress(number: int) -> ResponseReturnValue:
    """The same, for the page that refreshes itself."""
    return _recomputation(number, "calendars/_recomputation.html")


def _recomputation(number: int, template: str) -> str:
    session, language = db.session(), i18n.language()
    found = recomputing.progress(session, number)
    if found is None:
        raise NotVisible
    return render_template(
        template,
        found=found,
        row=queries.calendar(session, found.calendar_key),
        moved=recomputing.moved_by(session, number),
        steps=recomputing.step_names(session, number, language),
        who=accounts.display_names(session, [found.actor], language)[found.actor],
    )


def _saved(change: Callable[[], str], page: Callable[[Errors], str]) -> ResponseReturnValue:
    """Run ``change``; a refused form is shown again as typed, and what was written before the refusal is undone."""
    try:
        with db.session().begin_nested():
            target = change()
    except FieldErrors as refused:
        return page(refused.errors), 422
    flash(str(_l("Saved.")), "success")
    return redirect(target, 303)


def _after_change() -> str:
    """The page that shows how far the deadlines are computed again."""
    return url_for("calendars.recomputation", number=recomputing.latest(db.session(), 1)[0].id)


def _known(key: str) -> queries.CalendarRow:
    row = queries.calendar(db.session(), key)
    if row is None:
        raise NotVisible
    return row


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise NotVisible from None
    if not service.FIRST_YEAR <= found.year <= service.LAST_YEAR:
        raise NotVisible
    return found


def _year(text: str, default: int) -> int:
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else default
    return min(max(wanted, service.FIRST_YEAR), service.LAST_YEAR)


def _index(errors: Errors) -> str:
    session, language = db.session(), i18n.language()
    found = queries.calendars(session)
    titles = accounts.group_titles(session, [name for row in found for name in row.groups], language)
    return render_template(
        "calendars/index.html",
        calendars=found,
        titles=titles,
        errors=errors,
        office=queries.OFFICE,
        weekdays=year.weekday_names(language, "wide"),
        write=hours.write,
        recomputations=recomputing.latest(session),
        calendar_names={row.key: row.name(language) for row in found},
    )


def _day_page(key: str, at: date, errors: Errors) -> str:
    row = _known(key)
    special = next((found for found in queries.days(db.session(), key, at.year) if found.date == at), None)
    own = special.hours if special else None
    kept = {
        "kind": ("working" if special.working else "rest") if special else "ordinary",
        "hours": hours.write(own) if own is not None else "",
        "name_zh": special.name_zh if special else "",
        "name_en": special.name_en if special else "",
    }
    typed = {name: request.form.get(name, value) for name, value in kept.items()} if request.method == "POST" else kept
    ordinary = hours.write(queries.ordinary_hours(row.week))
    weekday = hours.write(row.week[at.weekday()])
    return render_template(
        "calendars/day.html",
        row=row,
        at=at,
        special=special,
        values=typed,
        errors=errors,
        ordinary=ordinary,
        weekday=weekday,
    )


def _week_page(key: str, errors: Errors) -> str:
    row, session = _known(key), db.session()
    posted = request.method == "POST"
    kept = {name: hours.write(day) for name, day in zip(schemas.WEEKDAYS, row.week, strict=True)}
    return render_template(
        "calendars/week.html",
        row=row,
        values={name: request.form.get(name, value) if posted else value for name, value in kept.items()},
        weekdays=year.weekday_names(i18n.language(), "wide"),
        groups=accounts.groups(session),
        chosen=set(request.form.getlist("groups")) if posted else set(row.groups),
        errors=errors,
        office=queries.OFFICE,
    )
