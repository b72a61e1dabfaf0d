"""What errors mean to the person who meets them, and what to do about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

import engine
from app.web.filters import localtime
from app.web.i18n import language
from app.web.people import display_name
from engine import findings


@dataclass(frozen=True, slots=True)
class Words:
    """Status and texts of one kind of error."""

    status: int
    code: str
    title: str
    message: str
    advice: str = ""


def engine_words(error: engine.EngineError) -> Words:
    """The words for an engine error: its own, or those of the nearest class above it that has some."""
    for kind in type(error).__mro__:
        if kind in _ENGINE:
            return _ENGINE[kind](error)
    return http_words(500)


def _completed(error: engine.EngineError) -> Words:
    facts = error.facts
    person, at = display_name(facts.get("completed_by")), facts.get("completed_at")
    if person and at is not None:
        message = _("%(person)s completed this task at %(time)s.", person=person, time=localtime(at))
    else:
        message = _("This task has been completed already.")
    return Words(
        409,
        error.code,
        _("Someone was faster"),
        message,
        _("Nothing of yours was saved for this task. You will find its result in the history of the case."),
    )


def _claimed(error: engine.EngineError) -> Words:
    person = display_name(error.facts.get("assignee"))
    message = (
        _("%(person)s has claimed this task.", person=person) if person else _("Somebody else has claimed this task.")
    )
    return Words(
        409,
        error.code,
        _("Someone was faster"),
        message,
        _("Ask the colleague to release it, or ask the supervisor to assign it to you."),
    )


def _cancelled(error: engine.EngineError) -> Words:
    return Words(
        409,
        error.code,
        _("This task is no longer needed"),
        _("The process has moved on and cancelled it."),
        _("Look at the history of the case to see what happened."),
    )


def _changed(error: engine.EngineError) -> Words:
    return Words(
        409,
        error.code,
        _("Someone was faster"),
        _("Several people changed this case at the same moment, and yours could not be applied."),
        _("Reload the page, look at what has changed and try again."),
    )


def _inactive(error: engine.EngineError) -> Words:
    states = {
        "suspended": _("This case is suspended."),
        "completed": _("This case is completed."),
        "cancelled": _("This case has been cancelled."),
    }
    message = states.get(str(error.facts.get("state")), _("This case is not active."))
    return Words(409, error.code, _("This case does not accept changes now"), message, _("Reload the page."))


def _key_taken(error: engine.EngineError) -> Words:
    key = error.facts.get("business_key", "")
    message = _("%(key)s is being worked on already.", key=key)
    return Words(409, error.code, _("There is one already"), message, _("Open the existing one."))


def _job(error: engine.EngineError) -> Words:
    return Words(
        409,
        error.code,
        _("This job cannot be run now"),
        _("It is finished, or a worker is running it at this moment."),
        _("Reload the page to see its state."),
    )


def _conflict(error: engine.EngineError) -> Words:
    return _renamed(http_words(409), error.code)


_CONFLICT = (
    _l("This is not possible any more"),
    _l("The state has changed in the meantime."),
    _l("Reload the page, look at what has changed and try again."),
)


def _not_found(error: engine.EngineError) -> Words:
    return _renamed(http_words(404), error.code)


def _message(error: engine.EngineError) -> Words:
    return Words(
        404,
        error.code,
        _("Nobody waits for this"),
        _("The case is not at a step that could take this message."),
        _("Reload the page to see where the case is."),
    )


def _not_allowed(error: engine.EngineError) -> Words:
    if error.facts.get("reason") == "delegated":
        return Words(
            403,
            error.code,
            _("This task was delegated"),
            _("Whoever delegated it gets it back and completes it."),
            _("Give it back first."),
        )
    return Words(
        403,
        error.code,
        _("This task is not yours to do"),
        _("It belongs to other people, or you took part in an earlier step and someone else must decide now."),
        _("Your supervisor can assign it."),
    )


def _variables(error: engine.EngineError) -> Words:
    path = error.facts.get("path", "")
    message = _("The value of %(name)s cannot be stored.", name=path)
    return Words(400, error.code, _("Some values were refused"), message)


def _expression(error: engine.EngineError) -> Words:
    reason = error.facts.get("reason", "")
    message = _("The expression was refused: %(reason)s", reason=reason)
    return Words(422, error.code, _("An expression is not acceptable"), message)


def _failed(error: engine.EngineError) -> Words:
    return Words(
        422,
        error.code,
        _("The process could not continue"),
        _("Your task stays open. What you sent has been kept for the people who look after the process."),
        _("They have been told. You need not enter it again; try again when they have mended it."),
    )


def _deployment(error: engine.EngineError) -> Words:
    return Words(
        422,
        error.code,
        _("The files have errors"),
        _("Nothing was deployed. Number of findings: %(count)s", count=error.facts.get("count", "")),
        _("Mend what the findings name and try again."),
    )


def _plan(error: engine.EngineError) -> Words:
    found = error.findings if isinstance(error, engine.PlanRefused) else ()
    message = " ".join(findings.word(one, language()) for one in found)
    return Words(422, error.code, _("This can't be done to the process"), message, _("Nothing was changed."))


def _batch(error: engine.EngineError) -> Words:
    return Words(
        422,
        error.code,
        _("This can't be done to many at once"),
        _("Number of items chosen: %(count)s", count=error.facts.get("count", "")),
        _("Choose at least one, and not more than 100,000."),
    )


_ENGINE: dict[type[Any], Callable[[engine.EngineError], Words]] = {
    engine.TaskAlreadyCompleted: _completed,
    engine.TaskAlreadyClaimed: _claimed,
    engine.TaskCancelled: _cancelled,
    engine.InstanceChanged: _changed,
    engine.InstanceNotActive: _inactive,
    engine.BusinessKeyTaken: _key_taken,
    engine.JobNotRunnable: _job,
    engine.LeaseLost: _job,
    engine.Conflict: _conflict,
    engine.MessageNotExpected: _message,
    engine.NotFound: _not_found,
    engine.NotAllowed: _not_allowed,
    engine.BadVariables: _variables,
    engine.ExpressionRefused: _expression,
    engine.ExpressionFailed: _failed,
    engine.ExecutionFailed: _failed,
    engine.LimitExceeded: _failed,
    engine.StateUnreadable: _failed,
    engine.DeploymentRefused: _deployment,
    engine.PlanRefused: _plan,
    engine.BatchRefused: _batch,
    engine.BatchItemRefused: _conflict,
}


def _renamed(words: Words, code: str) -> Words:
    return Words(words.status, code, words.title, words.message, words.advice)


def http_words(status: int, code: str = "") -> Words:
    """The words for a status; those of 400 or 500 for one without words of its own."""
    if code in _SPECIAL:
        return _SPECIAL[code]()
    name, title, message, advice = _HTTP.get(status) or _HTTP[400 if status < 500 else 500]
    return Words(status, name, str(title), str(message), str(advice))


def _stale_page() -> Words:
    return Words(
        400,
        "CsrfFailed",
        _("This page is out of date"),
        _("It was opened before you signed in or out, so we cannot be sure that the request came from you."),
        _("Go back, reload the page and send it again."),
    )


def _perhaps_done() -> Words:
    return Words(
        503,
        "Uncertain",
        _("Just a moment"),
        _("The connection to the database was lost. We cannot tell whether what you sent was still carried out."),
        _("Wait a few seconds and look before you do it again."),
    )


_SPECIAL = {"CsrfFailed": _stale_page, "Uncertain": _perhaps_done}
_HTTP: dict[int, tuple[str, Any, Any, Any]] = {
    400: (
        "BadRequest",
        _l("We did not understand that"),
        _l("Something in the request is missing or malformed."),
        _l("Go back and try again."),
    ),
    401: (
        "Unauthorized",
        _l("Please sign in"),
        _l("Your session has ended or you have not signed in yet."),
        _l("Sign in and try again."),
    ),
    403: (
        "Forbidden",
        _l("You may not do this"),
        _l("Your roles do not include the permission for it."),
        _l("If you need it for your work, ask an administrator."),
    ),
    404: (
        "NotFound",
        _l("There is nothing here"),
        _l("It does not exist, or it is not visible to you."),
        _l("Check the address, or look for it in a list or by search."),
    ),
    405: (
        "MethodNotAllowed",
        _l("This does not work that way"),
        _l("The address exists but does not accept this kind of request."),
        _l("Go back and use the buttons of the page."),
    ),
    409: ("Conflict", *_CONFLICT),
    413: (
        "TooLarge",
        _l("That is too large"),
        _l("The file or text is larger than what we accept."),
        _l("Send a smaller file or split it."),
    ),
    415: (
        "UnsupportedMediaType",
        _l("We cannot read this kind of content"),
        _l("The content type of the request is not supported here."),
        _l("Go back and try again."),
    ),
    422: (
        "Unprocessable",
        _l("Some values were refused"),
        _l("The request was understood, but not every value is acceptable."),
        _l("Correct the values and send it again."),
    ),
    429: (
        "TooManyRequests",
        _l("Too many attempts"),
        _l("For the safety of the accounts we ask you to wait."),
        _l("Try again in some minutes."),
    ),
    500: (
        "InternalError",
        _l("Something went wrong on our side"),
        _l("The request was not carried out and nothing was changed."),
        _l("Try again. If it happens again, tell the administrator the request number below."),
    ),
    503: (
        "Unavailable",
        _l("Just a moment"),
        _l("The system is very busy or the database cannot be reached. Nothing was changed."),
        _l("Try again in a few seconds."),
    ),
}
