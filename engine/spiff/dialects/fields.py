"""Form fields that lie in the diagram, as a form document of ours: made when no form of that key is deployed."""

from __future__ import annotations

import json
import re
from typing import Any

from lxml import etree

from engine.spiff.dialects.choices import form_key
from engine.spiff.dialects.work import Work, camunda, drop, extension, is_expression, local_of, take

TYPES = {
    "string": "text", "text": "longtext", "multiline-text": "longtext", "long": "integer", "integer": "integer",
    "int": "integer", "double": "decimal", "decimal": "decimal", "float": "decimal", "number": "decimal",
    "boolean": "boolean", "date": "date", "datetime": "datetime", "enum": "choice", "dropdown": "choice",
    "radio-buttons": "choice", "upload": "file",
}  # fmt: skip
BOUNDS = {"min": "min", "max": "max", "minlength": "min", "maxlength": "max"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
MAX_FIELDS = 200


def translate(work: Work) -> None:
    """Every node with ``camunda:formData``; what Flowable and Activiti write has become that before."""
    for node in work.nodes():
        form = extension(node, "formData")
        if form is None or local_of(node) not in ("userTask", "startEvent"):
            continue
        drop(form)
        fields: list[dict[str, Any]] = []
        for element in form.findall(camunda("formField"))[:MAX_FIELDS]:
            field = _field(work, node, element)
            if field is not None and all(field["name"] != other["name"] for other in fields):
                fields.append(field)
        add(work, node, fields)
        reference = take(node, camunda("formRef"))
        if reference:
            work.note("attribute_translated", node, attribute="formRef", value=reference[:80])
    for node in work.nodes():
        reference = take(node, camunda("formRef"))
        if reference and node.get(camunda("formKey")) is None:
            node.set(camunda("formKey"), reference)
            work.note("attribute_translated", node, attribute="formRef", value=reference[:80])


def add(work: Work, node: etree._Element, fields: list[dict[str, Any]]) -> None:
    """A form of these fields for the node."""
    if not fields:
        return
    key = node.get(camunda("formKey"), "")
    if not key or is_expression(key) or ":" in key:
        key = form_key(node)
        node.set(camunda("formKey"), key)
    title = node.get("name", "") or node.get("id", "")
    document = {"key": form_key(node), "title": both(title), "fields": fields[:MAX_FIELDS]}
    work.forms[key] = json.dumps(document, ensure_ascii=False).encode()
    work.note("form_made", node, form_key=key, count=len(fields[:MAX_FIELDS]))


def both(text: str) -> dict[str, str]:
    """A text nobody has translated."""
    return {"zh": text, "en": text}


def make_field(
    work: Work, node: etree._Element, name: str, kind: str, label: str, *, required: bool = False
) -> dict[str, Any] | None:
    """A field whose value becomes a variable of its name; None if no variable can be called that."""
    if not NAME.fullmatch(name):
        work.note("field_dropped", node, name=name[:80] or "?")
        return None
    field: dict[str, Any] = {"name": name, "type": kind, "label": both(label or name), "variable": True}
    if required:
        field["required"] = True
    return field


def choices(field: dict[str, Any], values: list[tuple[str, str]]) -> None:
    """The values to choose from; without any the field is a text."""
    options = {value: label for value, label in values if value}
    if options:
        field["options"] = [{"value": value, "label": both(label or value)} for value, label in options.items()]
    else:
        field["type"] = "text"


def _field(work: Work, node: etree._Element, element: etree._Element) -> dict[str, Any] | None:
    written = element.get("type", "string").lower()
    kind = TYPES.get(written, "text")
    if written not in TYPES:
        work.note("field_type", node, name=element.get("id", "?"), type=written)
    label = element.get("label", "") or element.get("id", "")
    field = make_field(work, node, element.get("id", ""), kind, label if not is_expression(label) else "")
    if field is None:
        return None
    if kind == "choice":
        values = element.findall(camunda("value"))
        choices(field, [(value.get("id", ""), value.get("name", "")) for value in values])
    rules = element.find(camunda("validation"))
    for rule in rules if rules is not None else ():
        _rule(work, node, field, rule)
    value = _value(element.get("defaultValue"), field)
    if value is not None:
        field["value"] = value
    return field


def _rule(work: Work, node: etree._Element, field: dict[str, Any], rule: etree._Element) -> None:
    name, config = rule.get("name", ""), rule.get("config", "")
    if name == "required" and config != "false" and not field.get("readonly"):
        field["required"] = True
    elif name == "readonly" and config != "false":
        field["readonly"] = True
        field.pop("required", None)
    elif name in BOUNDS and re.fullmatch(r"-?\d{1,9}", config) and field["type"] in ("text", "integer", "decimal"):
        if ("length" in name) == (field["type"] == "text"):
            field[BOUNDS[name]] = int(config)
    elif name not in ("required", "readonly"):
        work.note("field_rule", node, name=field["name"], rule=name or "?")


def _value(text: str | None, field: dict[str, Any]) -> Any:
    if not text or is_expression(text):
        return None
    kind = field["type"]
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "decimal"):
        number = re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text)
        if number is None or (kind == "integer" and number[1]):
            return None
        return float(text) if number[1] else int(text)
    if kind == "choice":
        return text if any(option["value"] == text for option in field["options"]) else None
    return text if kind in ("text", "longtext") else None
