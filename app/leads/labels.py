"""Codes as people read them. What a form offers is worded by the form; what only this slice knows is worded here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.customers import queries as customers
from app.leads import queries
from app.leads.models import Horizon, Lead, LeadState, MaterialKind, Occasion
from app.web.i18n import language

QUALIFY_FORM = "lead_followup/qualify"
CONTACT_FORM = "lead_followup/contact_now"
ADVANCE_FORM = "lead_followup/advance_purchase"

Options = list[tuple[str, str]]


def states() -> dict[str, str]:
    """Names of the states of a lead."""
    return {
        LeadState.NEW.value: _("To be qualified"),
        LeadState.OPEN.value: _("Being followed up"),
        LeadState.POOL.value: _("In the pool"),
        LeadState.WON.value: _("Won"),
        LeadState.LOST.value: _("Lost"),
        LeadState.CLOSED.value: _("No prospect"),
    }


def horizons() -> dict[str, str]:
    """Names of the horizons, the nearest first."""
    return {
        Horizon.NOW.value: _("Now"),
        Horizon.THREE_MONTHS.value: _("Within three months"),
        Horizon.SIX_MONTHS.value: _("Within six months"),
        Horizon.ONE_YEAR.value: _("Within a year"),
        Horizon.LATER.value: _("Beyond a year"),
    }


def kinds() -> dict[str, str]:
    """The three kinds of prospect [L1]."""
    return {
        "A": _("A: never bought software"),
        "B": _("B: has CAD, wants CAPP, BOM or PDM"),
        "C": _("C: has CAD or CAPP, wants MRP or ERP"),
    }


def sources() -> dict[str, str]:
    """How leads come into the system."""
    return {
        "form": _("Entered by hand"),
        "rest": _("From a program"),
        "message": _("By message"),
        "import": _("From a file"),
        "complaint": _("From a complaint"),
        "matter": _("From the front desk"),
        "won": _("Next product after a deal"),
        Occasion.NEXT_PRODUCT.value: _("Ready for the next product"),
        Occasion.WIN_BACK.value: _("Lost customer to win back"),
        Occasion.VISIT.value: _("Loyal customer to visit"),
        Occasion.WALLET_SHARE.value: _("Small share of the customer's spending"),
        "demo": _("Demo data"),
    }


def source(value: str, names: Mapping[str, str]) -> str:
    """The name of a source; a source that a program named itself keeps its name."""
    return names.get(value, value)


def reasons() -> dict[str, str]:
    """Why a lead changed hands."""
    return {
        "qualified": _("Qualified"),
        "untouched": _("Nobody was in touch for too long"),
        "returned": _("Returned to the pool"),
        "claimed": _("Claimed from the pool"),
        "worked": _("Took over its task"),
        "reassigned": _("Handed to somebody else"),
        "handed_over": _("The owner left"),
    }


def moves() -> dict[str, str]:
    """Why a lead entered a horizon."""
    return {
        "qualified": _("Qualified"),
        "boundary": _("The purchase came nearer"),
        "changed": _("Another purchase date"),
    }


def materials() -> dict[str, str]:
    """Kinds of material packs."""
    return {MaterialKind.DETAILED.value: _("Detailed material"), MaterialKind.GENERAL.value: _("General material")}


def products(session: Session) -> dict[str, str]:
    """Code → name of what is on sale."""
    return {row.code: row.title(language()) for row in customers.products(session)}


def of_field(session: Session, form: str, *names: str) -> dict[str, str]:
    """Value → label of the options of fields of a form, in the reader's language. Empty while the process is not
    deployed."""
    try:
        definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
        document = formkit.load(session, definition.id, form)
    except engine.DefinitionNotFound:
        return {}
    found: dict[str, str] = {}
    for name in names:
        field = document.field(name)
        for option in (field.options or ()) if field else ():
            found[str(option.value)] = option.label.in_language(language())
    return found


def step_names(session: Session, nodes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(definition, node) → name of the node in the reader's language."""
    return {
        (definition_id, node_id): engine.queries.node_name(session, definition_id, node_id, language())
        for definition_id, node_id in set(nodes)
    }


def headline(lead: Lead) -> str:
    """What a page about the lead is called."""
    return lead.company or lead.contact_name or lead.number
