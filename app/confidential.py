"""Variables that a form of a process keeps from the caller's groups, wherever variables are shown or handed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

import engine
from app import db, formkit
from app.security import current
from engine.tables import process_definition_part


def shown_variables(definition_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables without those that a form of the process keeps from the caller's groups."""
    hidden = hidden_names(definition_id)
    return {name: value for name, value in variables.items() if name not in hidden}


def hidden_names(definition_id: str) -> frozenset[str]:
    """The variables that a form of the process keeps from the caller's groups."""
    nodes = engine.queries.definition(db.session(), definition_id).nodes.values()
    keys = {node["form_key"] for node in nodes if node["form_key"]}
    return frozenset(name for key in sorted(keys) for name in _hidden(definition_id, key))


def variables_of(instance_id: str) -> dict[str, Any]:
    """The variables of an instance that the caller may know."""
    found = engine.queries.instance(db.session(), instance_id)
    return shown_variables(found.definition_id, found.variables)


def definitions_hiding(name: str) -> list[str]:
    """The versions of processes one of whose forms keeps ``name`` from the caller."""
    part = process_definition_part.c
    forms = db.session().execute(select(part.definition_id, part.name).where(part.kind == "form")).all()
    return sorted({row.definition_id for row in forms if name in _hidden(row.definition_id, row.name)})


def _hidden(definition_id: str, key: str) -> set[str]:
    try:
        form = formkit.load(db.session(), definition_id, key)
    except (engine.DefinitionNotFound, formkit.FormInvalid):  # a form key of somebody else's forms, or no form of ours
        return set()
    return {field.name for field in form.fields if not field.shown_to(current().groups)}
