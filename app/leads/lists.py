"""The list of leads, the pool, the leads behind a figure, and their exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.customers import queries as customers
from app.customers.models import Customer
from app.leads import labels, queries
from app.leads.figures import qualified
from app.leads.models import FollowUp, Lead, LeadHorizon, LeadOwner, LeadState
from app.security import Principal, current
from app.web.i18n import language
from app.web.lists import ChoiceFilter, Column, DateFilter, FlagFilter, ListSpec, SearchFilter, Sort, TextFilter

NOBODY = "-"
"""The choice "nobody" among owners: no login looks like this."""


@dataclass(frozen=True, slots=True)
class Words:
    """Labels a page of rows shares."""

    states: dict[str, str]
    horizons: dict[str, str]
    kinds: dict[str, str]
    sources: dict[str, str]
    heard_from: dict[str, str]
    lost_reasons: dict[str, str]
    products: dict[str, str]
    departments: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class LeadLine:
    """A lead as the lists show it. ``tasks``: its open tasks, the most urgent first, with the step's name. ``had``: who
    had it when."""

    lead: Lead
    customer: str
    tasks: tuple[tuple[str, queries.OpenTaskRow], ...]
    contact: FollowUp | None
    had: tuple[LeadOwner, ...]
    words: Words

    @property
    def steps(self) -> str:
        """The steps that wait, by name."""
        return str(_("; ")).join(dict.fromkeys(name for name, _task in self.tasks))

    @property
    def first_due(self) -> queries.OpenTaskRow | None:
        """The most urgent task that has a deadline."""
        return next((task for _name, task in self.tasks if task.due_at), None)

    @property
    def owner(self) -> str:
        """The owner by name; empty while nobody has the lead."""
        return _name(self.words.people, self.lead.owner)

    @property
    def product(self) -> str:
        """The product by name."""
        return _name(self.words.products, self.lead.product_code)

    @property
    def pooled(self) -> LeadOwner | None:
        """The time in the pool that has not ended."""
        return next((row for row in reversed(self.had) if row.owner is None and row.to_at is None), None)

    @property
    def earlier_owners(self) -> list[str]:
        """Names of those who had the lead before, the latest first, each once."""
        logins = dict.fromkeys(row.owner for row in reversed(self.had) if row.owner and row.to_at)
        return [_name(self.words.people, login) for login in logins]


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    return (
        select(Lead, Customer.name).outerjoin(Customer, Customer.id == Lead.customer_id).where(queries.sees(principal))
    )


def _select_counted(_session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    joined = select(Lead, Customer.name).outerjoin(Customer, Customer.id == Lead.customer_id)
    return joined.where(queries.counted(principal))


def _select_pool(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    waiting = and_(LeadOwner.number == Lead.number, LeadOwner.owner.is_(None), LeadOwner.to_at.is_(None))
    chosen = _select(session, principal).join(LeadOwner, waiting)
    return chosen.where(Lead.state == LeadState.POOL.value)


def lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[LeadLine]:
    """Rows of ``(Lead, customer name)`` with everything the page shows, loaded for all at once."""
    numbers = [row[0].number for row in found]
    tasks, had = queries.open_tasks(session, numbers), queries.previous_owners(session, numbers)
    names = labels.step_names(session, ((task.definition_id, task.node_id) for rows in tasks.values() for task in rows))
    contacts = queries.last_contacts(session, numbers)
    logins = {row[0].owner for row in found} | {row[0].captured_by for row in found}
    logins |= {one.owner for rows in had.values() for one in rows}
    shared = words(session, [row[0] for row in found], logins)
    return [
        LeadLine(
            lead=row[0],
            customer=row[1] or "",
            tasks=tuple((names[task.definition_id, task.node_id], task) for task in tasks.get(row[0].number, ())),
            contact=contacts.get(row[0].number),
            had=tuple(had.get(row[0].number, ())),
            words=shared,
        )
        for row in found
    ]


def words(session: Session, leads: Sequence[Lead], logins: set[str | None]) -> Words:
    """What codes of these leads are called, and these people."""
    departments = {lead.department_key for lead in leads}
    return Words(
        states=labels.states(),
        horizons=labels.horizons(),
        kinds=labels.kinds(),
        sources=labels.sources(),
        heard_from=labels.of_field(session, labels.QUALIFY_FORM, "heard_from"),
        lost_reasons=labels.of_field(session, labels.CONTACT_FORM, "lost_reason"),
        products={row.code: row.title(language()) for row in customers.products(session)},
        departments=accounts.department_names(session, filter(None, departments), language()),
        people=accounts.display_names(session, filter(None, logins), language()),
    )


def _name(found: dict[str, str], value: str | None) -> str:
    return found.get(value or "", value or "")


def _owners(session: Session) -> labels.Options:
    logins = queries.people_with_leads(session, current())
    names = accounts.display_names(session, logins, language())
    return [(NOBODY, _("Nobody")), *((login, names.get(login, login)) for login in logins)]


def _owned_by(chosen: Sequence[str]) -> ColumnElement[bool]:
    logins = [login for login in chosen if login != NOBODY]
    return or_(Lead.owner.in_(logins), Lead.owner.is_(None)) if NOBODY in chosen else Lead.owner.in_(logins)


def _first_horizon(chosen: Sequence[str]) -> ColumnElement[bool]:
    first = select(LeadHorizon.number).where(LeadHorizon.reason == "qualified", LeadHorizon.horizon.in_(list(chosen)))
    return Lead.number.in_(first)


def _reached(chosen: Sequence[str]) -> ColumnElement[bool]:
    """The stages of the funnel: those a lead reached it has passed."""
    near = select(LeadHorizon.number).where(LeadHorizon.horizon == "now")
    conditions = {
        "qualified": qualified(),
        "now": and_(qualified(), Lead.number.in_(near)),
        "won": Lead.state == LeadState.WON.value,
        "lost": Lead.state == LeadState.LOST.value,
    }
    return conditions[chosen[0]]


def _sources(session: Session) -> labels.Options:
    names = labels.sources()
    named = [(value, value) for value in queries.sources(session) if value not in names]
    return [*names.items(), *named]


def _is(expression: Any, chosen: Sequence[str]) -> ColumnElement[bool]:
    """One of the values, or with the first option none."""
    return or_(expression.is_(None), expression == "") if NOBODY in chosen else expression.in_(list(chosen))


def _products(session: Session) -> labels.Options:
    return [(NOBODY, _("Not known")), *((row.code, row.title(language())) for row in customers.products(session))]


def _amount(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _column(name: str, label: Any, value: Callable[[LeadLine], Any]) -> Any:
    return Column(name, label, value, only_export=True)


EXPORTED: tuple[Column[LeadLine], ...] = (
    _column("customer", _l("Customer"), lambda line: line.customer),
    _column("contact_name", _l("Contact"), lambda line: line.lead.contact_name),
    _column("phone", _l("Telephone"), lambda line: line.lead.phone),
    _column("email", _l("E-mail"), lambda line: line.lead.email),
    _column("region", _l("Region"), lambda line: line.lead.region),
    _column("kind", _l("Kind of prospect"), lambda line: _name(line.words.kinds, line.lead.kind)),
    _column("step", _l("Step"), lambda line: line.steps),
    _column("owner", _l("Owner"), lambda line: line.owner),
    _column("department", _l("Department"), lambda line: _name(line.words.departments, line.lead.department_key)),
    _column("purchase_date", _l("Expected purchase"), lambda line: line.lead.purchase_date),
    _column("initial_purchase_date", _l("First expected"), lambda line: line.lead.initial_purchase_date),
    _column("amount", _l("Expected amount"), lambda line: _amount(line.lead.amount)),
    _column("source", _l("Source"), lambda line: labels.source(line.lead.source, line.words.sources)),
    _column("heard_from", _l("Heard of us"), lambda line: _name(line.words.heard_from, line.lead.heard_from)),
    _column("qualified_at", _l("Qualified at"), lambda line: line.lead.qualified_at),
    _column("last_touch_at", _l("Last contact"), lambda line: line.lead.last_touch_at),
    _column("last_text", _l("Last record"), lambda line: line.contact.text if line.contact else ""),
    _column("next_step", _l("Next step"), lambda line: line.contact.next_step if line.contact else ""),
    _column("closed_at", _l("Ended at"), lambda line: line.lead.closed_at),
    _column("deal_amount", _l("Amount of the deal"), lambda line: _amount(line.lead.deal_amount)),
    _column("months_advanced", _l("Months earlier"), lambda line: line.lead.months_advanced),
    _column(
        "lost_reason", _l("Reason of the loss"), lambda line: _name(line.words.lost_reasons, line.lead.lost_reason)
    ),
    _column("rival", _l("Rival"), lambda line: line.lead.rival),
)
"""What the file holds besides what the table shows."""


SHOWN: tuple[Column[LeadLine], ...] = (
    Column("number", _l("Lead"), lambda line: line.lead.number, sort="number"),
    Column("company", _l("Company"), lambda line: line.lead.company, sort="company"),
    Column("horizon", _l("Purchase"), lambda line: _name(line.words.horizons, line.lead.horizon), sort="purchase"),
    Column("state", _l("State"), lambda line: line.words.states[line.lead.state]),
    Column("product", _l("Product"), lambda line: line.product),
    Column("captured", _l("Captured"), lambda line: line.lead.captured_at, sort="captured"),
)

LEADS: ListSpec[LeadLine] = ListSpec(
    name="leads",
    title=_l("Leads"),
    select=_select,
    rows=lines,
    key=Lead.number,
    columns=(*SHOWN, *EXPORTED),
    sorts={
        "captured": Sort(Lead.captured_at),  # ix_lead_captured_at_number
        "number": Sort(Lead.number),  # pk_lead
        "purchase": Sort(Lead.purchase_date, nullable=True),
        "company": Sort(Lead.company_key),  # ix_lead_company_key
    },
    default_sort="-captured",
    filters=(
        SearchFilter("q", _l("Search"), queries.SEARCH_KIND, Lead.number),
        ChoiceFilter("horizon", _l("Purchase"), lambda _s: list(labels.horizons().items()), Lead.horizon, several=True),
        ChoiceFilter("state", _l("State"), lambda _s: list(labels.states().items()), Lead.state, several=True),
        ChoiceFilter("owner", _l("Owner"), _owners, condition=_owned_by),
        ChoiceFilter("source", _l("Source"), _sources, Lead.source),
        ChoiceFilter("kind", _l("Kind of prospect"), lambda _s: list(labels.kinds().items()), Lead.kind),
        TextFilter("region", _l("Region"), Lead.region),
        DateFilter("purchase", _l("Expected purchase"), Lead.purchase_date),
        FlagFilter("incomplete", _l("Target account without three contacts"), lambda _c: Lead.incomplete.is_(True)),
    ),
    export_permission="lead.export",
)

POOL: ListSpec[LeadLine] = replace(
    LEADS,
    name="pool",
    title=_l("Pool"),
    select=_select_pool,
    columns=(
        SHOWN[0],
        SHOWN[1],
        SHOWN[2],
        Column("since", _l("In the pool since"), lambda line: line.pooled and line.pooled.from_at, sort="since"),
        Column("before", _l("Had by"), lambda line: str(_(", ")).join(line.earlier_owners)),
        Column("claim", _l("What to do"), lambda _line: ""),
    ),
    sorts={**LEADS.sorts, "since": Sort(LeadOwner.from_at)},
    default_sort="purchase",
    filters=tuple(item for item in LEADS.filters if item.name not in ("state", "owner", "incomplete")),
)

BEHIND: ListSpec[LeadLine] = replace(
    LEADS,
    name="behind",
    title=_l("Leads behind the figure"),
    select=_select_counted,
    filters=(
        ChoiceFilter(
            "reached",
            _l("Stage reached"),
            lambda _s: [("qualified", _("Qualified")), ("now", _("Buys now")), ("won", _("Won")), ("lost", _("Lost"))],
            condition=_reached,
        ),
        ChoiceFilter(
            "first_horizon",
            _l("Horizon at first"),
            lambda _s: list(labels.horizons().items()),
            condition=_first_horizon,
        ),
        ChoiceFilter("owner", _l("Owner"), _owners, condition=_owned_by),
        ChoiceFilter("source", _l("Source"), _sources, Lead.source),
        ChoiceFilter(
            "heard_from",
            _l("Heard of us"),
            lambda session: [
                (NOBODY, _("Not known")),
                *labels.of_field(session, labels.QUALIFY_FORM, "heard_from").items(),
            ],
            condition=lambda chosen: _is(Lead.heard_from, chosen),
        ),
        ChoiceFilter(
            "lost_reason",
            _l("Reason of the loss"),
            lambda session: list(labels.of_field(session, labels.CONTACT_FORM, "lost_reason").items()),
            Lead.lost_reason,
        ),
        ChoiceFilter("product", _l("Product"), _products, condition=lambda chosen: _is(Lead.product_code, chosen)),
        DateFilter("captured", _l("Captured"), Lead.captured_at),
        DateFilter("qualified", _l("Qualified at"), Lead.qualified_at),
        DateFilter("won", _l("Won"), Lead.won_at),
        DateFilter("lost", _l("Lost"), Lead.lost_at),
    ),
)
"""The same leads, found by what figures count."""
