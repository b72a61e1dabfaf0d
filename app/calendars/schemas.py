"""What the calendar pages accept. Errors are :class:`FieldErrors` in the reader's language."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from app.calendars import hours
from app.errors import FieldErrors

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = ("ordinary", "working", "rest")
KEY = re.compile(r"[a-z][a-z0-9_]{1,55}")
LONGEST_NAME = 100

BAD_HOURS = _l("Write hours like 09:00-12:00, 13:00-18:00, in order.")
REQUIRED = _l("Please fill this in.")


def new_calendar(posted: MultiDict[str, str]) -> dict[str, str]:
    """Key and names of a new calendar."""
    values = {name: posted.get(name, "").strip() for name in ("key", "name_zh", "name_en")}
    errors: dict[str, list[Any]] = {name: [REQUIRED] for name, value in values.items() if not value}
    if values["key"] and not KEY.fullmatch(values["key"]):
        errors["key"] = [_l("Small letters, digits and underscores, a letter first.")]
    _check_names(values, errors)
    return values


def week(posted: MultiDict[str, str]) -> list[hours.Stored]:
    """The hours of the seven days, Monday first; an empty field is a day without work."""
    found: list[hours.Stored] = []
    errors: dict[str, list[Any]] = {}
    for name in WEEKDAYS:
        try:
            found.append(hours.parse(posted.get(name, "")))
        except hours.BadHours:
            errors[name] = [BAD_HOURS]
    if errors:
        raise FieldErrors(errors)
    return found


def groups(posted: MultiDict[str, str]) -> list[str]:
    """The ticked groups."""
    return [name for name in posted.getlist("groups") if name.isprintable()]


def day(posted: MultiDict[str, str]) -> dict[str, Any] | None:
    """What a date shall be: keyword arguments of ``service.save_day``; None when it shall be as if nobody edited it."""
    kind = posted.get("kind", "")
    errors: dict[str, list[Any]] = {} if kind in KINDS else {"kind": [_l("Please choose one.")]}
    names = {name: posted.get(name, "").strip() for name in ("name_zh", "name_en")}
    own: hours.Stored | None = None
    try:
        own = hours.parse(posted.get("hours", "")) or None if kind == "working" else None
    except hours.BadHours:
        errors["hours"] = [BAD_HOURS]
    _check_names(names, errors)
    return None if kind == "ordinary" else {"working": kind == "working", "own_hours": own, **names}


def _check_names(values: dict[str, str], errors: dict[str, list[Any]]) -> None:
    for name in ("name_zh", "name_en"):
        if not values[name].isprintable():
            errors[name] = [_l("This is not valid.")]
        elif len(values[name]) > LONGEST_NAME:
            errors[name] = [_l("At most %(count)s characters.", count=LONGEST_NAME)]
    if errors:
        raise FieldErrors(errors)
