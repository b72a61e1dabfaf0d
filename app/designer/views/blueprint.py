"""The blueprint."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("designer", __name__, url_prefix="/designer", template_folder="../templates")
