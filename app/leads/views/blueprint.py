"""The blueprint, and how every page finds its lead."""

from __future__ import annotations

import re

from flask import Blueprint
from sqlalchemy.orm import Session

from app.errors import NotVisible
from app.leads import queries
from app.leads.models import Lead
from app.security import current

blueprint = Blueprint("leads", __name__, url_prefix="/leads", template_folder="../templates")
SEES = "task.work"
_NUMBER = re.compile(r"[A-Z]{2,10}-\d{4}-\d{6,9}")


def visible(session: Session, number: str) -> Lead:
    """The lead of this address. Raises ``NotVisible`` when this person may not know of it."""
    found = queries.visible_lead(session, current(), number) if _NUMBER.fullmatch(number) else None
    if found is None:
        raise NotVisible
    return found
