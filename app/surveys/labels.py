"""Names of what becomes of a call."""

from __future__ import annotations

from flask_babel import gettext as _

from app.surveys.models import CallState


def states() -> dict[str, str]:
    """In the reader's language."""
    return {
        CallState.WAITING.value: _("To be called"),
        CallState.ANSWERED.value: _("Has answered"),
        CallState.REFUSED.value: _("Did not want to answer"),
        CallState.UNREACHABLE.value: _("Could not be reached"),
        CallState.CLOSED.value: _("No longer needed"),
    }
