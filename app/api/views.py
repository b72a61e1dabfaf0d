"""The OpenAPI document, and the same for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.security import public, signed_in
from app.web import api

blueprint = Blueprint("api", __name__, template_folder="templates")
METHODS = ("get", "post", "put", "delete")
_PARAMETER = re.compile(r"<(?:[^:>]+:)?(\w+)>")
_NAMES = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a program can ask."""

    method: str
    path: str
    summary: str
    parameters: tuple[dict[str, Any], ...]
    body: str
    answers: tuple[tuple[str, str, str], ...]
    """(status, description, schema)"""


@blueprint.get("/api/v1/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """The OpenAPI 3.1 document."""
    return jsonify(document())


@blueprint.get("/developers")
@signed_in
def developers() -> ResponseReturnValue:
    """Both REST dialects for people, without any script."""
    found = document()
    groups: dict[str, list[Operation]] = {}
    for path, operations in found["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                shared = operations.get("parameters", [])
                tag = str((operation.get("tags") or ["references"])[0]).removesuffix("_api")
                groups.setdefault(tag, []).append(_operation(method, path, operation, shared))
    return render_template("api/developers.html", groups=groups, schemas=found.get("components", {}).get("schemas", {}))


def _operation(method: str, path: str, operation: dict[str, Any], shared: list[dict[str, Any]]) -> Operation:
    answers = tuple(
        (status, str(answer.get("description", "")), _schema(answer))
        for status, answer in sorted(operation.get("responses", {}).items())
        if status != "default"
    )
    parameters = tuple({**one, "name": one["name"]} for one in [*shared, *operation.get("parameters", [])])
    summary = str(operation.get("summary", ""))
    return Operation(method.upper(), path, summary, parameters, _schema(operation.get("requestBody", {})), answers)


def _schema(holder: dict[str, Any]) -> str:
    """The name of the schema of a body, if it has one."""
    for content in holder.get("content", {}).values():
        reference = content.get("schema", {}).get("$ref", "")
        return str(reference).rpartition("/")[2]
    return ""


def document() -> dict[str, Any]:
    """What the slices described, and by their docstrings the routes that are not flask-smorest's."""
    found = api.document(current_app)
    for rule in current_app.url_map.iter_rules():
        path = _PARAMETER.sub(r"{\1}", rule.rule)
        if path.startswith(f"{api.PREFIX}/") and rule.endpoint != "api.openapi":
            for method in sorted(set(rule.methods or ()) & {name.upper() for name in METHODS}):
                found["paths"].setdefault(path, {}).setdefault(method.lower(), _plain(rule.endpoint, path))
    return found


def _plain(endpoint: str, path: str) -> dict[str, Any]:
    """A route outside of flask-smorest (files): its docstring and path parameters."""
    summary = (current_app.view_functions[endpoint].__doc__ or endpoint).strip().partition("\n")[0]
    parameters = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}} for name in _NAMES.findall(path)
    ]
    return {
        "tags": [endpoint.partition(".")[0].removesuffix("_api")],
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    }
