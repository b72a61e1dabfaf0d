"""Where the link under an advertising letter leads: its reader wants no more of them."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app import db
from app.errors import NotVisible
from app.notifications import addressing, house
from app.notifications.views.blueprint import blueprint
from app.security import public


@blueprint.get("/no-advertising/<token>")
@public
def refusal(token: str) -> ResponseReturnValue:
    """Ask; a program that only looks at links refuses nothing."""
    return render_template("notifications/refusal.html", address=_address(token), done=False)


@blueprint.post("/no-advertising/<token>")
@public
def refuse(token: str) -> ResponseReturnValue:
    """This address gets no more advertising."""
    address = _address(token)
    addressing.refuse(db.session(), address, "link")
    return render_template("notifications/refusal.html", address=address, done=True)


def _address(token: str) -> str:
    address = house.of(db.session()).refused_address(token)
    if address is None:
        raise NotVisible
    return address
