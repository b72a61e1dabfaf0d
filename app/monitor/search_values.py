"""Search variables in the reader's words: what they are called, what kind they are and what their values mean.

A variable is named by the field of a form that sets it, else by ``variables`` in the deployed translation, else by
itself: ``"variables": {"horizon": {"zh": …, "en": …, "values": {"now": {"zh": …, "en": …}}}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.formkit.document import NUMBERS, WITH_OPTIONS, Field, FieldType
from app.web.i18n import language

finding = engine.queries.finding
MOST_VALUES = 60
"""A variable with more values is not offered as a choice."""


@dataclass(frozen=True, slots=True)
class SearchVariable:
    """A declared variable. ``kind``: choice, numbers, dates or text. ``values``: what its values are called."""

    name: str
    label: str
    kind: str
    values: Mapping[str, str] = field(default_factory=dict)

    def shown(self, text: str) -> str:
        """A value as people read it."""
        return self.values.get(text, text)


def of_process(session: Session, versions: Iterable[engine.queries.finding.VersionRow]) -> list[SearchVariable]:
    """What these versions of a process declare, each variable once, as the newest version words it."""
    found: dict[str, SearchVariable] = {}
    for version in versions:
        missing = [name for name in version.search_variables if name not in found]
        if missing:
            fields, words = _fields(session, version.id), _words(session, version.id)
            found |= {name: _variable(session, name, fields.get(name), words.get(name, {})) for name in missing}
    return list(found.values())


def _variable(session: Session, name: str, spec: Field | None, words: Mapping[str, Any]) -> SearchVariable:
    label = spec.label.in_language(language()) if spec else _said(words) or name
    if spec is not None and spec.type in WITH_OPTIONS and spec.options:
        values = {str(option.value): option.label.in_language(language()) for option in spec.options}
        return SearchVariable(name, label, "choice", values)
    if spec is not None and spec.type == FieldType.DATE:
        return SearchVariable(name, label, "dates")
    if (spec is not None and spec.type in NUMBERS) or finding.has_numbers(session, name):
        return SearchVariable(name, label, "numbers")
    given = {str(value): _said(said) or str(value) for value, said in words.get("values", {}).items()}
    if given:
        return SearchVariable(name, label, "choice", given)
    texts = finding.texts_of(session, name, MOST_VALUES + 1)
    if len(texts) > MOST_VALUES:
        return SearchVariable(name, label, "text")
    return SearchVariable(name, label, "choice", _meanings(session, texts))


def _meanings(session: Session, texts: list[str]) -> dict[str, str]:
    """Values that are groups, people, yes or no have names."""
    answers = {"true": str(_("Yes")), "false": str(_("No"))}
    groups = accounts.group_titles(session, texts, language())
    rest = [text for text in texts if groups.get(text, text) == text]
    people = accounts.display_names(session, rest, language())
    return {text: answers.get(text) or (people | groups).get(text) or text for text in texts}


def _fields(session: Session, definition_id: str) -> dict[str, Field]:
    """Fields of the version's forms that set a variable, by the variable's name."""
    nodes = engine.queries.definition(session, definition_id).nodes.values()
    found: dict[str, Field] = {}
    for key in dict.fromkeys(node["form_key"] for node in nodes if node["form_key"]):
        try:
            form = formkit.load(session, definition_id, key)
        except (engine.DefinitionNotFound, formkit.FormInvalid):  # a form of somebody else's, or none
            continue
        found |= {spec.key: spec for spec in form.fields if spec.variable and spec.key not in found}
    return found


def _words(session: Session, definition_id: str) -> Mapping[str, Any]:
    try:
        document = json.loads(engine.queries.part(session, definition_id, "translation", "en"))
    except engine.DefinitionNotFound:
        return {}
    words = document.get("variables", {})
    return {name: said for name, said in words.items() if isinstance(said, dict)} if isinstance(words, dict) else {}


def _said(words: Any) -> str:
    text = words.get(language()) if isinstance(words, dict) else None
    return text if isinstance(text, str) else ""
