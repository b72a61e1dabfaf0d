"""What an operator types: variables with their types, a moment, two steps, a reason. Nothing typed is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.errors import FieldErrors
from app.monitor.repair.orders import MOMENT, PLACES, VARIABLES, Order, Wanted

TEXT, NUMBER, YES, NO, NOTHING, JSON = "text", "number", "yes", "no", "nothing", "json"
KINDS = (TEXT, NUMBER, YES, NO, NOTHING, JSON)
BLANK_ROWS = 3
MOST_ROWS = 300
LONGEST_REASON = 500
LONGEST_VALUE = 100_000
LARGEST = 2**53
DEEPEST = 40
FIXED = {YES: True, NO: False, NOTHING: None}
UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1)}
FURTHEST = timedelta(days=3660)
_ROW = re.compile(r"name-(\d{1,3})")


@dataclass(frozen=True, slots=True)
class VariableRow:
    """One line of the editor. ``known``: the instance has it; its name can't be changed, but it can be removed."""

    number: int
    name: str = ""
    kind: str = TEXT
    text: str = ""
    known: bool = False
    removed: bool = False


def rows_of(variables: Mapping[str, Any]) -> list[VariableRow]:
    """The editor of an instance with these variables by name, with some blank lines."""
    given = enumerate(sorted(variables.items()))
    found = [VariableRow(number, name, *_shown(value), known=True) for number, (name, value) in given]
    return found + [VariableRow(len(found) + blank) for blank in range(BLANK_ROWS)]


def _shown(value: Any) -> tuple[str, str]:
    if value is None or isinstance(value, bool):
        return {True: YES, False: NO, None: NOTHING}[value], ""
    if isinstance(value, str):
        return TEXT, value
    if isinstance(value, (int, float)):
        return NUMBER, json.dumps(value)
    return JSON, json.dumps(value, ensure_ascii=False, indent=1)


def typed_rows(form: MultiDict[str, str], known: Iterable[str]) -> list[VariableRow]:
    """The editor as it was sent."""
    names, numbers = set(known), {int(found[1]) for key in form if (found := _ROW.fullmatch(key))}
    return [
        VariableRow(
            number,
            name := _text(form, f"name-{number}").strip(),
            form.get(f"kind-{number}", TEXT) if form.get(f"kind-{number}") in KINDS else TEXT,
            _text(form, f"value-{number}"),
            known=name in names,
            removed=name in names and f"remove-{number}" in form,
        )
        for number in sorted(numbers)[:MOST_ROWS]
    ]


def _text(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").replace("\x00", "")


def read(
    order: Order, form: MultiDict[str, str], current: Mapping[str, Any], hidden: frozenset[str], zone: ZoneInfo
) -> Wanted:
    """What is wanted. ``current``: the variables there are, so that only what was changed is set. ``hidden``: names
    of variables that this person may not know. Raises ``FieldErrors``."""
    errors: dict[str, list[Any]] = {}
    given: dict[str, Any] = {"reason": _text(form, "reason").strip()}
    if not given["reason"]:
        errors["reason"] = [_("Say why.")]
    elif len(given["reason"]) > LONGEST_REASON:
        errors["reason"] = [_("At most %(count)s characters.", count=LONGEST_REASON)]
    if order.asks == VARIABLES:
        given |= _variables(order, typed_rows(form, current), current, hidden, errors)
    elif order.asks == PLACES:
        given |= _places(form, errors)
    elif order.asks == MOMENT:
        given |= _moment(form, zone, errors)
    if errors:
        raise FieldErrors(errors)
    return Wanted(**given)


def _variables(
    order: Order,
    rows: list[VariableRow],
    current: Mapping[str, Any],
    hidden: frozenset[str],
    errors: dict[str, list[Any]],
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for row in rows:
        if row.removed or not (row.name or row.text.strip()):
            continue
        try:
            if not row.name or len(row.name) > 100:
                raise ValueError(_("Give the variable a name of at most 100 characters."))
            if row.name in hidden:
                raise ValueError(_("This variable is confidential: a form keeps it from your groups."))
            value = value_of(row)
        except ValueError as wrong:
            errors[f"value-{row.number}"] = [f"{row.name}: {wrong}" if row.name else str(wrong)]
            continue
        if row.name not in current or not _same(current[row.name], value):
            changes[row.name] = value
    removals = frozenset(row.name for row in rows if row.removed)
    if not (order.optional or changes or removals or errors):
        errors["variables"] = [_("Nothing was changed.")]
    return {"variables": changes, "removals": removals}


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def value_of(row: VariableRow) -> Any:
    """The value that was typed. Raises ValueError with words for people."""
    if row.kind in FIXED:
        return FIXED[row.kind]
    if len(row.text) > LONGEST_VALUE:
        raise ValueError(_("At most %(count)s characters.", count=LONGEST_VALUE))
    if row.kind == TEXT:
        return row.text
    try:
        found = json.loads(row.text, parse_constant=_refuse, parse_int=_whole, parse_float=_real)
    except (ValueError, RecursionError):
        found = ...
    if row.kind == NUMBER and (isinstance(found, bool) or not isinstance(found, (int, float))):
        raise ValueError(_("This is not a number. Write it like 12 or 12.5."))
    if found is ... or _depth(found) > DEEPEST:
        raise ValueError(_("This is not JSON. Texts stand in double quotes, lists in [ ], objects in { }."))
    return found


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _whole(text: str) -> int:
    """An integer every reader keeps exactly. Raises ValueError."""
    number = int(text) if len(text) < 20 else LARGEST + 1
    if abs(number) > LARGEST:
        raise ValueError(text)
    return number


def _real(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _places(form: MultiDict[str, str], errors: dict[str, list[Any]]) -> dict[str, Any]:
    source, target = (_text(form, name)[:200] for name in ("source", "target"))
    if not source and not target:
        errors["target"] = [_("Choose at least one of the two steps.")]
    elif source == target:
        errors["target"] = [_("Choose two different steps.")]
    return {"source": source, "target": target}


def _moment(form: MultiDict[str, str], zone: ZoneInfo, errors: dict[str, list[Any]]) -> dict[str, Any]:
    how = form.get("how", "at")
    if how == "now":
        return {}
    if how == "shift":
        return _shift(form, errors)
    try:
        local = datetime.fromisoformat(_text(form, "due_at")[:32])
        moment = (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
        if not 2000 <= moment.year < 2200:
            raise ValueError(moment)
    except (ValueError, OverflowError):
        errors["due_at"] = [_("Give day and time like 2026-11-30 09:00.")]
        return {}
    return {"due_at": moment}


def _shift(form: MultiDict[str, str], errors: dict[str, list[Any]]) -> dict[str, Any]:
    text, unit = _text(form, "amount").strip(), UNITS.get(form.get("unit", ""), UNITS["days"])
    try:
        shift = int(text[:6]) * unit
    except ValueError:
        shift = timedelta()
    if not shift or abs(shift) > FURTHEST:
        errors["amount"] = [_("Give a whole number, for example 3 or -1, of at most ten years.")]
        return {}
    return {"shift": shift}
