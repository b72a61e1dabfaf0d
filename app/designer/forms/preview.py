"""The form as people will see it, in both languages side by side, to be filled in and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_babel import force_locale
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from app import formkit
from app.errors import FieldErrors
from app.formkit import FormDocument, widgets
from app.formkit.binding import as_json
from app.sandbox import papers

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Preview:
    """One language. ``accepted``: what would be kept, as JSON, after a check that refused nothing."""

    language: str
    title: str
    form: Markup
    accepted: str = ""


def prefix(language: str) -> str:
    """Before the names of the fields: both languages stand on one page."""
    return f"{language}-"


def draw(
    document: FormDocument,
    language: str,
    draft_id: int,
    name: str,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, Sequence[Any]] | None = None,
    accepted: str = "",
) -> Preview:
    """The form in ``language``, for somebody who may know every field."""
    url = url_for("designer.form_preview_fields", draft_id=draft_id, name=name, shown=language)
    with force_locale(language):
        found = widgets.draw(papers.with_samples(document), typed or {}, errors, {}, everybody(document))
        renamed = widgets.renamed(found, prefix(language))
        context = {"widgets": renamed, "errors": {"": (errors or {}).get("", [])}, "url": url}
        form = Markup(render_template("designer/_trial_fields.html", **context))
    return Preview(language, document.title.in_language(language), form, accepted)


def both(document: FormDocument, draft_id: int, name: str) -> tuple[Preview, ...]:
    """Untouched."""
    return tuple(draw(document, language, draft_id, name) for language in LANGUAGES)


def tried(document: FormDocument, form: MultiDict[str, str], draft_id: int, name: str) -> tuple[Preview, ...]:
    """What was filled in in one language (``form["shown"]``) was checked, or is only drawn again; the other is there
    untouched."""
    previews = []
    for language in LANGUAGES:
        if form.get("shown") != language:
            previews.append(draw(document, language, draft_id, name))
            continue
        given = formkit.without_prefix(form, prefix(language))
        typed = formkit.from_html(papers.with_samples(document), given, keep_empty_rows=True)
        if formkit.is_redraw(form):
            previews.append(draw(document, language, draft_id, name, typed))
            continue
        previews.append(_checked(document, language, draft_id, name, given, typed))
    return tuple(previews)


def _checked(
    document: FormDocument, language: str, draft_id: int, name: str, given: MultiDict[str, str], typed: dict[str, Any]
) -> Preview:
    payload = formkit.from_html(papers.with_samples(document), given)
    with force_locale(language):
        try:
            bound = formkit.bind(papers.with_samples(document), payload, groups=everybody(document))
        except FieldErrors as refused:
            errors = {field: [str(one) for one in messages] for field, messages in refused.errors.items()}
            return draw(document, language, draft_id, name, typed, errors)
    kept = json.dumps(as_json(bound.values), ensure_ascii=False, indent=1)
    return draw(document, language, draft_id, name, typed, accepted=kept)


def everybody(document: FormDocument) -> frozenset[str]:
    """All groups that some field is kept for."""
    return frozenset(group for field in document.fields for group in field.confidential)
