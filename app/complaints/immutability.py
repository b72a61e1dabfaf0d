"""Triggers that keep the record of a complaint as it was, whoever writes to the database.

- A complaint is never deleted; after archiving it is never changed; its verbatim text is written once.
- Completed steps, penalties, visits and supplements are never changed or deleted.
- Departments, actions and pauses are closed together with the complaint.

An appeal may be heard after the archive was written: the case does not wait for it.
A restore of an export must load its rows before these triggers exist.
"""

from __future__ import annotations

from app.complaints import models
from app.db import triggers
from app.db.triggers import Rule

REFUSED = "complaint record is immutable"
"""Start of the message of every refusal; what follows names the table."""

_ARCHIVED = "EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT NULL)"

_NEVER_CHANGED = ("complaint_step", "complaint_penalty", "complaint_visit", "complaint_supplement")
_CLOSED_WITH_THE_CASE = ("complaint_department", "complaint_action", "complaint_pause")

RULES: tuple[Rule, ...] = (
    Rule("complaint", "DELETE"),
    Rule("complaint", "UPDATE", "OLD.archived_at IS NOT NULL", "archived"),
    Rule(
        "complaint",
        "UPDATE",
        "OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim"
        " OR NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256)",
        "verbatim",
    ),
    *(Rule(table, "UPDATE") for table in _NEVER_CHANGED),
    *(Rule(table, "DELETE") for table in (*_NEVER_CHANGED, *_CLOSED_WITH_THE_CASE, "complaint_appeal")),
    Rule("complaint_appeal", "UPDATE", "OLD.heard_at IS NOT NULL", "heard"),
    *(
        Rule(table, operation, _ARCHIVED, "archived")
        for table in _CLOSED_WITH_THE_CASE
        for operation in ("INSERT", "UPDATE")
    ),
    *(
        Rule(table, "INSERT", _ARCHIVED, "archived")
        for table in ("complaint_penalty", "complaint_visit", "complaint_supplement")
    ),
)

triggers.attach(models.Complaint.metadata, RULES, REFUSED)
