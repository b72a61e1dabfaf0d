"""Packs of material: what they say, what was sent to whom, and the page on which a customer reads one."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.accounts import queries as accounts
from app.customers import queries as customers
from app.errors import NotVisible
from app.leads import labels, queries
from app.leads.models import Lead, LeadMaterial, MaterialKind
from app.leads.service import materials
from app.leads.views.blueprint import SEES, blueprint
from app.notifications.wording import render_letter
from app.security import current, public, requires
from app.web.i18n import language

LATEST = 50
for_customers = Blueprint("materials", __name__, url_prefix=materials.PATH, template_folder="../templates")


@blueprint.get("/materials")
@requires(SEES)
def packs() -> ResponseReturnValue:
    """Every pack in both languages, and the latest that were sent to leads this person may see."""
    session = db.session()
    return render_template(
        "leads/packs.html",
        packs=materials.packs(),
        sent=queries.visible_materials(session, current(), LATEST),
        kinds=labels.materials(),
        products={row.code: row.title(language()) for row in customers.products(session)},
    )


@for_customers.get("/<token>")
@public
def read(token: str) -> ResponseReturnValue:
    """A pack as the customer reads it. The page itself tells that it was opened: looking it up changes nothing."""
    row, session = _sent(token), db.session()
    lead = session.get_one(Lead, row.number)
    pack = materials.fitting(MaterialKind(row.kind), row.product_code)
    facts = {"contact": lead.contact_name or lead.company, "owner": _owner(session, lead), "link": request.base_url}
    letter = render_letter(pack.template, facts, language())
    return render_template("leads/material.html", letter=letter, token=token)


def _owner(session: Session, lead: Lead) -> str:
    """Who the customer talks to."""
    return accounts.display_names(session, [lead.owner], language()).get(lead.owner, "") if lead.owner else ""


@for_customers.post("/<token>/opened")
@public
def opened(token: str) -> ResponseReturnValue:
    """A browser shows the pack to somebody."""
    session = db.session()
    _sent(token)
    materials.opened(session, token, engine.now(session))
    return Response(status=204)


def _sent(token: str) -> LeadMaterial:
    found = queries.material_by_token(db.session(), token) if token.isascii() and token.isprintable() else None
    if found is None:
        raise NotVisible
    return found
