"""Reading a form's file, strictly: what a form can't mean is refused with the place and the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

import engine
from app.formkit.document import BOUNDS, NUMBERS, WITH_OPTIONS, Field, FieldType, FormDocument, Option, Text

MAX_BYTES = 500_000
MAX_FIELDS = 200
MAX_OPTIONS = 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
"""Ours are small letters; forms of other tools bring capitals along, because a variable is called like that."""
_KEY = re.compile(r"[a-z][a-z0-9_-]*(/[a-z][a-z0-9_-]*)*")
_FORM_KEYS = frozenset({"$schema", "key", "title", "fields"})
_FIELD_KEYS = frozenset(
    {"name", "type", "label", "help", "required", "readonly", "value", "options", "min", "max", "fields", "visible_if"}
    | {"variable", "confidential", "options_url", "stores", "ordered"}
)
_RESERVED = frozenset({"csrf_token", "q", "files_upload", "_rows", "_refresh"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: ``fields.3.visible_if``."""

    path: str
    message: Any


class FormInvalid(Exception):
    """The file is no form. ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


def parse(content: bytes | str) -> FormDocument:
    """The form in ``content`` (JSON, UTF-8). Raises FormInvalid with every problem found."""
    if len(content) > MAX_BYTES:
        raise FormInvalid([Problem("", _l("The file is too large."))])
    try:
        data = json.loads(content, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise FormInvalid([Problem("", _l("The file is not readable as JSON."))]) from None
    return from_json(data)


def from_json(data: Any) -> FormDocument:
    """The form in a JSON value. Raises FormInvalid with every problem found."""
    reader = _Reader()
    document = reader.form(data)
    if reader.problems:
        raise FormInvalid(reader.problems)
    return document


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


class _Reader:
    """Collects the problems while it reads; what it returns counts only without problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, path: str, message: Any) -> None:
        self.problems.append(Problem(path, message))

    def form(self, data: Any) -> FormDocument:
        nothing = FormDocument("", Text("", ""), ())
        if not isinstance(data, dict):
            self.wrong("", _l("A form is a JSON object."))
            return nothing
        self._only(data, _FORM_KEYS, "")
        key = data.get("key")
        if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > 200:
            self.wrong("key", _l("The key is written like complaint/judge."))
            key = ""
        title = self._text(data.get("title"), "title")
        return FormDocument(key, title, self._fields(data.get("fields"), "fields", in_rows=False))

    def _fields(self, data: Any, path: str, *, in_rows: bool) -> tuple[Field, ...]:
        if not isinstance(data, list) or not data or len(data) > MAX_FIELDS:
            self.wrong(path, _l("A list of fields is needed."))
            return ()
        found: list[Field] = []
        for index, item in enumerate(data):
            field = self._field(item, f"{path}.{index}", {before.name for before in found}, in_rows=in_rows)
            if field is not None:
                found.append(field)
        self._stored_once(found, path)
        return tuple(found)

    def _stored_once(self, fields: Sequence[Field], path: str) -> None:
        """Fields that keep their value under one name must exclude each other."""
        names = {field.name for field in fields}
        for index, field in enumerate(fields):
            if field.stores and (field.stores in names or field.visible_if is None):
                self.wrong(f"{path}.{index}.stores", _l("Such a field needs a condition and a name of its own."))

    def _field(self, data: Any, path: str, before: set[str], *, in_rows: bool) -> Field | None:
        if not isinstance(data, dict):
            self.wrong(path, _l("A field is a JSON object."))
            return None
        self._only(data, _FIELD_KEYS, path)
        name, kind = self._name(data, path, before), self._type(data, path, in_rows=in_rows)
        if not name or kind is None:
            return None
        minimum, maximum = self._bounds(data, kind, path)
        columns = None
        if kind is FieldType.ROWS:
            columns = self._fields(data.get("fields"), f"{path}.fields", in_rows=True)
        elif data.get("fields") is not None:
            self.wrong(f"{path}.fields", _l("Only rows have columns."))
        readonly = self._flag(data, "readonly", path)
        required = self._flag(data, "required", path)
        if required and readonly:
            self.wrong(f"{path}.required", _l("A field nobody can change can't be required."))
        return Field(
            name=name,
            type=kind,
            label=self._text(data.get("label"), f"{path}.label"),
            help=self._text(data["help"], f"{path}.help") if data.get("help") is not None else None,
            required=required,
            readonly=readonly,
            value=data.get("value"),
            options=self._options(data, kind, path),
            minimum=minimum,
            maximum=maximum,
            fields=columns,
            visible_if=self._condition(data.get("visible_if"), path, before),
            variable=self._flag(data, "variable", path),
            confidential=self._groups(data.get("confidential"), path),
            options_url=self._options_url(data, kind, path),
            stores=self._stores(data, path),
            ordered=self._flag(data, "ordered", path),
        )

    def _name(self, data: Mapping[str, Any], path: str, before: set[str]) -> str:
        name = data.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
            self.wrong(f"{path}.name", _l("A name is made of letters, digits and underscores."))
            return ""
        if name in before:
            self.wrong(f"{path}.name", _l("The name is used twice."))
        return name

    def _stores(self, data: Mapping[str, Any], path: str) -> str:
        stores = data.get("stores", "")
        if not isinstance(stores, str) or (stores and not _NAME.fullmatch(stores)):
            self.wrong(f"{path}.stores", _l("A name is made of letters, digits and underscores."))
            return ""
        return stores

    def _type(self, data: Mapping[str, Any], path: str, *, in_rows: bool) -> FieldType | None:
        try:
            kind = FieldType(str(data.get("type")))
        except ValueError:
            self.wrong(f"{path}.type", _l("There is no such type of field."))
            return None
        if in_rows and kind in (FieldType.ROWS, FieldType.FILE, FieldType.MULTICHOICE):
            self.wrong(f"{path}.type", _l("A column can't have this type."))
        return kind

    def _text(self, data: Any, path: str) -> Text:
        if isinstance(data, dict) and data.keys() == {"zh", "en"}:
            zh, en = data["zh"], data["en"]
            if isinstance(zh, str) and isinstance(en, str) and zh.strip() and en.strip():
                return Text(zh, en)
        self.wrong(path, _l("A text is needed in both languages: zh and en."))
        return Text("", "")

    def _flag(self, data: Mapping[str, Any], name: str, path: str) -> bool:
        value = data.get(name, False)
        if not isinstance(value, bool):
            self.wrong(f"{path}.{name}", _l("Only true or false."))
        return value is True

    def _bounds(self, data: Mapping[str, Any], kind: FieldType, path: str) -> tuple[Any, Any]:
        found: list[Any] = []
        for name, fallback in zip(("min", "max"), BOUNDS.get(kind, (None, None)), strict=True):
            value = data.get(name)
            if value is None:
                found.append(fallback)
                continue
            whole = kind not in (FieldType.DECIMAL, FieldType.MONEY)
            number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if kind not in BOUNDS or not number or (kind not in NUMBERS and value < 0):
                self.wrong(f"{path}.{name}", _l("The limit does not fit the type of the field."))
                value = fallback
            found.append(value)
        if None not in found and Decimal(str(found[0])) > Decimal(str(found[1])):
            self.wrong(f"{path}.min", _l("The smallest is larger than the largest."))
        return found[0], found[1]

    def _options(self, data: Mapping[str, Any], kind: FieldType, path: str) -> tuple[Option, ...] | None:
        given = data.get("options")
        if kind not in WITH_OPTIONS:
            if given is not None:
                self.wrong(f"{path}.options", _l("Only choices have options."))
            return None
        if not isinstance(given, list) or not given or len(given) > MAX_OPTIONS:
            self.wrong(f"{path}.options", _l("A choice needs options."))
            return ()
        found: list[Option] = []
        for index, item in enumerate(given):
            place = f"{path}.options.{index}"
            if not isinstance(item, dict) or item.keys() != {"value", "label"}:
                self.wrong(place, _l("An option has a value and a label."))
            elif isinstance(item["value"], bool) or not isinstance(item["value"], str | int) or item["value"] == "":
                self.wrong(f"{place}.value", _l("The value of an option is a text or a whole number."))
            elif str(item["value"]) in {str(option.value) for option in found}:
                self.wrong(f"{place}.value", _l("The value is used twice."))
            else:
                found.append(Option(item["value"], self._text(item["label"], f"{place}.label")))
        return tuple(found)

    def _condition(self, given: Any, path: str, before: set[str]) -> str | None:
        """Conditions look back only, so one pass over the fields decides, here and in any client."""
        if given is None:
            return None
        if not isinstance(given, str):
            self.wrong(f"{path}.visible_if", _l("A condition is an expression."))
            return None
        try:
            names = engine.compile_expression(given).names
        except engine.ExpressionRefused as refused:
            self.wrong(
                f"{path}.visible_if", _l("The condition is refused: %(reason)s", reason=refused.facts.get("reason"))
            )
            return None
        later = sorted(names - before - {"true", "false", "null"})
        if later:
            self.wrong(
                f"{path}.visible_if",
                _l("A condition may use earlier fields only, not %(names)s.", names=", ".join(later)),
            )
        return given

    def _groups(self, given: Any, path: str) -> frozenset[str]:
        if given is None:
            return frozenset()
        if not isinstance(given, list) or not given or not all(isinstance(group, str) and group for group in given):
            self.wrong(f"{path}.confidential", _l("A list of groups is needed."))
            return frozenset()
        return frozenset(given)

    def _options_url(self, data: Mapping[str, Any], kind: FieldType, path: str) -> str | None:
        given = data.get("options_url")
        if kind is not FieldType.REFERENCE:
            if given is not None:
                self.wrong(f"{path}.options_url", _l("Only references have an address for their options."))
            return None
        if not isinstance(given, str) or not given.startswith("/") or given.startswith("//"):
            self.wrong(f"{path}.options_url", _l("A reference needs the address of its options."))
            return None
        return given

    def _only(self, data: Mapping[str, Any], known: frozenset[str], path: str) -> None:
        for name in sorted(set(data) - known):
            self.wrong(f"{path}.{name}" if path else str(name), _l("Nobody knows this setting."))
