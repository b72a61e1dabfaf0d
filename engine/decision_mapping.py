"""How the answer of a decision becomes the value of a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.decisions import Decision

NATURAL = "natural"
"""What the table's shape says, as Camunda 8 does it: one value or one object, or a list when several rows may fit."""


def mapping_of(decision: Decision, wanted: str | None) -> str:
    """The mapping to use when a file says ``wanted``."""
    if wanted != NATURAL:
        return wanted or "resultList"
    several = decision.hit_policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") and decision.aggregation is None
    single = len(decision.outputs) == 1
    if several:
        return "collectEntries" if single else "resultList"
    return "singleEntry" if single else "singleResult"
