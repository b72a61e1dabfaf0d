"""From a posted HTML form to the payload that binding takes; and the rows people add or remove without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from app.formkit.document import Field, FieldType, FormDocument

ROWS_BUTTON = "_rows"
REFRESH_BUTTON = "_refresh"
MAX_ROWS = 500
_ACTION = re.compile(r"(add|remove):([A-Za-z][A-Za-z0-9_]*)(?::(\d{1,4}))?")


def from_html(document: FormDocument, form: MultiDict[str, str], *, keep_empty_rows: bool = False) -> dict[str, Any]:
    """The payload in a posted form. A field that was on the page and left empty is None; one that was not is absent.

    Rows without any value are dropped unless ``keep_empty_rows`` (the page is drawn again). The buttons for rows
    are obeyed.
    """
    payload: dict[str, Any] = {}
    for field in document.fields:
        if field.type is FieldType.ROWS:
            if f"{field.name}-shown" in form or any(key.startswith(f"{field.name}-") for key in form):
                payload[field.name] = _rows(field, form, keep_empty_rows)
        elif field.name in form or f"{field.name}-shown" in form:
            payload[field.name] = _value(field, form, field.name)
    return payload


def is_redraw(form: Mapping[str, str]) -> bool:
    """True when a button asks for the form again (a row more or less, the fields that follow) instead of sending it."""
    return ROWS_BUTTON in form or REFRESH_BUTTON in form


def without_prefix(form: MultiDict[str, str], prefix: str) -> MultiDict[str, str]:
    """What was posted of the form whose fields were drawn with ``prefix`` (:func:`app.formkit.widgets.renamed`)."""
    found = MultiDict[str, str]()
    for name, value in form.items(multi=True):
        if name.startswith(prefix):
            found.add(name.removeprefix(prefix), value)
        elif name in (ROWS_BUTTON, REFRESH_BUTTON):
            action, colon, rest = value.partition(":")
            found.add(name, f"{action}{colon}{rest.removeprefix(prefix)}")
    return found


def _value(field: Field, form: MultiDict[str, str], name: str) -> Any:
    if field.type is FieldType.BOOLEAN:
        return form.get(name, "") not in ("", "false", "0")
    if field.type is FieldType.MULTICHOICE:
        chosen = [value for value in form.getlist(name) if value]
        first = form.get(f"{name}-first", "")
        if field.ordered and first in chosen:
            chosen = [first, *(value for value in chosen if value != first)]
        return chosen
    if field.type is FieldType.FILE:
        without = set(form.getlist(f"{name}-without"))
        return [value for value in form.getlist(name) if value and value not in without]
    value = form.get(name, "")
    return value if value.strip() else None


def _rows(field: Field, form: MultiDict[str, str], keep_empty: bool) -> list[dict[str, Any]]:
    pattern = re.compile(rf"{re.escape(field.name)}-(\d{{1,9}})-([A-Za-z][A-Za-z0-9_]*)")
    columns = {column.name: column for column in field.fields or ()}
    found: dict[int, dict[str, Any]] = {}
    for key in form:
        match = pattern.fullmatch(key)
        if match is None or match[2].removesuffix("-shown") not in columns:
            continue
        row = found.setdefault(int(match[1]), {})
        row[match[2]] = _value(columns[match[2]], form, key)
    rows = [found[index] for index in sorted(found)][:MAX_ROWS]
    changed = _changed(field, rows, form.get(ROWS_BUTTON, ""))
    return changed if keep_empty else [row for row in changed if _filled(row, columns)]


def _filled(row: Mapping[str, Any], columns: Mapping[str, Field]) -> bool:
    """A row counts when somebody gave it a value other than the one it started with."""
    return any(value not in (None, False, "") and str(value) != str(columns[name].value) for name, value in row.items())


def _changed(field: Field, rows: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    match = _ACTION.fullmatch(action)
    if match is None or match[2] != field.name:
        return rows
    if match[1] == "add":
        return [*rows, {}]
    return [row for index, row in enumerate(rows) if index != int(match[3] or -1)]
