"""What the system looked at when it captured a lead by itself, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.leads import labels, occasion_queries
from app.leads.models import Lead, Occasion
from app.leads.service.occasions import Rule
from app.web.filters import localdate, money

Words = Mapping[str, str]


def reason_of(session: Session, lead: Lead) -> str:
    """Why this lead was captured, in a sentence; empty when a person captured it."""
    found = occasion_queries.occasion(session, lead.number)
    if found is None:
        return ""
    reasons = labels.of_field(session, labels.CONTACT_FORM, "lost_reason")
    return reason(Occasion(found.kind), found.facts, labels.products(session), reasons)


def reason(kind: Occasion, facts: Mapping[str, Any], products: Words, lost_reasons: Words) -> str:
    """One occasion in a sentence. ``products``: code → name; ``lost_reasons``: code → label."""
    if kind == Occasion.NEXT_PRODUCT:
        return _next_product(facts, products)
    if kind == Occasion.WIN_BACK:
        why = lost_reasons.get(facts["reason"], facts["reason"]) or _("no reason given")
        lost = {"lead": facts["lead"], "day": localdate(date.fromisoformat(facts["lost_on"])), "reason": why}
        if facts["rival"]:
            return str(_("Lost on %(day)s (%(lead)s): %(reason)s, to %(rival)s.", **lost, rival=facts["rival"]))
        return str(_("Lost on %(day)s (%(lead)s): %(reason)s.", **lost))
    if kind == Occasion.VISIT:
        amount = money(Decimal(facts["amount"]))
        return str(
            _("Bought in each of the last %(years)s years, for %(amount)s.", years=facts["years"], amount=amount)
        )
    own, spend = money(Decimal(facts["own"])), money(Decimal(facts["spend"]))
    return str(
        _(
            "%(own)s of %(spend)s a year with us: %(percent)s %%.",
            own=own,
            spend=spend,
            percent=format_decimal(facts["percent"]),
        )
    )


def _next_product(facts: Mapping[str, Any], products: Words) -> str:
    product = products.get(facts["product"], facts["product"])
    since = localdate(date.fromisoformat(facts["since"]))
    said = {"product": product, "day": since, "percent": format_decimal(facts["percent"]), "known": facts["known"]}
    if facts["assumed"]:
        return str(_("Has %(product)s since %(day)s; %(percent)s %% are assumed to buy the next one.", **said))
    return str(
        _("Has %(product)s since %(day)s; %(percent)s %% of %(known)s such customers bought the next one.", **said)
    )


def definitions(rules: Mapping[Occasion, Rule | None]) -> dict[Occasion, str]:
    """What the system looks for, in a sentence for each occasion that a rule turns on."""
    said = {
        Occasion.NEXT_PRODUCT: _("Customers who have had a product for %(from_months)s months without the next one."),
        Occasion.WIN_BACK: _(
            "Customers of class A and target accounts lost %(from_months)s to %(to_months)s months ago."
        ),
        Occasion.VISIT: _(
            "The %(top)s largest customers by amount of those who bought in every twelve of the last %(to_months)s "
            "months."
        ),
        Occasion.WALLET_SHARE: _(
            "Customers whose yearly software spending is known and who spent less than %(percent)s %% of it with us in "
            "the last %(to_months)s months."
        ),
    }
    return {kind: said[kind] % _numbers(found) for kind, found in rules.items() if found is not None}


def _numbers(found: Rule) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Rule.__dataclass_fields__}
