"""Packs of material: which one fits, sent once for each time a lead enters a horizon, with who opened it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import notifications
from app.accounts import queries as accounts
from app.leads import queries
from app.leads.models import Lead, LeadMaterial, MaterialKind
from app.notifications.models import OutboxMessage

PATH = "/materials"
"""Where customers read a pack: followed by its token."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack in both languages. ``product``: the code of the product it is about, None for all others."""

    kind: MaterialKind
    product: str | None
    subject: Mapping[str, str]
    body: Mapping[str, str]

    @property
    def template(self) -> str:
        """Its name among the letters."""
        return f"lead.{self.kind}.{(self.product or 'all').lower()}"


@cache
def packs() -> tuple[Pack, ...]:
    """Everything in ``app/leads/packs``, by template. A file that says nothing useful fails at start-up."""
    found = []
    for entry in resources.files("app.leads.packs").iterdir():
        if entry.name.endswith(".json"):
            given = json.loads(entry.read_text("utf-8"))
            found.append(Pack(MaterialKind(given["kind"]), given["product"], given["subject"], given["body"]))
    return tuple(sorted(found, key=lambda pack: pack.template))


def fitting(kind: MaterialKind, product: str | None) -> Pack:
    """The pack of that kind about the product, else the one for all products."""
    of_kind = [pack for pack in packs() if pack.kind == kind]
    return next((pack for pack in of_kind if pack.product == product), None) or next(
        pack for pack in of_kind if pack.product is None
    )


def send(
    session: Session, lead: Lead, kind: MaterialKind, *, at: datetime, base_url: str, token: str
) -> LeadMaterial | None:
    """Put the fitting pack into the outbox and log it; None when this entry of the horizon was served already, or when
    the contact wants no advertising.

    ``token``: 43 characters or fewer that nobody guesses, the end of the customer's link.
    """
    horizon = queries.current_horizon(session, lead.number)
    if horizon is None or _sent(session, horizon.id):
        return None
    pack, key = fitting(kind, lead.product_code), f"lead.material:{horizon.id}"
    notifications.send_to_customer(
        session,
        to=lead.email or lead.phone or None,
        template=pack.template,
        facts={
            "contact": lead.contact_name or lead.company,
            "owner": accounts.display_names(session, [lead.owner], "zh").get(lead.owner, "") if lead.owner else "",
            "link": f"{base_url.rstrip('/')}{PATH}/{token}",
        },
        business_key=lead.number,
        dedupe_key=key,
        advertising=True,
    )
    outbox_id = session.scalar(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == key))
    if outbox_id is None:
        return None
    row = LeadMaterial(
        number=lead.number,
        horizon_id=horizon.id,
        kind=kind.value,
        product_code=pack.product,
        at=at,
        recipient=lead.email or lead.phone,
        outbox_id=outbox_id,
        token=token,
    )
    session.add(row)
    session.flush()
    return row


def _sent(session: Session, horizon_id: int) -> bool:
    return session.scalar(select(LeadMaterial.id).where(LeadMaterial.horizon_id == horizon_id)) is not None


def opened(session: Session, token: str, at: datetime) -> LeadMaterial | None:
    """The customer opened the pack: count it. None for a token nobody gave out."""
    row = session.scalar(select(LeadMaterial).where(LeadMaterial.token == token).with_for_update())
    if row is not None:
        row.opens += 1
        row.first_opened_at = row.first_opened_at or at
        row.last_opened_at = at
        session.flush()
    return row
