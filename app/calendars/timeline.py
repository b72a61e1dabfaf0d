"""When the clocks of a case's tasks stood still, for its timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.web.i18n import language


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock stopped, with the reason, or runs again."""

    at: datetime
    title: str
    who: str
    icon: str
    text: str = ""


def of(session: Session, instance_id: str | None) -> list[ClockLine]:
    """What happened to the clocks of an instance, in order."""
    pauses = engine.queries.pauses_of_instance(session, instance_id or "")
    logins = [login for pause in pauses for login in (pause.paused_by, pause.ended_by or "")]
    people = accounts.display_names(session, logins, language())
    found = []
    for pause in pauses:
        stopped = _("The clock of a task stopped")
        found.append(ClockLine(pause.from_at, stopped, people[pause.paused_by], "player-pause", pause.reason))
        if pause.ended_at is not None:
            by = "" if pause.ended_by in (None, "system") else people[pause.ended_by]
            found.append(ClockLine(pause.ended_at, _("The clock of a task runs again"), by, "player-play"))
    return found
