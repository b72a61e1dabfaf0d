"""The blueprint, and how every page finds its draft."""

from __future__ import annotations

from flask import Blueprint, current_app
from sqlalchemy.orm import Session

from app.designer import queries
from app.designer.models import Draft
from app.errors import NotAllowedHere
from app.registries import Registries
from app.security import current

blueprint = Blueprint("designer", __name__, url_prefix="/designer", template_folder="../templates")
DEPLOYS = "process.deploy"
"""Who works in the workshop."""
SEES = "process.view"
"""Who may look at deployed versions and their diagrams."""


def registries() -> Registries:
    """What the slices of this application registered."""
    found: Registries = current_app.extensions["keliu.registries"]
    return found


def own(session: Session, draft_id: int) -> Draft:
    """A draft this person may change. Raises NotVisible, NotAllowedHere for a colleague's."""
    found = queries.draft(session, draft_id)
    if found.owner != current().login:
        raise NotAllowedHere(DEPLOYS)
    return found
