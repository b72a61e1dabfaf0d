"""Forms of the pages about leads, put together from the fields of the deployed task forms: one wording everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.formkit import Field, FieldType, FormDocument, Text
from app.leads import labels, queries
from app.leads.service.ownership import LONGEST_REMARK

CAPTURED = (
    "company",
    "contact_name",
    "phone",
    "email",
    "region",
    "heard_from",
    "purchase_date",
    "product_id",
    "amount",
    "owns",
    "wants",
    "target_account",
    "contacts",
    "note",
)
"""What is asked when a lead comes in; only the company is needed, the rest waits for `qualify`."""
RESULTS = {"won": ("amount", "product_id", "channel", "text"), "lost": ("lost_reason", "rival", "channel", "text")}
"""Outcome → what it needs."""


def capture(session: Session) -> FormDocument:
    """What is known of a new lead."""
    return _document("lead/capture", _of(session, labels.QUALIFY_FORM, CAPTURED, required=("company",)))


def qualify_at_once(session: Session) -> FormDocument:
    """The same, for who also says that it is a prospect and who follows it up."""
    fields = _of(
        session, labels.QUALIFY_FORM, (*CAPTURED, "owner"), required=("company", "contact_name", "purchase_date")
    )
    return _document("lead/qualify", fields)


def follow_up(session: Session) -> FormDocument:
    """A record between tasks."""
    fields = {
        field.name: field
        for field in _of(session, labels.CONTACT_FORM, ("channel", "text", "next_step"), required=("channel", "text"))
    }
    fields |= {field.name: field for field in _of(session, labels.CONTACT_FORM, ("purchase_date",))}
    when = Field(name="next_at", type=FieldType.DATETIME, label=_text(_("When")))
    ordered = (fields["channel"], fields["text"], fields["next_step"], when)
    return _document(
        "lead/follow_up", (*ordered, replace(fields["purchase_date"], help=_text(_("Only if it changed"))))
    )


def result(session: Session, outcome: str) -> FormDocument:
    """How it ended: ``won`` or ``lost``."""
    needed = ("amount", "product_id", "lost_reason", "channel")
    fields = _of(session, labels.CONTACT_FORM, RESULTS[outcome], required=needed)
    return _document(f"lead/{outcome}", fields)


def give_back() -> FormDocument:
    """Why the lead goes to the pool."""
    return _document("lead/return", (_reason(),))


def reassign(session: Session) -> FormDocument:
    """To whom the lead goes, and why."""
    (owner,) = _of(session, labels.QUALIFY_FORM, ("owner",), required=("owner",))
    return _document("lead/reassign", (replace(owner, help=None), _reason()))


def _reason() -> Field:
    label = _text(_("Reason"))
    return Field(name="reason", type=FieldType.LONGTEXT, label=label, required=True, maximum=LONGEST_REMARK)


def _text(words: str) -> Text:
    """Words in the reader's language, which is the only one a page asks for."""
    return Text(words, words)


def _document(key: str, fields: Iterable[Field]) -> FormDocument:
    return FormDocument(key=key, title=_text(key), fields=tuple(fields))


def _of(session: Session, form: str, names: Iterable[str], required: Iterable[str] = ()) -> list[Field]:
    """Those fields of the deployed form, always visible; ``required`` ones must be filled in."""
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    document = formkit.load(session, definition.id, form)
    found = (document.field(name) for name in names)
    return [replace(field, visible_if=None, required=field.name in required) for field in found if field is not None]
