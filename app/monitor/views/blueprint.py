"""The blueprint, and how every page finds its instance."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

import engine
from app.business_objects import objects
from app.security import current
from app.visibility import require_instance

blueprint = Blueprint("monitor", __name__, url_prefix="/monitor", template_folder="../templates")
SEES = "monitor.view"
"""Who may open the control room. Of the instances each sees those that concern the own departments or cases."""


def visible(session: Session, instance_id: str) -> engine.InstanceRow:
    """The instance of this address. Raises ``NotVisible`` when this person may not know of it."""
    return require_instance(session, current(), objects(), instance_id)
