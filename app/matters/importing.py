"""Matters from files (a mailbox, a web form, another help desk): one row is one contact, known by its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.customers import service as customers
from app.errors import FieldErrors
from app.imports import FieldKind, Option, Outcome, OutcomeState, TargetField
from app.matters import queries
from app.matters.business import FIRST_FORM, MatterObject
from app.security import Principal

SOURCE = "import"


def _options(name: str) -> Any:
    """The options of a field of the form `register`, for a choice field."""

    def load(session: Session) -> Sequence[Option]:
        field = _form(session).field(name)
        return [Option(str(item.value), item.label.as_json()) for item in (field.options or ())] if field else []

    return load


def _form(session: Session) -> formkit.FormDocument:
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    return formkit.load(session, definition.id, FIRST_FORM)


def _field(name: str, zh: str, en: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> TargetField:
    return TargetField(name=name, label={"zh": zh, "en": en}, kind=kind, **more)


FIELDS: Sequence[TargetField] = (
    _field("source_reference", "来源编号", "Reference of the source", required=True, maximum=120),
    _field("caller_name", "来电人", "Caller", required=True, maximum=100),
    _field("verbatim", "客户原话", "In the customer's words", FieldKind.LONGTEXT, required=True, maximum=20_000),
    _field("channel", "渠道", "Channel", FieldKind.CHOICE, required=True, options=_options("channel")),
    _field("concern", "客户来意", "What it is about", FieldKind.CHOICE, required=True, options=_options("concern")),
    _field("received_at", "收到时间", "Received", FieldKind.DATETIME),
    _field("customer", "客户", "Customer", maximum=200),
    _field("caller_phone", "电话", "Phone", maximum=40),
    _field("caller_company", "单位", "Company", maximum=200),
)
_TO_FORM = tuple(field.name for field in FIELDS if field.name != "customer")


class MatterTarget:
    """Implements :class:`app.imports.ImportTarget` for matters."""

    key = "matters"
    title: Mapping[str, str] = {"zh": "客户事项", "en": "Customer matters"}
    permission = "matter.import"
    reference_field = "source_reference"

    def fields(self, session: Session) -> Sequence[TargetField]:
        """The fields a column can be mapped to."""
        return FIELDS

    def check_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> None:
        """Raises ``FieldErrors`` as the import would; writes nothing."""
        bound = formkit.bind(_form(session), _payload(values), overrides={}, groups=principal.groups)
        received_at = bound.values.get("received_at")
        if received_at is not None and received_at > engine.now(session):
            raise FieldErrors({"received_at": [_l("A matter cannot have been received in the future.")]})

    def import_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> Outcome:
        """Take one matter in, of a customer we know by that name or of an unknown caller. A reference that is known
        makes nothing."""
        known = queries.by_reference(session, SOURCE, str(values.get("source_reference") or "").strip())
        if known is not None:
            return Outcome(OutcomeState.EXISTING, known.number)
        payload, name = _payload(values), str(values.get("customer") or "")
        customer = customers.by_name(session, name) if name.strip() else None
        if customer is not None:
            payload["customer_id"] = str(customer.id)
        elif name.strip():
            payload.setdefault("caller_company", name)
        started = MatterObject().start(session, principal, payload, source=SOURCE)
        return Outcome(OutcomeState.CREATED, started.business_key)


def _payload(values: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a payload of the form `register`."""
    return {name: values[name] for name in _TO_FORM if values.get(name) is not None}
