"""What the pages of absences accept; errors are :class:`FieldErrors` people can read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.absences.models import ALL
from app.errors import FieldErrors

LONGEST_REASON = 500
YEARS = range(2001, 2100)


def absence(form: MultiDict[str, str], login: str, processes: Iterable[str], zone: str) -> dict[str, Any]:
    """A new absence. Moments are local to ``zone``; a deputy for a process is only given where it differs."""
    errors: dict[str, list[Any]] = {}
    values: dict[str, Any] = {
        "login": form.get("login", "") or login,
        "from_at": _moment(form.get("from", ""), "from", zone, errors),
        "to_at": _moment(form.get("to", ""), "to", zone, errors),
        "reason": form.get("reason", "").strip()[:LONGEST_REASON],
        "give_back": form.get("give_back") == "1",
        "deputies": _deputies(form, processes),
    }
    if errors:
        raise FieldErrors(errors)
    return values


def _deputies(form: MultiDict[str, str], processes: Iterable[str]) -> dict[str, str]:
    named = {key: form.get(f"deputy_{key}", "").strip() for key in processes} | {ALL: form.get("deputy", "").strip()}
    return {key: who for key, who in named.items() if who}


def _moment(text: str, name: str, zone: str, errors: dict[str, list[Any]]) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        errors[name] = [_("Write a date and a time.") if text.strip() else _("Please fill this in.")]
        return None
    if found.year not in YEARS:
        errors[name] = [_("Write a date and a time.")]
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
