"""The blueprint all account pages belong to, and what they share: naming things, answering refused forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from app import db
from app.errors import FieldErrors
from app.security import current

blueprint = Blueprint("accounts", "app.accounts", template_folder="templates")

Errors = Mapping[str, Sequence[Any]]


def saved(change: Callable[[], str], page: Callable[[Errors], str | Response], message: Any) -> ResponseReturnValue:
    """Run ``change``, which returns where to go next; a refused form is shown again as typed, with its errors (422).
    The savepoint undoes what was written before the refusal, so that the page shows what is really stored."""
    try:
        with db.session().begin_nested():
            target = change()
    except FieldErrors as refused:
        return page(refused.errors), 422
    flash(str(message), "success")
    return redirect(target, 303)


def actor() -> str:
    """Who changes something here."""
    return current().login


def typed(name: str, stored: Any) -> Any:
    """What the person typed into a field that is shown again, else what is stored."""
    return request.form.get(name, stored) if request.method == "POST" else stored


def ticked(name: str, stored: Any) -> set[str]:
    """The boxes the person ticked, else those stored."""
    return set(request.form.getlist(name)) if request.method == "POST" else set(stored)
