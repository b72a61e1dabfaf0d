"""Leads from files: one row is one lead, qualified at once when nothing is missing and nobody has it already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.customers import service as customers
from app.customers.models import Product
from app.errors import FieldErrors
from app.imports import FieldKind, Option, Outcome, OutcomeState, TargetField
from app.leads import queries
from app.leads.business import FIRST_FORM, LeadObject
from app.leads.service import following, ownership
from app.leads.service.steps import refuse
from app.security import Principal

SOURCE = "import"
NEEDED = ("company", "contact_name", "purchase_date")
"""With these a row is a qualified lead; with less it waits for customer support."""
_SEPARATORS = re.compile(r"[,，、;；/\s]+")


def _form(session: Session) -> formkit.FormDocument:
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    return formkit.load(session, definition.id, FIRST_FORM)


def _options_of(name: str) -> Any:
    def load(session: Session) -> Sequence[Option]:
        field = _form(session).field(name)
        return [
            Option(str(option.value), option.label.as_json()) for option in (field.options if field else None) or ()
        ]

    return load


def _products(session: Session) -> Sequence[Option]:
    rows = session.scalars(select(Product).where(Product.active).order_by(Product.id))
    return [Option(row.code, {"zh": row.name, "en": row.name_en or row.name}) for row in rows]


def _field(name: str, zh: str, en: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> TargetField:
    return TargetField(name=name, label={"zh": zh, "en": en}, kind=kind, **more)


_SEVERAL = {
    "zh": "用逗号分开：CAD、CAPP、BOM、PDM、OA、MRP、ERP",
    "en": "Separated by commas: CAD, CAPP, BOM, PDM, OA, MRP, ERP",
}
FIELDS: Sequence[TargetField] = (
    _field(
        "source_reference",
        "名单编号",
        "Reference",
        maximum=120,
        help={"zh": "没有时以企业和电话识别", "en": "Without one the company and the telephone number tell"},
    ),
    _field("company", "企业名称", "Company", required=True, maximum=200),
    _field("contact_name", "联系人", "Contact", maximum=100),
    _field("phone", "电话", "Telephone", maximum=40),
    _field("email", "电子邮件", "E-mail", maximum=200),
    _field("region", "地区", "Region", maximum=60),
    _field("heard_from", "从哪里了解我们", "How they heard of us", FieldKind.CHOICE, options=_options_of("heard_from")),
    _field("owns", "已有软件", "Software they have", maximum=200, help=_SEVERAL),
    _field("wants", "想要的软件", "Software they want", maximum=200, help=_SEVERAL),
    _field("product", "意向产品", "Product", FieldKind.CHOICE, options=_products),
    _field("amount", "预计金额（元）", "Expected amount (yuan)", FieldKind.MONEY),
    _field("purchase_date", "预计购买日期", "Expected purchase date", FieldKind.DATE),
    _field("target_account", "年度目标客户", "Target account of the year", FieldKind.BOOLEAN),
    _field("owner", "负责人（登录名）", "Owner (login)", maximum=60),
    _field("note", "备注", "Note", FieldKind.LONGTEXT, maximum=5_000),
)
_TO_FORM = (
    "company",
    "contact_name",
    "phone",
    "email",
    "region",
    "heard_from",
    "amount",
    "purchase_date",
    "owner",
    "note",
)


class LeadTarget:
    """Implements :class:`app.imports.ImportTarget` for leads."""

    key = "leads"
    title: Mapping[str, str] = {"zh": "线索", "en": "Leads"}
    permission = "lead.import"
    reference_field = "source_reference"

    def fields(self, session: Session) -> Sequence[TargetField]:
        """The fields a column can be mapped to."""
        return FIELDS

    def check_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> None:
        """Raises ``FieldErrors`` as the import would; writes nothing."""
        payload = self._payload(session, values)
        missing = {name for name in NEEDED if not values.get(name)}
        try:
            formkit.bind(_form(session), {**payload, "outcome": "qualified"}, overrides={}, groups=principal.groups)
        except FieldErrors as refused:
            wrong = {name: lines for name, lines in refused.errors.items() if name not in missing}
            if wrong:
                raise FieldErrors(wrong) from refused
        if values.get("purchase_date"):
            following.check_day(session, values["purchase_date"])
        if values.get("owner"):
            ownership.require_owner(session, str(values["owner"]).strip())

    def import_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> Outcome:
        """Capture one lead. A reference that is known makes nothing; what may be a duplicate waits for a person."""
        reference = _reference(values)
        known = queries.by_reference(session, SOURCE, reference)
        if known is not None:
            return Outcome(OutcomeState.EXISTING, known.number)
        self.check_row(session, values, principal)
        payload = self._payload(session, values) | {"source_reference": reference}
        if all(values.get(name) for name in NEEDED) and not _duplicates(session, values):
            payload["outcome"] = "qualified"
        started = LeadObject().start(session, principal, payload, source=SOURCE, may_wait=True)
        return Outcome(OutcomeState.CREATED, started.business_key)

    def _payload(self, session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
        """The row as a payload of the form `qualify`."""
        found = {name: values[name] for name in _TO_FORM if values.get(name) not in (None, "")}
        for name in ("owns", "wants"):
            if values.get(name):
                found[name] = _several(_form(session), name, str(values[name]))
        product = queries.product_by_code(session, values.get("product"))
        if product is not None:
            found["product_id"] = str(product.id)
        if values.get("target_account") is not None:
            found["target_account"] = values["target_account"]
        return found


def _several(form: formkit.FormDocument, name: str, text: str) -> list[str]:
    """The values in a cell. Raises ``FieldErrors`` for one that is not among the options."""
    field = form.field(name)
    offered = {str(option.value) for option in (field.options if field else None) or ()}
    given = [word.casefold() for word in _SEPARATORS.split(text) if word]
    for word in given:
        if word not in offered:
            raise refuse(name, f"{word}: {', '.join(sorted(offered))}")
    return list(dict.fromkeys(given))


def _reference(values: Mapping[str, Any]) -> str:
    """The list's own number, else what the company and its telephone number come to."""
    given = str(values.get("source_reference") or "").strip()
    return given or f"{customers.name_key(str(values['company']))}:{_digits(values)}"[:120]


def _digits(values: Mapping[str, Any]) -> str:
    return "".join(filter(str.isdigit, str(values.get("phone") or "")))


def _duplicates(session: Session, values: Mapping[str, Any]) -> bool:
    company = customers.name_key(str(values["company"]))
    return bool(queries.duplicates(session, company_key=company, phone_key=_digits(values)))
