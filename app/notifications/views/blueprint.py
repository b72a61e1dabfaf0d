"""The blueprint all pages of notices belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint

blueprint = Blueprint("notifications", "app.notifications", template_folder="templates")

MANAGE = "notification.manage"
Errors = Mapping[str, Sequence[Any]]
