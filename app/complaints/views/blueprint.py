"""The blueprint, and how every page finds its complaint."""

from __future__ import annotations

import re

from flask import Blueprint
from sqlalchemy.orm import Session

from app.complaints import queries
from app.complaints.models import Complaint
from app.errors import NotVisible
from app.security import current

blueprint = Blueprint("complaints", __name__, url_prefix="/complaints", template_folder="../templates")
SEES = "task.work"
_NUMBER = re.compile(r"[A-Z]{2,10}-\d{4}-\d{6,9}")


def visible(session: Session, number: str) -> Complaint:
    """The complaint of this address. Raises ``NotVisible`` when this person may not know of it."""
    found = queries.visible_complaint(session, current(), number) if _NUMBER.fullmatch(number) else None
    if found is None:
        raise NotVisible
    return found
