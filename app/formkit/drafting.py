"""Drafts as pages ask for them. A slice declares a :class:`DraftedPage` and gives it routes of its own, so that the
page and its drafts have the same guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from app import db
from app.formkit import drafts
from app.formkit.drafts import Draft
from app.security import current
from app.web import links

GONE = 410


def _nobody(_payload: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class DraftedPage:
    """A page that begins something new. ``subject``: whom a payload is about, so that a page opened for somebody else
    does not show it."""

    form: str
    subject: Callable[[Mapping[str, Any]], str] = _nobody

    def found(self, known: Mapping[str, Any]) -> Draft | None:
        """What the signed-in person did not send yet; only about whom the page was opened for (``known``)."""
        return drafts.latest(db.session(), current().login or "", self.form, self.subject(known))

    def context(self, draft: Draft | None) -> dict[str, Any]:
        """What the template asks for: the draft that is restored and the sheet that the page is."""
        sheet = draft.sheet if draft else drafts.sheet_in(request.form) or drafts.new_sheet()
        return {"draft": draft, "sheet": sheet}

    def keep(self, sheet: object, payload: Mapping[str, Any]) -> ResponseReturnValue:
        """Keep what is typed so far; 410 when the sheet was sent meanwhile."""
        subject = self.subject(payload)
        try:
            drafts.save(db.session(), str(sheet), current().login or "", payload, form=self.form, subject=subject)
        except drafts.SheetSent:
            return Response(status=GONE)
        return Response(status=204)

    def sent(self) -> None:
        """What was typed into the posted page has arrived: nothing of it is kept."""
        drafts.sent(db.session(), drafts.sheet_in(request.form), current().login or "", self.form)

    def discard(self, sheet: object, fresh: str) -> ResponseReturnValue:
        """Forget the draft and show the page as it came: where ``next`` says, or at ``fresh``."""
        drafts.discard(db.session(), str(sheet), current().login, form=self.form)
        return links.go(links.back(fresh))
