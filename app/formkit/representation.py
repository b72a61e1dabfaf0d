"""The document as JSON for REST clients: exactly the agreed keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.formkit.binding import as_json
from app.formkit.document import Field, FieldType, FormDocument


def represent(document: FormDocument, values: Mapping[str, Any]) -> dict[str, Any]:
    """``{"key", "title", "fields"}`` of a form that is already made for the person who reads it."""
    return {
        "key": document.key,
        "title": document.title.as_json(),
        "fields": [_field(field, value_of(field, values)) for field in document.fields],
    }


def value_of(field: Field, values: Mapping[str, Any]) -> Any:
    """What the field starts with: the given value, else the document's own."""
    value = values.get(field.name)
    if value is None and field.stores:
        stored = values.get(field.stores)
        fitting = stored is None or field.options is None or stored in [option.value for option in field.options]
        value = stored if fitting else None
    return field.value if value is None else value


def _field(field: Field, value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "type": field.type.value,
        "label": field.label.as_json(),
        "help": field.help.as_json() if field.help else None,
        "required": field.required,
        "readonly": field.readonly,
        "value": _value(value),
        "options": [option.as_json() for option in field.options] if field.options is not None else None,
        "min": as_json(field.minimum),
        "max": as_json(field.maximum),
        "fields": [_field(column, column.value) for column in field.fields] if field.fields is not None else None,
        "visible_if": field.visible_if,
    }
    if field.type is FieldType.REFERENCE:
        found["options_url"] = field.options_url
    return found


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else as_json(value)
