"""Is the process alive, and can it serve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

import app.db as db
from app.db.numbers import NumberSequence
from app.security import public

if TYPE_CHECKING:
    from config import Settings

blueprint = Blueprint("health", __name__)


def install(app: Flask, _settings: Settings) -> None:
    """Add the routes."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers. Asks nothing of the database: restarting us would not mend that."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """The database answers and has our tables; 503 otherwise, so that a balancer sends people elsewhere."""
    try:
        db.session().execute(select(NumberSequence.prefix).limit(1)).all()
    except SQLAlchemyError:
        return jsonify(status="unavailable", reason="database"), 503, {"Retry-After": "5"}
    return jsonify(status="ready")
