"""Triggers that keep the record of a matter as it was, whoever writes to the database.

- A matter is never deleted; the customer's words are written once.
- Completed steps, transfers, supplements, verifications and their facts are never changed or deleted.
- An interval of the responsibility timeline never changes once it has ended, and its beginning never does.
- A copy never goes to somebody else and is never deleted; it is read once.
"""

from __future__ import annotations

from app.db import triggers
from app.db.triggers import Rule
from app.matters import models

REFUSED = "matter record is immutable"
"""Start of the message of every refusal; what follows names the table."""

_NEVER_CHANGED = ("matter_step", "matter_transfer", "matter_supplement", "matter_verification", "matter_fact")

RULES: tuple[Rule, ...] = (
    Rule("matter", "DELETE"),
    Rule(
        "matter",
        "UPDATE",
        "OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim"
        " OR NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256)",
        "verbatim",
    ),
    *(Rule(table, "UPDATE") for table in _NEVER_CHANGED),
    *(Rule(table, "DELETE") for table in (*_NEVER_CHANGED, "matter_holding", "matter_copy")),
    Rule("matter_holding", "UPDATE", "OLD.to_at IS NOT NULL OR NEW.from_at <> OLD.from_at", "ended"),
    Rule("matter_copy", "UPDATE", "OLD.read_at IS NOT NULL OR NEW.login <> OLD.login", "read"),
)

triggers.attach(models.Matter.metadata, RULES, REFUSED)
