"""Forms as Camunda's clients read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from typing import Any

from flask_babel import get_locale
from markupsafe import Markup

XHTML = "application/xhtml+xml; charset=utf-8"
KINDS = {"integer": "Long", "decimal": "Double", "money": "Double", "boolean": "Boolean", "date": "Date"}
INPUTS = {"integer": "number", "decimal": "number", "money": "number", "boolean": "checkbox", "date": "date"}


def key_of(form_key: str | None) -> dict[str, Any]:
    """The key of a form."""
    return {"key": form_key, "camundaFormRef": None, "contextPath": None}


def names_asked(asked: Mapping[str, Any], known: Collection[str]) -> Set[str]:
    """``variableNames``: those that are wanted."""
    wanted = asked.get("variableNames")
    return set(wanted.split(",")) if wanted else set(known)


def rendered(form: Mapping[str, Any]) -> str:
    """Plain inputs for the fields of a represented form, with the attributes that Camunda's form scripts read."""
    language = "zh" if str(get_locale()).startswith("zh") else "en"
    rows = Markup("").join(_row(field, language) for field in form["fields"])
    return Markup('<form class="form-horizontal" name="generatedForm" role="form">{}</form>').format(rows)


def _row(field: Mapping[str, Any], language: str) -> Markup:
    label = Markup('<label for="{0}">{1}</label>').format(field["name"], field["label"][language])
    return Markup('<div class="form-group">{}{}</div>').format(label, _input(field, language))


def _input(field: Mapping[str, Any], language: str) -> Markup:
    kind = KINDS.get(field["type"], "String")
    marks = Markup('id="{0}" name="{0}" cam-variable-name="{0}" cam-variable-type="{1}"').format(field["name"], kind)
    marks += Markup(' required="required"') if field["required"] else Markup("")
    marks += Markup(' readonly="readonly"') if field["readonly"] else Markup("")
    if field.get("options"):
        choices = Markup("").join(_choice(option, field["value"], language) for option in field["options"])
        return Markup("<select {}>{}</select>").format(marks, choices)
    if field["type"] == "longtext":
        return Markup("<textarea {}>{}</textarea>").format(marks, field["value"] or "")
    value = Markup("") if field["value"] in (None, "", []) else Markup(' value="{}"').format(field["value"])
    return Markup('<input type="{}" {}{} />').format(INPUTS.get(field["type"], "text"), marks, value)


def _choice(option: Mapping[str, Any], chosen: Any, language: str) -> Markup:
    mark = Markup(' selected="selected"') if option["value"] == chosen else Markup("")
    return Markup('<option value="{}"{}>{}</option>').format(option["value"], mark, option["label"][language])
