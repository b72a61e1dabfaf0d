"""Reasons to speak to a customer again that the system finds by itself, each night: the next product, a lost customer,
a loyal one, one who spends most of the money elsewhere [L11, L14, L15, L16].

Each becomes a lead that waits to be qualified, once per reason. The numbers are rows of ``lead_occasion`` in
lead_timing.dmn; what was looked at is kept with the lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.customers import queries as customers
from app.customers.models import Customer
from app.leads import occasion_queries, queries
from app.leads.models import Lead, LeadOccasion, Occasion
from app.leads.service import closing, intake
from app.leads.service.steps import today
from app.web.periods import midnight

WORK = "lead.occasions"
NIGHT = time(3)
"""When the system looks, in the business zone."""
MOST_AT_ONCE = 50
"""Leads captured in one night; the others follow in the next ones."""
ENOUGH = 30
"""From so many customers on the share of those who bought the next product is known, not assumed [L11]."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of ``lead_occasion``: not before and not after so many months, the largest ``top``, a ``percent``."""

    from_months: int
    to_months: int
    top: int
    percent: float


@dataclass(frozen=True, slots=True)
class Found:
    """A customer to be spoken to. ``reference``: the reason, which counts once. ``facts``: JSON."""

    kind: Occasion
    customer_id: int
    reference: str
    product_code: str | None = None
    owner: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely owners of a product buy the next one: ``bought`` of ``known`` customers, or assumed (``known`` is less
    than :data:`ENOUGH`). ``percent``: with one decimal."""

    known: int
    bought: int
    percent: float

    @property
    def assumed(self) -> bool:
        """Too few customers are known."""
        return self.known < ENOUGH


def rule(session: Session, kind: Occasion) -> Rule | None:
    """What the newest process says; None when it says nothing about this occasion."""
    try:
        definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
        rows = engine.queries.decide(session, definition.id, "lead_occasion", {"occasion": kind.value})
    except engine.DefinitionNotFound:
        return None
    found = Rule(**{name: rows[0][name] for name in Rule.__dataclass_fields__}) if rows else None
    return found if found is not None and (found.from_months or found.to_months) else None


def chance(session: Session, product_code: str, next_code: str, found: Rule, day: date) -> Chance:
    """Of the customers who have had the product for ``from_months``: how many have the next one by now."""
    since = months_before(day, found.from_months)
    known, bought = occasion_queries.went_on(session, product_code, next_code, since)
    return Chance(known, bought, round(100 * bought / known, 1) if known >= ENOUGH else float(found.percent))


def next_products(session: Session, found: Rule, day: date) -> Iterator[Found]:
    """Customers with a product for months, without the one that usually follows."""
    since = months_before(day, found.from_months)
    for product, following in occasion_queries.ladder(session):
        likely = chance(session, product.code, following.code, found, day)
        for customer_id, first in occasion_queries.owners_without(session, product.id, following.id, since):
            facts = {"product": product.code, "since": first.isoformat(), "percent": likely.percent}
            facts |= {"known": likely.known, "assumed": likely.assumed}
            reference = f"{customer_id}:{following.code}"
            yield Found(Occasion.NEXT_PRODUCT, customer_id, reference, following.code, facts=facts)


def win_backs(session: Session, found: Rule, day: date) -> Iterator[Found]:
    """Important customers lost within the period: of class A, or a target account."""
    zone = ZoneInfo(engine.runtime(session).zone)
    first, last = months_before(day, found.to_months), months_before(day, found.from_months)
    for lead in occasion_queries.lost_between(session, midnight(first, zone), midnight(last, zone)):
        assert lead.customer_id is not None and lead.lost_at is not None
        facts = {"lead": lead.number, "lost_on": today(session, lead.lost_at).isoformat(), "reason": lead.lost_reason}
        facts |= {"rival": lead.rival}
        yield Found(Occasion.WIN_BACK, lead.customer_id, lead.number, lead.product_code, lead.owner, facts)


def visits(session: Session, found: Rule, day: date) -> Iterator[Found]:
    """The largest of those who bought in each of the last years."""
    years = found.to_months // 12
    begins = [months_before(day, 12 * number) for number in range(years, 0, -1)]
    for customer_id, amount in occasion_queries.bought_each_year(session, begins, day, found.top):
        facts = {"years": years, "amount": str(amount)}
        yield Found(Occasion.VISIT, customer_id, f"{customer_id}:{day.year}", facts=facts)


def small_shares(session: Session, found: Rule, day: date) -> Iterator[Found]:
    """Customers who spend less than the percentage of their software money with us."""
    since = months_before(day, found.to_months)
    for customer_id, own, spend in occasion_queries.spending(session, since, day):
        if 100 * own < spend * Decimal(str(found.percent)):
            facts = {"own": str(own), "spend": str(spend), "percent": round(100 * float(own / spend), 1)}
            trial = occasion_queries.not_bought(session, customer_id)
            yield Found(Occasion.WALLET_SHARE, customer_id, f"{customer_id}:{day.year}", trial, facts=facts)


LOOKS: Mapping[Occasion, Callable[[Session, Rule, date], Iterator[Found]]] = {
    Occasion.NEXT_PRODUCT: next_products,
    Occasion.WIN_BACK: win_backs,
    Occasion.VISIT: visits,
    Occasion.WALLET_SHARE: small_shares,
}


def due(session: Session) -> dict[Occasion, list[Found]]:
    """Whom to speak to now, by reason: not captured for it before, and no lead of the customer is under way."""
    under_way = occasion_queries.customers_with_running_leads(session)
    return {kind: [one for one in _new(session, kind) if one.customer_id not in under_way] for kind in Occasion}


def _new(session: Session, kind: Occasion) -> Iterator[Found]:
    found = rule(session, kind)
    if found is not None:
        known = set(session.scalars(select(Lead.source_reference).where(Lead.source == kind.value)))
        yield from (one for one in LOOKS[kind](session, found, today(session)) if one.reference not in known)


def capture(session: Session) -> int:
    """Capture a lead for everybody to be spoken to, one for each customer; how many."""
    captured: set[int] = set()
    for wanted in due(session).values():
        for found in wanted:
            if found.customer_id not in captured and len(captured) < MOST_AT_ONCE:
                _capture(session, found)
                captured.add(found.customer_id)
    return len(captured)


def _capture(session: Session, found: Found) -> Lead:
    customer = session.get_one(Customer, found.customer_id)
    people = customers.contacts(session, customer.id)
    product = queries.product_by_code(session, found.product_code)
    bought = [code.lower() for code in occasion_queries.bought(session, customer.id)]
    values: dict[str, Any] = {
        "company": customer.name,
        "contact_name": people[0].name if people else "",
        "phone": (people[0].phone if people else "") or customer.phone,
        "email": people[0].email if people else "",
        "region": customer.region,
        "owns": sorted({*bought} & {*closing.OWNS}),
        "product_id": str(product.id) if product else None,
        "owner": found.owner,
        "department": customer.department_key,
        "source_reference": found.reference,
    }
    lead = intake.create(session, "system", source=found.kind.value)
    intake.keep_given(session, lead, {name: value for name, value in values.items() if value})
    lead.customer_id = customer.id
    session.add(LeadOccasion(number=lead.number, kind=found.kind.value, facts=dict(found.facts)))
    closing.begin(session, lead, actor="system")
    return lead


def begin(session: Session) -> None:
    """The system looks from the next night on. Saying so again changes nothing."""
    zone = ZoneInfo(engine.runtime(session).zone)
    now = engine.now(session).astimezone(zone)
    night = datetime.combine(now.date() + timedelta(days=now.time() >= NIGHT), NIGHT, zone).astimezone(UTC)
    engine.execute(session, engine.AddWork(topic=WORK, due_at=night, dedupe_key=f"{WORK}:{night:%Y-%m-%d}"))


def nightly(session: Session, work: engine.WorkCall) -> None:
    """Look, and again tomorrow."""
    capture(session)
    begin(session)


def months_before(day: date, count: int) -> date:
    """The same day ``count`` months earlier; the last of the month when it has no such day."""
    months = day.year * 12 + day.month - 1 - count
    year, month = divmod(months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
