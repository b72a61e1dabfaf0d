"""What the REST dialects share: the OpenAPI object, errors as JSON, and strict reading of JSON bodies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Flask, Request, Response, current_app, jsonify, request
from flask_smorest import Api, Blueprint
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from app.errors import FieldErrors
from app.web import errors
from app.web.application import csrf

if TYPE_CHECKING:
    from app.web.errors import Problem

PREFIX = "/api/v1"
TITLE = "Keliu REST API"
VERSION = "1"
EXTENSION = "keliu.api"
DEEPEST = 60
"""Levels of nesting a body may have."""
KEPT = range(-(2**63), 2**64)
"""Whole numbers that can be kept as JSON."""


class ErrorSchema(Schema):
    """How every refusal looks: ``message`` and ``errors`` are in the language of ``Accept-Language``."""

    code = fields.String(required=True, metadata={"description": "Name to rely on", "example": "TaskAlreadyClaimed"})
    message = fields.String(required=True, metadata={"description": "What happened, in the caller's language"})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Refused fields with their reasons; empty when no single field is to blame"},
    )


def install(app: Flask) -> Api:
    """The OpenAPI object of ``app``, made when first asked for; blueprints are added with :func:`add`."""
    if EXTENSION in app.extensions:
        return app.extensions[EXTENSION]
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,  # the document has a route of its own, which says who may read it
    )
    api = _Api(
        app,
        spec_kwargs={
            "info": {
                "description": "Complaints, leads, imports, and the forms and drafts of tasks. Tasks are claimed and "
                "completed here or in the Camunda 7 dialect under /engine-rest."
            },
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
        },
    )
    app.extensions[EXTENSION] = api
    errors.speak(app, "/api/", speak)
    return api


class _Api(Api):
    """Errors are answered by :mod:`app.web.errors` for every path, so smorest's own handlers stay away."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Nothing: see the class."""


class _Parser(FlaskParser):
    """Reads bodies strictly and refuses them as :class:`FieldErrors`, like everything else here."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        "query": RAISE,
        "json": RAISE,
        "files": EXCLUDE,
        "form": EXCLUDE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body as :func:`json_body` reads it."""
        return json_body()

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query without the language, which is everybody's."""
        for name, value in req.args.items(multi=True):
            if "\x00" in name or "\x00" in value:
                raise FieldErrors({name.replace("\x00", ""): ["a text contains a zero byte"]})
        return {name: value for name, value in req.args.items() if name != "lang"}

    def handle_error(
        self, error: ValidationError, req: Request, schema: Schema, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:
        """Say which fields were refused and why."""
        by_place: dict[str, Any] = error.messages_dict
        raise FieldErrors(_flat(next(iter(by_place.values()), {}))) from None


class ApiBlueprint(Blueprint):
    """A slice's part of the API."""

    ARGUMENTS_PARSER = _Parser()


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of everything added."""
    found: dict[str, Any] = app.extensions[EXTENSION].spec.to_dict()
    return found


def add(app: Flask, blueprint: Blueprint) -> None:
    """Add a slice's part of the API: bearer tokens instead of cookies, so no CSRF token either."""
    csrf.exempt(blueprint)
    install(app).register_blueprint(blueprint)


def speak(problem: Problem) -> Response:
    """An error as ``{code, message, errors}``."""
    body = {"code": problem.code, "message": problem.message or problem.title, "errors": messages_of(problem)}
    if problem.status == 422 and body["errors"]:
        body["message"] = problem.title
    response = jsonify(body)
    response.headers["Vary"] = "Accept-Language"
    return response


def messages_of(problem: Problem) -> dict[str, list[str]]:
    """The refused fields of a problem with their reasons as text."""
    found = problem.facts.get("errors")
    return field_messages(found) if isinstance(found, Mapping) else {}


def field_messages(refused: Mapping[str, Any]) -> dict[str, list[str]]:
    """Reasons by field name, lazy texts made plain."""
    return {name: [str(message) for message in messages] for name, messages in refused.items()}


def json_body() -> dict[str, Any]:
    """The JSON object of this request; an empty body is an empty object.

    Raises :class:`FieldErrors` for anything that is not an object of JSON values the database can hold: no NaN, no
    half characters, no zero bytes, no endless nesting.
    """
    text = request.get_data(cache=True)
    if not text.strip():
        return {}
    try:
        found = json.loads(text.decode("utf-8"), parse_constant=_refuse)
        check_json(found)
    except (ValueError, RecursionError) as error:
        raise FieldErrors({"": [f"JSON: {error}"]}) from None
    if not isinstance(found, dict):
        raise FieldErrors({"": ["JSON: an object is expected"]})
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def check_json(value: Any, depth: int = 0) -> None:
    """Raises ValueError for a JSON value that the database can't hold."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text contains a zero byte")
        value.encode("utf-8")  # raises for half a surrogate pair
    elif isinstance(value, float) and not math.isfinite(value) or isinstance(value, int) and value not in KEPT:
        raise ValueError("a number is too large")
    elif isinstance(value, list):
        for one in value:
            check_json(one, depth + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            check_json(name, depth + 1)
            check_json(one, depth + 1)


def _flat(messages: Mapping[Any, Any], prefix: str = "") -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in messages.items():
        key = f"{prefix}{'' if name == '_schema' else name}".strip(".")
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{key}."))
        else:
            found[key] = list(value)
    return found


def settings_zone() -> str:
    """The business time zone of this application."""
    return str(current_app.extensions["keliu.settings"].zone)
