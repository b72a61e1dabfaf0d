"""From the text of cells to the typed values of a target's fields, every refusal at its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import FieldErrors
from app.imports.mapping import ColumnMapping, cell_of
from app.imports.targets import FieldKind, Option, TargetField

TRUE = frozenset({"true", "yes", "y", "1", "是", "有", "对"})
FALSE = frozenset({"false", "no", "n", "0", "否", "无", "错"})
CHINESE_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?")
PLAIN_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
DEFAULT_MAXIMUM = {FieldKind.TEXT: 300, FieldKind.LONGTEXT: 32_767}
LARGEST_INTEGER = 2**53
LARGEST_AMOUNT = Decimal(10) ** 13


class CellRefused(Exception):
    """The text does not fit the field; the message is in the reader's language."""


class Converter:
    """The fields of one target with their options, read once for all rows of a file."""

    def __init__(self, session: Session, fields: Sequence[TargetField], mapping: ColumnMapping, zone: str) -> None:
        self.fields = {field.name: field for field in fields}
        self.mapping = mapping
        self.zone = ZoneInfo(zone)
        self.options = {f.name: tuple(f.options(session)) for f in fields if f.options is not None}

    def values(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """The typed values of one row; empty ones are left out. Raises FieldErrors with every field refused."""
        values: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, field in self.fields.items():
            try:
                value = self._value(field, cells)
            except CellRefused as refused:
                errors[name] = [str(refused)]
                continue
            if value is not None:
                values[name] = value
            elif field.required:
                errors[name] = [_("This field is required.")]
        if errors:
            raise FieldErrors(errors)
        return values

    def _value(self, field: TargetField, cells: Mapping[str, str]) -> Any:
        rule = self.mapping.fields.get(field.name)
        if rule is None:
            return None
        try:
            text = cell_of(rule, cells)
        except KeyError as unknown:
            raise CellRefused(_("“%(value)s” has no counterpart in the mapping.", value=unknown.args[0][:80])) from None
        if not text.strip():
            return None
        if field.kind is FieldKind.CHOICE:
            return chosen(text.strip(), self.options.get(field.name, ()))
        if field.kind in (FieldKind.DATE, FieldKind.DATETIME):
            return _moment(field, text.strip(), rule.format, self.zone)
        return PARSERS[field.kind](field, text)


def chosen(text: str, options: Sequence[Option]) -> str:
    """The option whose value or label ``text`` is. Raises CellRefused."""
    folded = text.casefold()
    for option in options:
        if folded in {option.value.casefold(), *(label.casefold() for label in option.label.values())}:
            return option.value
    raise CellRefused(_("“%(value)s” is not one of the choices.", value=text[:80]))


def _checked_text(field: TargetField, text: str) -> str:
    kept = text if field.kind is FieldKind.LONGTEXT else text.strip()
    if "\x00" in kept:
        raise CellRefused(_("This text holds characters that cannot be stored."))
    most = field.maximum or DEFAULT_MAXIMUM[field.kind]
    if len(kept) > most:
        raise CellRefused(_("At most %(number)s characters.", number=most))
    if field.kind is FieldKind.TEXT and any(unicodedata.category(character) == "Cc" for character in kept):
        return " ".join(kept.split())
    return kept


def _number(text: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("¥￥$€").removesuffix("元")
    plain = plain.replace(",", "").replace(" ", "")
    if not re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,10})?", plain):
        raise CellRefused(_("“%(value)s” is not a number.", value=text.strip()[:80]))
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise CellRefused(_("“%(value)s” is not a number.", value=text.strip()[:80])) from error


def _integer(field: TargetField, text: str) -> int:
    number = _number(text)
    if number != number.to_integral_value() or abs(number) > (field.maximum or LARGEST_INTEGER):
        raise CellRefused(_("“%(value)s” is not a whole number in range.", value=text.strip()[:80]))
    return int(number)


def _decimal(field: TargetField, text: str) -> Decimal:
    number = _number(text)
    if abs(number) > (field.maximum or LARGEST_AMOUNT):
        raise CellRefused(_("“%(value)s” is too large.", value=text.strip()[:80]))
    return number


def _money(field: TargetField, text: str) -> Decimal:
    number = _decimal(field, text)
    if number < 0 or number != number.quantize(Decimal("0.01")):
        raise CellRefused(_("“%(value)s” is not an amount of money.", value=text.strip()[:80]))
    return number.quantize(Decimal("0.01"))


def _boolean(_field: TargetField, text: str) -> bool:
    folded = text.strip().casefold()
    if folded in TRUE:
        return True
    if folded in FALSE:
        return False
    raise CellRefused(_("“%(value)s” is neither yes nor no.", value=text.strip()[:80]))


PARSERS: Mapping[FieldKind, Callable[[TargetField, str], Any]] = {
    FieldKind.TEXT: _checked_text,
    FieldKind.LONGTEXT: _checked_text,
    FieldKind.INTEGER: _integer,
    FieldKind.DECIMAL: _decimal,
    FieldKind.MONEY: _money,
    FieldKind.BOOLEAN: _boolean,
}


def _moment(field: TargetField, text: str, pattern: str | None, zone: ZoneInfo) -> date | datetime:
    try:
        moment = _parsed(text, pattern)
        if field.kind is FieldKind.DATE:
            return moment.date() if isinstance(moment, datetime) else moment
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CellRefused(_("“%(value)s” is not a date.", value=text[:80])) from error


def _parsed(text: str, pattern: str | None) -> date | datetime:
    if pattern is not None:
        return datetime.strptime(text, pattern)  # noqa: DTZ007  # the caller gives it the business time zone
    for expression in (CHINESE_DATE, PLAIN_DATE):
        found = expression.fullmatch(text)
        if found:
            return date(*(int(part) for part in found.groups()))
    return datetime.fromisoformat(text)
