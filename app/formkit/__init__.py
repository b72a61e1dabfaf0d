"""Forms as documents: one file drives the page, the REST representation and the server's check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

import engine
from app.formkit.binding import Bound, as_json, bind
from app.formkit.conversion import schema_of
from app.formkit.document import Field, FieldType, FormDocument, Option, Text
from app.formkit.html import from_html, is_redraw, without_prefix
from app.formkit.parsing import FormInvalid, Problem, from_json, parse
from app.formkit.references import Choice
from app.formkit.references import add as add_reference

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

__all__ = [
    "Bound",
    "Choice",
    "Field",
    "FieldType",
    "FormDocument",
    "FormInvalid",
    "Option",
    "Problem",
    "Text",
    "add_reference",
    "as_json",
    "bind",
    "files_in",
    "from_html",
    "from_json",
    "is_redraw",
    "load",
    "parse",
    "problems_in",
    "register",
    "schema_of",
    "variables_of",
    "without_prefix",
]


def load(session: Session, definition_id: str, form_key: str) -> FormDocument:
    """The form deployed with a definition. Raises :class:`engine.DefinitionNotFound` when there is none, FormInvalid
    for a file that is no form."""
    found = _loaded(definition_id, form_key)
    if found is None:
        found = parse(engine.queries.part(session, definition_id, "form", form_key))
        _cache[definition_id, form_key] = found
        while len(_cache) > _KEPT:
            _cache.pop(next(iter(_cache)), None)
    return found


def problems_in(files: Mapping[str, bytes]) -> Iterator[tuple[str, Problem]]:
    """What is wrong with the forms (``<process>/<key>.json``) among files to deploy. Who opens the task would meet the
    mistake; before deploying it can still be corrected."""
    for file in sorted(file for file in files if file.endswith(".json") and "/" in file):
        try:
            parse(files[file])
        except FormInvalid as invalid:
            yield from ((file, problem) for problem in invalid.problems)


_KEPT = 1_000
_cache: dict[tuple[str, str], FormDocument] = {}
"""Definitions are immutable, so what was parsed once holds for ever; the oldest go first."""


def _loaded(definition_id: str, form_key: str) -> FormDocument | None:
    return _cache.get((definition_id, form_key))


def variables_of(document: FormDocument, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` (by the name they are kept under) that the form makes process variables, as JSON."""
    names = {field.key for field in document.fields if field.variable}
    return {name: as_json(value) for name, value in values.items() if name in names}


def files_in(document: FormDocument, values: Mapping[str, Any]) -> dict[str, list[int]]:
    """The files a filled-in form names, by field."""
    fields = (field for field in document.fields if field.type is FieldType.FILE)
    return {field.name: values[field.key] for field in fields if values.get(field.key)}


def register(app: Flask, registries: Registries) -> None:
    """Give templates what draws forms, and serve the options of references."""
    from app.formkit import api, views, widgets
    from app.web.api import add

    app.jinja_env.globals.update(
        formkit_widgets=widgets.draw, formkit_lines=widgets.read, formkit_errors=widgets.summary
    )
    app.register_blueprint(views.blueprint)
    add(app, api.blueprint)
