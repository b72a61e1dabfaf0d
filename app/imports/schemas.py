"""What the pages send: the rules of a mapping as form fields, and the file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.imports.mapping import MAX_VALUES, ColumnMapping, MappingRefused, Rule, Source, parse
from app.imports.targets import TargetField
from app.web.api import check_json

SOURCES = 2
"""A field may come from one column and, where that says nothing, from a second one."""

ARROW = "="


def mapping_from_form(
    target: str, fields: Sequence[TargetField], header: Sequence[str], form: Mapping[str, str]
) -> ColumnMapping:
    """The rules somebody filled in. Raises MappingRefused."""
    form = {name: value.replace("\x00", "") for name, value in form.items()}
    rules = {field.name: rule for field in fields if (rule := _rule(field.name, header, form)) is not None}
    if not rules:
        raise MappingRefused("no_fields")
    return ColumnMapping(target=target, fields=rules, header=tuple(header))


def _rule(name: str, header: Sequence[str], form: Mapping[str, str]) -> Rule | None:
    constant = form.get(f"{name}-constant", "").strip()
    if constant:
        return Rule(constant=constant)
    sources = []
    for number in range(SOURCES):
        column = form.get(f"{name}-{number}-column", "")
        if not column:
            continue
        if column not in header:
            raise MappingRefused("unknown_column", name=column[:80])
        sources.append(Source(column, values_from_text(form.get(f"{name}-{number}-values", ""), name)))
    if not sources:
        return None
    return Rule(
        sources=tuple(sources),
        otherwise=form.get(f"{name}-otherwise", "").strip() or None,
        format=form.get(f"{name}-format", "").strip() or None,
    )


def values_from_text(text: str, place: str) -> dict[str, str] | None:
    """``Web = web``, one pair a line; None when there is none. The last sign of equality divides."""
    values = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        left, sign, right = line.rpartition(ARROW)
        if not sign or not left.strip() or not right.strip():
            raise MappingRefused("bad_place", place=f"{place}: {line.strip()[:80]}")
        values[left.strip()] = right.strip()
    if len(values) > MAX_VALUES:
        raise MappingRefused("bad_place", place=place)
    return values or None


def values_as_text(values: Mapping[str, str] | None) -> str:
    """The pairs, one a line, for editing."""
    return "\n".join(f"{left} {ARROW} {right}" for left, right in (values or {}).items())


def mapping_from_json(data: bytes, target: str, fields: Sequence[TargetField]) -> ColumnMapping:
    """A mapping document as it is shipped and downloaded. Raises MappingRefused."""
    try:
        document: Any = json.loads(data)
        check_json(document)  # zero bytes and half characters, which the database refuses
    except (ValueError, RecursionError) as error:
        raise MappingRefused("not_json") from error
    mapping = parse(document)
    if mapping.target != target:
        raise MappingRefused("unknown_target", target=mapping.target[:80])
    known = {field.name for field in fields}
    for name in mapping.fields:
        if name not in known:
            raise MappingRefused("unknown_field", name=name[:80])
    return mapping
