"""``/api/v1/references``: the options of fields that point to something elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from app import db
from app.errors import NotVisible
from app.formkit import references
from app.security import current, signed_in
from app.web.api import ApiBlueprint, ErrorSchema

blueprint = ApiBlueprint(
    "references_api", __name__, url_prefix="/api/v1/references", description="Options of reference fields"
)


class ReferenceQuerySchema(Schema):
    """What to look for."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Words"})
    limit = fields.Integer(load_default=references.SHOWN, validate=validate.Range(1, 100))


class ReferenceLabelSchema(Schema):
    """A text in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class ReferenceOptionSchema(Schema):
    """One option, as in a form document."""

    value = fields.String(required=True)
    label = fields.Nested(ReferenceLabelSchema, required=True)


class ReferenceOptionsSchema(Schema):
    """The likeliest options, or those the words fit."""

    options = fields.List(fields.Nested(ReferenceOptionSchema), required=True)


@blueprint.get("/<kind>")
@signed_in
@blueprint.arguments(ReferenceQuerySchema, location="query")
@blueprint.response(200, ReferenceOptionsSchema)
@blueprint.alt_response(404, schema=ErrorSchema, description="Nothing of that kind can be pointed to")
def options(query: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What a reference field may hold"""
    if references.source(kind) is None:
        raise NotVisible
    found = references.search(db.session(), current(), kind, query["q"], query["limit"])
    shown = ({"value": choice.value, "label": {"zh": choice.label, "en": choice.label}} for choice in found)
    return {"options": list(shown)}
