"""Forms of Camunda 8 that lie in the process, as fields of ours."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine.spiff.dialects import fields
from engine.spiff.dialects.work import Work, camunda, take

TYPES = {
    "textfield": "text", "textarea": "longtext", "number": "decimal", "checkbox": "boolean", "select": "choice",
    "radio": "choice", "taglist": "multichoice", "checklist": "multichoice",
}  # fmt: skip
MAX_COMPONENTS = 400


def add(work: Work, node: etree._Element, schema: object) -> None:
    """A form of what ``schema`` asks for. Texts, buttons and pictures ask for nothing."""
    found: list[dict[str, Any]] = []
    for component in _components(schema):
        field = _field(work, node, component)
        if field is not None and all(field["name"] != other["name"] for other in found):
            found.append(field)
    take(node, camunda("formKey"))
    fields.add(work, node, found)


def _components(schema: object) -> list[dict[str, Any]]:
    """All components, also those in groups, in their order."""
    found: list[dict[str, Any]] = []
    waiting = [schema]
    while waiting and len(found) < MAX_COMPONENTS:
        current = waiting.pop(0)
        if not isinstance(current, dict):
            continue
        found.append(current)
        inner = current.get("components")
        if isinstance(inner, list) and current.get("type") != "dynamiclist":
            waiting[:0] = inner[:MAX_COMPONENTS]
    return found


def _field(work: Work, node: etree._Element, component: dict[str, Any]) -> dict[str, Any] | None:
    key, written = component.get("key"), component.get("type")
    if written == "datetime":
        kind = "date" if component.get("subtype", "date") == "date" else "datetime"
    else:
        kind = TYPES.get(str(written), "")
    if not isinstance(key, str) or not kind:
        if isinstance(key, str) and written not in ("default", "button", "text", "html", "image", "group", "spacer"):
            work.note("field_dropped", node, name=key[:80])
        return None
    rules = component.get("validate")
    rules = rules if isinstance(rules, dict) else {}
    label = component.get("label", "") or component.get("dateLabel", "") or key
    field = fields.make_field(work, node, key, kind, str(label), required=rules.get("required") is True)
    if field is None:
        return None
    if kind in ("choice", "multichoice"):
        values = component.get("values")
        pairs = [
            (str(item.get("value", "")), str(item.get("label", "")))
            for item in (values if isinstance(values, list) else [])
            if isinstance(item, dict)
        ]
        fields.choices(field, pairs)
    for name, bound, kinds in (
        ("minLength", "min", ("text", "longtext")), ("maxLength", "max", ("text", "longtext")),
        ("min", "min", ("decimal",)), ("max", "max", ("decimal",)),
    ):  # fmt: skip
        if isinstance(rules.get(name), int) and not isinstance(rules.get(name), bool) and kind in kinds:
            field[bound] = rules[name]
    return field
