"""From what a client sends to Python values: one marshmallow field per type, messages in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import has_app_context
from flask_babel import get_timezone
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields

from app.formkit.document import Field, FieldType, FormDocument

MAX_NUMBER_LENGTH = 40
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_TRUE = frozenset({"true", "on", "1", "yes"})
_FALSE = frozenset({"false", "off", "0", "no", ""})


def local_zone() -> tzinfo:
    """The business time zone of the running application; UTC outside of one."""
    found = get_timezone() if has_app_context() else None
    return ZoneInfo(str(found)) if found else UTC  # flask-babel's own zones, put to a local time, mean that of 1901


def refuse(message: Any) -> ValidationError:
    """A refusal at this field."""
    return ValidationError([message])


class _Converter(fields.Field[Any]):
    """A marshmallow field that knows the field of the form and the zone of local times."""

    def __init__(self, spec: Field, zone: tzinfo) -> None:
        super().__init__(
            required=spec.required and spec.visible_if is None,
            allow_none=True,
            metadata={"description": spec.label.en, "title": spec.label.zh},
        )
        self.spec = spec
        self.zone = zone

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self.convert(value)

    def convert(self, value: Any) -> Any:
        """The Python value; raises ValidationError."""
        raise NotImplementedError

    def between(self, size: Any, low: Any, high: Any) -> None:
        """Refuse what lies outside of the document's limits; ``low`` and ``high`` word it."""
        spec = self.spec
        if spec.minimum is not None and size < Decimal(str(spec.minimum)):
            raise refuse(low(spec.minimum))
        if spec.maximum is not None and size > Decimal(str(spec.maximum)):
            raise refuse(high(spec.maximum))


class TextValue(_Converter):
    """Text: one line, or many with their line ends made equal."""

    def convert(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refuse(_l("Text is needed here."))
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        if self.spec.type is FieldType.TEXT:
            text = text.strip()
            if "\n" in text:
                raise refuse(_l("Only one line is possible here."))
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise refuse(_l("The text contains characters that can't be kept."))
        self.between(
            len(text),
            lambda least: _l("At least %(count)s characters are needed.", count=least),
            lambda most: _l("No more than %(count)s characters are possible.", count=most),
        )
        return text


class ReferenceValue(TextValue):
    """The id of something elsewhere, as text."""

    def convert(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return super().convert(value)


class NumberValue(_Converter):
    """A number, as a JSON number or as text: whole (int), or Decimal (money: two places)."""

    def convert(self, value: Any) -> int | Decimal:
        number = _decimal(value)
        spec = self.spec
        if spec.type is FieldType.INTEGER and number != number.to_integral_value():
            raise refuse(_l("A whole number is needed here."))
        if spec.type is FieldType.MONEY and number != round(number, 2):
            raise refuse(_l("An amount has no more than two decimal places."))
        self.between(
            number,
            lambda least: _l("The smallest possible value is %(limit)s.", limit=least),
            lambda most: _l("The largest possible value is %(limit)s.", limit=most),
        )
        return int(number) if spec.type is FieldType.INTEGER else number


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str):
        text = value.strip().replace(",", "").replace("，", "")
        if len(text) > MAX_NUMBER_LENGTH or not text.isascii() or not _NUMBER.fullmatch(text):
            raise refuse(_l("A number is needed here."))
        return Decimal(text)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refuse(_l("A number is needed here."))
    try:
        number = Decimal(str(value)) if abs(value) < 10**MAX_NUMBER_LENGTH else None
    except (InvalidOperation, OverflowError):
        number = None
    if number is None or not number.is_finite():
        raise refuse(_l("A number is needed here."))
    return number


class DateValue(_Converter):
    """A day: ``2026-11-30``."""

    def convert(self, value: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(_short(value, 10))
        except ValueError:
            raise refuse(_l("A date like 2026-11-30 is needed here.")) from None


class MomentValue(_Converter):
    """A moment: ``2026-11-30T09:30``, in the business time zone unless it names its own; a day alone is its first
    moment. Returned in UTC."""

    def convert(self, value: Any) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(_short(value, 40))
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except (OverflowError, ValueError):  # the first and last days of the calendar have no moment in UTC
            raise refuse(_l("Date and time like 2026-11-30 09:30 are needed here.")) from None


def _short(value: Any, longest: int) -> str:
    """Text of a day or moment; ValueError for what can't be one."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("no text of this length")
    return value.strip()


class FlagValue(_Converter):
    """Yes or no."""

    def convert(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower() if isinstance(value, str | int) else None
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise refuse(_l("Yes or no is needed here."))


class ChoiceValue(_Converter):
    """One of the options; numbers and texts that look alike are the same option."""

    def convert(self, value: Any) -> str | int:
        return chosen(self.spec, value)


class ChoicesValue(_Converter):
    """Some of the options, in the order given, each once."""

    def convert(self, value: Any) -> list[str | int]:
        if isinstance(value, str):
            value = [value] if value else []
        if not isinstance(value, list):
            raise refuse(_l("A list of values is needed here."))
        if len(value) > len(self.spec.options or ()) * 2:
            raise refuse(_l("Choose one of the offered values."))
        found = list(dict.fromkeys(chosen(self.spec, item) for item in value))
        self.between(
            len(found),
            lambda least: _l("Choose at least %(count)s.", count=least),
            lambda most: _l("Choose no more than %(count)s.", count=most),
        )
        return found


def chosen(spec: Field, value: Any) -> str | int:
    """The option ``value`` means; raises ValidationError."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        for option in spec.options or ():
            if str(option.value) == str(value)[:200]:
                return option.value
    raise refuse(_l("Choose one of the offered values."))


class FilesValue(_Converter):
    """Ids of uploaded files."""

    def convert(self, value: Any) -> list[int]:
        items = value if isinstance(value, list) else [value]
        if len(items) > 1_000 or not all(_is_id(item) for item in items):
            raise refuse(_l("Files are named by the numbers their upload returned."))
        found = list(dict.fromkeys(int(item) for item in items))
        self.between(
            len(found),
            lambda least: _l("At least %(count)s files are needed.", count=least),
            lambda most: _l("No more than %(count)s files are possible.", count=most),
        )
        return found


def _is_id(item: Any) -> bool:
    if isinstance(item, bool) or not isinstance(item, str | int):
        return False
    text = str(item)[:25]
    return text.isascii() and text.isdigit() and 0 < int(text) < 2**63


CONVERTERS: Mapping[FieldType, type[_Converter]] = {
    FieldType.TEXT: TextValue,
    FieldType.LONGTEXT: TextValue,
    FieldType.INTEGER: NumberValue,
    FieldType.DECIMAL: NumberValue,
    FieldType.MONEY: NumberValue,
    FieldType.DATE: DateValue,
    FieldType.DATETIME: MomentValue,
    FieldType.BOOLEAN: FlagValue,
    FieldType.CHOICE: ChoiceValue,
    FieldType.MULTICHOICE: ChoicesValue,
    FieldType.FILE: FilesValue,
    FieldType.REFERENCE: ReferenceValue,
}


def converter(spec: Field, zone: tzinfo) -> fields.Field[Any]:
    """The marshmallow field of one field of a form."""
    if spec.type is FieldType.ROWS:
        row = _schema({column.name: converter(column, zone) for column in spec.fields or ()}, spec.name)
        return fields.List(fields.Nested(row), required=spec.required and spec.visible_if is None)
    return CONVERTERS[spec.type](spec, zone)


def schema_of(document: FormDocument, zone: tzinfo = UTC) -> type[Schema]:
    """A marshmallow schema of the whole form, for API descriptions. Conditions are not in it: binding judges them."""
    return _schema({field.name: converter(field, zone) for field in document.fields}, document.key)


def _schema(found: dict[str, fields.Field[Any]], name: str) -> type[Schema]:
    words = "".join(part.title() for part in re.split(r"\W|_", name))
    return Schema.from_dict(dict(found), name=f"{words}Form")
