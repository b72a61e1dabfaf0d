"""Refusals in Camunda's words: ``{"type", "message", "code"}``. Where Camunda answers 500 to a refused request, ours
says 404 (unknown or not visible), 403 (not allowed), 409 (somebody was faster) or 400 (bad variables)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

import engine
from app.web.api import messages_of
from app.web.errors import Problem, problem_of
from engine import findings

INVALID = "InvalidRequestException"
"""Camunda's type of most refusals."""

TYPES = {
    401: "AuthenticationException",
    403: "AuthorizationException",
    404: INVALID,
    409: "OptimisticLockingException",
    422: INVALID,
}
CODES = {409: 1}
"""Camunda's numbers: 1 says that somebody else changed it; 0 that there is no number."""


class RestError(HTTPException):
    """A refusal by this dialect itself. The message is English, like Camunda's."""

    code = 400
    kind = INVALID

    def __init__(self, message: str) -> None:
        super().__init__(message, refusal(self.code, self.kind, message))


class BadRequest(RestError):
    """The request itself is wrong."""


class Mismatch(RestError):
    """Nobody waits for the message."""

    kind = "MismatchingMessageCorrelationException"


class Missing(RestError):
    """Unknown, or not visible to the caller: the answer is the same."""

    code = 404


def refusal(status: int, kind: str, message: str, **more: Any) -> Response:
    """The body of a refusal."""
    response = jsonify({"type": kind, "message": message, "code": CODES.get(status, 0), **more})
    response.status_code = status
    return response


def answer(error: Exception) -> Response:
    """The answer to an error raised by a view. Only here the status may differ from the pages' one: 400 for refused
    values and for a task that another worker holds, as Camunda says."""
    if isinstance(error, engine.NotLocked):
        return refusal(400, INVALID, _not_locked(error.facts))
    if isinstance(error, engine.PlanRefused):
        return _refused_plan(error)
    return speak(problem_of(error))


def _refused_plan(error: engine.PlanRefused) -> Response:
    """Camunda's clients show the message; ``findings`` has the nodes and codes."""
    words = [findings.word(found, "en") for found in error.findings]
    listed = [
        {"code": found.code, "activityId": found.element, "message": text}
        for found, text in zip(error.findings, words, strict=True)
    ]
    return refusal(400, INVALID, " ".join(words), findings=listed)


def _not_locked(facts: Mapping[str, Any]) -> str:
    held = facts.get("locked_by")
    owner = f"It is locked by worker '{held}'." if held else "It is not locked."
    return f"External task {facts.get('job_id')} cannot be changed by worker '{facts.get('worker')}'. {owner}"


def speak(problem: Problem) -> Response:
    """Any error of the application in this dialect. Refused fields are named in the message and in ``errors``."""
    refused = messages_of(problem)
    status = 400 if problem.status == 422 else problem.status
    kind = TYPES.get(problem.status, INVALID if status < 500 else "RestException")
    if not refused:
        return refusal(status, kind, problem.message or problem.title)
    listed = "; ".join(f"{name}: {' '.join(texts)}" if name else " ".join(texts) for name, texts in refused.items())
    return refusal(status, kind, _("%(title)s: %(fields)s", title=problem.title, fields=listed), errors=refused)
