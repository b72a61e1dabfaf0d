"""What people may type about a customer or a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from app.customers.models import ValueClass
from app.errors import FieldErrors

_REQUIRED = {"required": _l("This field is required."), "invalid": _l("This is not a text.")}


def _text(longest: int, *, required: bool = False) -> fields.String:
    checks = [validate.Length(max=longest, error=_l("At most %(count)s characters.", count=longest))]
    if required:
        checks.insert(0, validate.Length(min=1, error=_l("This field is required.")))
    return fields.String(required=required, validate=checks, error_messages=_REQUIRED)


class _Form(Schema):
    """Strips what people type; fields nobody knows are left out."""

    class Meta:
        """Hidden fields of the page (the CSRF token) are none of ours."""

        unknown = EXCLUDE

    @pre_load
    def strip(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Texts without the spaces around them and without control characters no database keeps."""
        return {
            name: value.strip().replace("\x00", "") if isinstance(value, str) else value for name, value in data.items()
        }


class CustomerSchema(_Form):
    """A customer."""

    name = _text(200, required=True)
    name_en = _text(200)
    short_name = _text(60)
    value_class = fields.String(
        validate=validate.OneOf([*ValueClass], error=_l("Choose one of the values.")), load_default=ValueClass.C.value
    )
    region = _text(60)
    industry = _text(100)
    department_key = _text(60)
    phone = _text(40)
    address = _text(300)
    remark = _text(5000)
    software_spend = fields.Decimal(
        places=2,
        allow_none=True,
        validate=validate.Range(min=0, max=10**12, error=_l("Give an amount from 0 to 1,000,000,000,000.")),
        error_messages=dict.fromkeys(("invalid", "special"), _l("This is not an amount.")),
    )

    @pre_load
    def empty_amount(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """An empty field is an amount nobody knows; separators of thousands are read."""
        given = str(data.get("software_spend") or "").replace(",", "").replace("，", "").strip()
        return {**data, "software_spend": given or None} if "software_spend" in data else dict(data)


class ContactSchema(_Form):
    """A person at a customer."""

    name = _text(100, required=True)
    position = _text(100)
    phone = _text(40)
    email = fields.String(
        validate=[
            validate.Length(max=200, error=_l("At most %(count)s characters.", count=200)),
            validate.Regexp(r"^$|^[^@\s]+@[^@\s]+$", error=_l("This is not an e-mail address.")),
        ]
    )
    language = fields.String(validate=validate.OneOf(["zh", "en"], error=_l("Choose one of the values.")))
    is_main = fields.Boolean(load_default=False)


def checked(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values. Raises ``FieldErrors`` with the messages of every refused field."""
    try:
        loaded: dict[str, Any] = schema.load(dict(data))
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        found = {str(name): lines if isinstance(lines, list) else [lines] for name, lines in messages.items()}
        raise FieldErrors(found) from error
    return loaded
