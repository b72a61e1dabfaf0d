"""Complaints from files: one row is one complaint, known by its source and the customer's own reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.complaints import queries
from app.complaints.business import FIRST_FORM, ComplaintObject
from app.customers import service as customers
from app.errors import FieldErrors
from app.imports import FieldKind, Option, Outcome, OutcomeState, TargetField
from app.security import Principal

SOURCE = "import"


def _option_source(*names: str) -> Any:
    """The options of fields of the form `record`, for a choice field."""

    def load(session: Session) -> Sequence[Option]:
        fields = filter(None, map(_form(session).field, names))
        return [Option(str(option.value), option.label.as_json()) for field in fields for option in field.options or ()]

    return load


def _form(session: Session) -> formkit.FormDocument:
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    return formkit.load(session, definition.id, FIRST_FORM)


def _field(name: str, zh: str, en: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> TargetField:
    return TargetField(name=name, label={"zh": zh, "en": en}, kind=kind, **more)


FIELDS: Sequence[TargetField] = (
    _field("customer_reference", "客户方编号", "Customer's reference", required=True, maximum=100),
    _field("customer", "客户", "Customer", required=True, maximum=200),
    _field("verbatim", "客户原话", "In the customer's words", FieldKind.LONGTEXT, required=True, maximum=50_000),
    _field(
        "complaint_class",
        "投诉类别",
        "Class of complaint",
        FieldKind.CHOICE,
        required=True,
        options=_option_source("complaint_class"),
    ),
    _field(
        "sub_code",
        "投诉小类",
        "Kind of complaint",
        FieldKind.CHOICE,
        required=True,
        options=_option_source("sub_code_quality", "sub_code_contract", "sub_code_transport", "sub_code_service"),
    ),
    _field("channel", "渠道", "Channel", FieldKind.CHOICE, required=True, options=_option_source("channel")),
    _field("severity", "严重程度", "Severity", FieldKind.CHOICE, options=_option_source("severity")),
    _field("received_at", "收到时间", "Received", FieldKind.DATETIME),
    _field("summary", "摘要", "Summary", FieldKind.LONGTEXT, maximum=5_000),
    _field("remedy_wanted", "客户要求", "Remedy wanted", FieldKind.LONGTEXT, maximum=2_000),
    _field("amount", "索赔金额（元）", "Amount claimed (yuan)", FieldKind.MONEY),
    _field("contact_name", "联系人", "Contact", maximum=100),
    _field("contact_phone", "联系人电话", "Telephone of the contact", maximum=40),
    _field("contact_email", "联系人邮箱", "E-mail of the contact", maximum=200),
    _field("region", "地区", "Region", maximum=60),
    _field("carrier", "承运商", "Carrier", maximum=100),
    _field("waybill", "运单号", "Waybill", maximum=60),
    _field("employee", "被投诉员工", "Employee named", maximum=100),
)

_TO_FORM = (
    "customer_reference",
    "verbatim",
    "complaint_class",
    "sub_code",
    "channel",
    "severity",
    "received_at",
    "summary",
    "remedy_wanted",
    "amount",
)
_BY_CLASS: Mapping[str, Sequence[str]] = {"transport": ("carrier", "waybill"), "service": ("employee",)}
_NO_CUSTOMER = "0"


class ComplaintTarget:
    """Implements :class:`app.imports.ImportTarget` for complaints."""

    key = "complaints"
    title: Mapping[str, str] = {"zh": "投诉", "en": "Complaints"}
    permission = "complaint.import"
    reference_field = "customer_reference"

    def fields(self, session: Session) -> Sequence[TargetField]:
        """The fields a column can be mapped to."""
        return FIELDS

    def check_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> None:
        """Raises ``FieldErrors`` as the import would; writes nothing."""
        payload = _payload(values, _NO_CUSTOMER)
        bound = _under_row_names(
            values, lambda: formkit.bind(_form(session), payload, overrides={}, groups=principal.groups)
        )
        _check_moment(session, bound.values)

    def import_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> Outcome:
        """Register one complaint. A reference that is known makes nothing; an unknown customer is added."""
        known = queries.by_reference(session, SOURCE, str(values.get("customer_reference") or "").strip())
        if known is not None:
            return Outcome(OutcomeState.EXISTING, known.number)
        self.check_row(session, values, principal)  # before anything is written: a refused row adds no customer
        customer = customers.find_or_create(
            session, principal.login, str(values["customer"]), source=SOURCE, region=str(values.get("region") or "")
        )
        payload = _payload(values, str(customer.id))
        if values.get("contact_name"):
            given = {name: values.get(f"contact_{name}") or "" for name in ("name", "phone", "email")}
            payload["contact"] = str(customers.find_or_create_contact(session, customer, given).id)
        started = _under_row_names(values, lambda: ComplaintObject().start(session, principal, payload, source=SOURCE))
        return Outcome(OutcomeState.CREATED, started.business_key)


def _payload(values: Mapping[str, Any], customer: str) -> dict[str, Any]:
    """The row as a payload of the form `record`; what its class does not ask for is left out."""
    found = {name: values[name] for name in _TO_FORM if values.get(name) is not None}
    for name in _BY_CLASS.get(str(values.get("complaint_class")), ()):
        if values.get(name):
            found[name] = values[name]
    return {**found, "customer": customer if values.get("customer") else None}


def _under_row_names(values: Mapping[str, Any], work: Any) -> Any:
    """Run ``work``; refusals of the form's ``sub_code_<class>`` are refusals of the row's ``sub_code``."""
    try:
        return work()
    except FieldErrors as refused:
        own = {"sub_code" if name.startswith("sub_code_") else name: lines for name, lines in refused.errors.items()}
        raise FieldErrors(own) from refused


def _check_moment(session: Session, values: Mapping[str, Any]) -> None:
    received = values.get("received_at")
    if received is not None and received > engine.now(session):
        raise FieldErrors({"received_at": [_l("A complaint cannot have been received in the future.")]})
