"""The list of instances, its fragment and its export."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

import app.db as db
from app.business_objects import objects
from app.monitor import instance_list
from app.monitor.views.blueprint import SEES, blueprint
from app.security import current, requires
from app.web.lists import respond


@blueprint.get("/instances")
@requires(SEES)
def instances() -> ResponseReturnValue:
    """Instances this person may know of, as the filters say."""
    session = db.session()
    about = instance_list.asked(session, current(), objects(), request.args.get("process", "")[:100])
    return respond(
        instance_list.spec(session, about),
        "monitor/instances.html",
        "monitor/_instances.html",
        about=about,
        processes=about.processes(session),
        states=instance_list.states(),
    )
