"""How the value of a search variable is kept, so that it can be compared by the database."""

from __future__ import annotations

import math
from typing import Any

LONGEST = 200
"""Of a longer text the beginning is kept."""


def kept(value: Any) -> tuple[str, float | None] | None:
    """The text of a value, and its number if it is one; None for what nobody can be found by: lists, objects, nothing.

    Yes and no are the texts ``true`` and ``false``.
    """
    if isinstance(value, bool):
        return ("true" if value else "false"), None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return f"{value:.15g}" if isinstance(value, float) else str(value), float(value)
    if isinstance(value, str) and value:
        return value[:LONGEST], None
    return None
