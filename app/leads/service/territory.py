"""Which marketing centre looks after a lead: its owner's, else its customer's, else the one of its region."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.queries import DepartmentRow
from app.customers import queries as customers
from app.leads.models import Lead

NOBODYS = "customer_department"
"""The group that has a lead of which nobody knows the region."""
SELLING = ("centre", "office")


def centre_of(session: Session, lead: Lead) -> str:
    """Key of the department whose group has the lead while nobody owns it."""
    return (
        centre_of_person(session, lead.owner)
        or (centre_of_department(session, _customers_department(session, lead)))
        or centre_of_region(session, lead.region)
        or NOBODYS
    )


def centre_of_person(session: Session, login: str | None) -> str | None:
    """The nearest department at or above the person's that has a staffed group of the same name."""
    return centre_of_department(session, accounts.department_of(session, login)) if login else None


def centre_of_region(session: Session, region: str) -> str | None:
    """The centre whose name, or the name of one of whose offices, begins with the region ("青岛" → 青岛办事处)."""
    words = region.strip().removesuffix("市").removesuffix("省").casefold()
    if not words:
        return None
    for row in accounts.departments(session):
        if row.kind in SELLING and any(name.casefold().startswith(words) for name in (row.name_zh, row.name_en)):
            return centre_of_department(session, row.key)
    return None


def _customers_department(session: Session, lead: Lead) -> str | None:
    row = customers.customer(session, lead.customer_id) if lead.customer_id is not None else None
    return row.department_key if row else None


def centre_of_department(session: Session, key: str | None) -> str | None:
    """The department itself or the nearest above it that has a staffed group of the same name."""
    if key is None:
        return None
    tree = {row.id: row for row in accounts.departments(session)}
    staffed = {row.name for row in accounts.groups(session) if row.members}
    row: DepartmentRow | None = next((found for found in tree.values() if found.key == key), None)
    while row is not None and row.key not in staffed:
        row = tree.get(row.parent_id) if row.parent_id else None
    return row.key if row else None
