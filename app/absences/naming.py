"""Who did something, for whom: "X for Y"."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.absences import queries
from app.accounts import queries as accounts
from app.web.i18n import language


def for_whom(session: Session, done: Mapping[str, str]) -> dict[str, str]:
    """By task id, of those in ``done`` (task id → login) that were done for an absent person: "X for Y"."""
    absent = queries.on_behalf(session, done)
    logins = {*absent.values(), *(done[task_id] for task_id in absent)}
    names = accounts.display_names(session, logins, language())
    return {
        task_id: _("%(who)s for %(absent)s", who=names[done[task_id]], absent=names[login])
        for task_id, login in absent.items()
    }
