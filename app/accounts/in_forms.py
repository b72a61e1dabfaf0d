"""Departments in forms: a form offers them by key, the company names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from app.accounts import queries
from app.formkit import Field, FormDocument, Option, Text


def with_departments(session: Session, document: FormDocument) -> FormDocument:
    """The form with the company's names in choices that offer mostly departments; values stay as they are."""
    if not any(field.options for field in document.fields):
        return document
    names: dict[str | int, Text] = {
        row.key: Text(row.name_zh, row.name_en or row.name_zh) for row in queries.departments(session)
    }
    return replace(document, fields=tuple(_named(field, names) for field in document.fields))


def _named(field: Field, names: Mapping[str | int, Text]) -> Field:
    options = field.options or ()
    if 2 * sum(option.value in names for option in options) <= len(options):
        return field
    return replace(field, options=tuple(Option(one.value, names.get(one.value, one.label)) for one in options))
