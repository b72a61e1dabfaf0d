"""The OpenAPI document, and the same for reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.security import public, signed_in
from app.web import api

blueprint = Blueprint("api", __name__, template_folder="templates")
METHODS = ("get", "post", "put", "delete")


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
    """The parts of the slices, and the options of reference fields, which belong to the forms."""
    found = api.document(current_app)
    found["paths"]["/api/v1/references/{kind}"] = REFERENCES
    return found


_LABEL = {"type": "object", "properties": {"zh": {"type": "string"}, "en": {"type": "string"}}}
_OPTION = {"type": "object", "properties": {"value": {"type": "string"}, "label": _LABEL}}
_OPTIONS = {"type": "object", "properties": {"options": {"type": "array", "items": _OPTION}}}
REFERENCES = {
    "get": {
        "tags": ["references"],
        "summary": "Search what a reference field may point to",
        "parameters": [
            {
                "in": "path",
                "name": "kind",
                "required": True,
                "schema": {"type": "string"},
                "description": "As in options_url",
            },
            {"in": "query", "name": "q", "schema": {"type": "string"}, "description": "Words to search"},
            {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": _OPTIONS}}}},
    }
}
