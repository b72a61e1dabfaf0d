"""The list of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.accounts import queries as accounts
from app.customers import queries
from app.customers.models import Customer, ValueClass
from app.security import Principal
from app.web.i18n import language
from app.web.lists import BoundFilter, ChoiceFilter, Column, ListSpec, Sort, TextFilter
from app.web.lists.filters import FilterContext, clean


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer as the list shows it."""

    customer: queries.CustomerRow
    department: str


@dataclass(frozen=True, slots=True)
class CustomerSearch:
    """Free text: names, pinyin and its initials, telephone numbers, contacts."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Customers that match every word."""
        value = clean(arguments.get(self.name, ""))
        condition = queries.matching(context.session, value) if value else None
        return BoundFilter(self.name, str(self.label), "search", (value,) if value else (), condition=condition)


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    return queries.rows().where(Customer.id.in_(queries.visible(principal)))


def _rows(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[CustomerLine]:
    width = len(queries.CustomerRow.__dataclass_fields__)  # paging adds columns of its own behind
    customers = [queries.CustomerRow(*row[:width]) for row in found]
    keys = {row.department_key for row in customers if row.department_key}
    names = accounts.department_names(session, keys, language())
    return [CustomerLine(row, names.get(row.department_key or "", "")) for row in customers]


def value_class_label(value: str) -> str:
    """``A`` as people read it."""
    return str(_("Class %(letter)s", letter=value))


def _value_classes(session: Session) -> list[tuple[str, str]]:
    return [(str(value), value_class_label(value)) for value in ValueClass]


def _departments(session: Session) -> list[tuple[str, str]]:
    rows = accounts.departments(session)
    return [(row.key, row.name(language())) for row in rows if row.kind in ("centre", "office")]


CUSTOMERS: ListSpec[CustomerLine] = ListSpec(
    name="customers",
    title=_l("Customers"),
    select=_select,
    rows=_rows,
    key=Customer.id,
    columns=(
        Column("name", _l("Customer"), lambda line: line.customer.name, sort="name"),
        Column("name_en", _l("English name"), lambda line: line.customer.name_en, only_export=True),
        Column("value_class", _l("Value"), lambda line: line.customer.value_class, sort="value_class"),
        Column("region", _l("Region"), lambda line: line.customer.region, sort="region"),
        Column("industry", _l("Industry"), lambda line: line.customer.industry),
        Column("department", _l("Sold by"), lambda line: line.department),
        Column("phone", _l("Telephone"), lambda line: line.customer.phone),
        Column("address", _l("Address"), lambda line: line.customer.address, only_export=True),
    ),
    sorts={
        "name": Sort(Customer.name_key),  # uq_customer_name_key
        "value_class": Sort(Customer.value_class),  # ix_customer_value_class_id
        "region": Sort(Customer.region),
    },
    default_sort="name",
    filters=(
        CustomerSearch("q", _l("Search")),
        ChoiceFilter("value_class", _l("Value"), _value_classes, Customer.value_class),
        ChoiceFilter("department", _l("Sold by"), _departments, Customer.department_key),
        TextFilter("region", _l("Region"), Customer.region),
    ),
    export_permission="complaint.export",
)
