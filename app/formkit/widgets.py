"""What the templates draw: a form with its values and errors as plain frozen values, every decision taken here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from marshmallow import ValidationError

import engine
from app import db
from app.formkit import references
from app.formkit.binding import as_json, is_visible
from app.formkit.conversion import CONVERTERS, local_zone
from app.formkit.document import Field, FieldType, FormDocument, Text
from app.formkit.representation import value_of
from app.security import current
from app.web.i18n import language

FEW = 5
"""Up to so many options are shown as buttons side by side."""
_INPUT = {FieldType.DATE: "date", FieldType.DATETIME: "datetime-local"}
_MODE = {FieldType.INTEGER: "numeric", FieldType.DECIMAL: "decimal", FieldType.MONEY: "decimal"}


@dataclass(frozen=True, slots=True)
class Shown:
    """An option as drawn."""

    value: str
    label: str
    chosen: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One field as drawn. ``kind`` names the macro."""

    kind: str
    name: str
    path: str
    """The field in messages: ``actions.0.owner``; links of the error summary lead there."""
    label: str
    help: str = ""
    required: bool = False
    value: str = ""
    options: tuple[Shown, ...] = ()
    errors: tuple[str, ...] = ()
    input_type: str = "text"
    input_mode: str = ""
    maximum: int | None = None
    decides: bool = False
    ordered: bool = False
    confidential: bool = False
    rows: tuple[tuple[Widget, ...], ...] = ()
    template: tuple[Widget, ...] = ()
    search_url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One value in a reading view. ``rows``: column names and cells of a table."""

    label: str
    type: str
    value: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    files: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Drawing:
    errors: Mapping[str, Sequence[Any]]
    deciding: Set[str] = field(default_factory=frozenset)

    def widget(self, spec: Field, value: Any, name: str, path: str) -> Widget:
        basic = Widget(
            kind="input",
            name=name,
            path=path,
            label=words(spec.label),
            help=words(spec.help),
            required=spec.required,
            errors=tuple(str(message) for message in self.errors.get(path, ())),
            decides=spec.name in self.deciding and path == spec.name,
            confidential=bool(spec.confidential),
        )
        if spec.readonly:
            return replace(basic, kind="static", value=text_of(spec, value))
        return self._special(basic, spec, value, path) or replace(
            basic,
            kind="longtext" if spec.type is FieldType.LONGTEXT else "input",
            value=typed(spec, value),
            input_type=_INPUT.get(spec.type, "text"),
            input_mode=_MODE.get(spec.type, ""),
            maximum=int(spec.maximum) if spec.type in (FieldType.TEXT, FieldType.LONGTEXT) and spec.maximum else None,
        )

    def _special(self, basic: Widget, spec: Field, value: Any, path: str) -> Widget | None:
        """The fields that are more than a box to type into."""
        match spec.type:
            case FieldType.ROWS:
                return self._rows(basic, spec, value)
            case FieldType.FILE:
                return replace(basic, kind="file", options=tuple(Shown(str(item), "") for item in _as_list(value)))
            case FieldType.BOOLEAN:
                return replace(basic, kind="checkbox", value="true" if _truthy(value) else "")
            case FieldType.REFERENCE:
                return _reference(basic, spec, value)
            case FieldType.MULTICHOICE | FieldType.CHOICE:
                return _choice(basic, spec, value, in_row="." in path)
        return None

    def _rows(self, basic: Widget, spec: Field, value: Any) -> Widget:
        given = [row for row in _as_list(value) if isinstance(row, Mapping)]
        least = max(int(spec.minimum or 0), 1 if spec.required else 0)
        given += [{} for _missing in range(least - len(given))]
        rows = tuple(self._row(spec, row, index) for index, row in enumerate(given))
        blank = _Drawing({})._row(spec, {}, "__row__")
        return replace(basic, kind="rows", rows=rows, template=blank)

    def _row(self, spec: Field, row: Mapping[str, Any], index: int | str) -> tuple[Widget, ...]:
        return tuple(
            self.widget(
                column,
                row.get(column.name, column.value),
                f"{spec.name}-{index}-{column.name}",
                f"{spec.name}.{index}.{column.name}",
            )
            for column in spec.fields or ()
        )


def draw(
    document: FormDocument,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[Any]] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    groups: Set[str] = frozenset(),
) -> tuple[Widget, ...]:
    """The fields to draw now, for a member of ``groups``. ``values`` may be bound values, JSON or what was typed."""
    form = document.for_person(overrides or {}, groups)
    deciding = frozenset(
        name for spec in form.fields if spec.visible_if for name in engine.compile_expression(spec.visible_if).names
    )
    drawing = _Drawing(errors or {}, deciding)
    seen: dict[str, Any] = {spec.name: None for spec in form.fields}
    found = []
    for spec in form.fields:
        value = value_of(spec, values)
        if spec.name in values and values[spec.name] is None and not spec.readonly:
            value = None  # emptied by the person, not untouched
        if spec.required and spec.type is FieldType.CHOICE and len(spec.options or ()) == 1:
            value = spec.options[0].value if spec.options else None  # nothing to choose
        if is_visible(spec.visible_if, seen):
            seen[spec.name] = _meaning(spec, value)
            if not (spec.readonly and _says_nothing(spec, value)):
                found.append(drawing.widget(spec, value, spec.name, spec.name))
    return tuple(found)


def renamed(widgets: Sequence[Widget], prefix: str, search_url: Callable[[str], str] | None = None) -> list[Widget]:
    """The same fields under names that begin with ``prefix``, so that one page holds several forms;
    :func:`app.formkit.html.without_prefix` takes it off again. ``search_url`` says for a kind of reference where its
    options are found, if not at the usual place."""

    def of(found: Widget) -> Widget:
        kind = found.search_url.rpartition("/")[2]
        return replace(
            found,
            name=prefix + found.name,
            path=prefix + found.path,
            rows=tuple(tuple(map(of, row)) for row in found.rows),
            template=tuple(map(of, found.template)),
            search_url=search_url(kind) if search_url and kind else found.search_url,
        )

    return [of(widget) for widget in widgets]


def _says_nothing(spec: Field, value: Any) -> bool:
    return value in (None, "", []) or (spec.type is FieldType.INTEGER and value == 0)


def read(document: FormDocument, values: Mapping[str, Any], groups: Set[str]) -> tuple[Line, ...]:
    """The filled-in fields for reading, in the order of the form; empty ones are left out."""
    form = document.for_person({}, groups)
    found: dict[str, Line] = {}
    for spec in form.fields:
        value = values.get(spec.key, values.get(spec.name))
        if value in (None, "", [], False) or spec.key in found:
            continue
        if spec.stores and spec.options and str(value) not in {str(option.value) for option in spec.options}:
            continue
        found[spec.key] = _line(spec, value)
    return tuple(found.values())


def summary(document: FormDocument | None, errors: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """The refusals with the labels of their fields before them, for the list above the form."""
    found: dict[str, list[str]] = {}
    for path, messages in errors.items():
        label = _label(document, path.split(".")) if document else ""
        found[path] = [
            str(_("%(field)s: %(reason)s", field=label, reason=message)) if label else str(message)
            for message in messages
        ]
    return found


def _label(document: FormDocument, path: Sequence[str]) -> str:
    spec = document.field(path[0])
    if spec is None or len(path) < 3:
        return words(spec.label) if spec else ""
    column = next((column for column in spec.fields or () if column.name == path[2]), None)
    row = str(int(path[1]) + 1) if path[1].isdigit() else path[1]
    return " ".join(filter(None, (words(spec.label), row, words(column.label) if column else "")))


def _line(spec: Field, value: Any) -> Line:
    label = words(spec.label)
    if spec.type is FieldType.ROWS:
        columns = spec.fields or ()
        cells = tuple(
            tuple(text_of(column, row.get(column.name)) for column in columns)
            for row in _as_list(value)
            if isinstance(row, Mapping)
        )
        return Line(label, spec.type, head=tuple(words(column.label) for column in columns), rows=cells)
    if spec.type is FieldType.FILE:
        return Line(label, spec.type, files=tuple(int(item) for item in _as_list(value) if str(item).isdigit()))
    return Line(label, spec.type, text_of(spec, value))


def words(text: Text | None) -> str:
    """A text in the reader's language."""
    return text.in_language(language()) if text else ""


def typed(spec: Field, value: Any) -> str:
    """What stands in the box: what was typed, or a value as people type it."""
    if value is None:
        return ""
    if spec.type is FieldType.DATETIME:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            return str(value)
        local = moment.astimezone(local_zone()) if moment.tzinfo else moment
        return local.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def text_of(spec: Field, value: Any) -> str:
    """A value as people read it: names instead of codes and ids."""
    if value is None or value == "":
        return ""
    if spec.type is FieldType.BOOLEAN:
        return str(_("Yes") if _truthy(value) else _("No"))
    if spec.type in (FieldType.CHOICE, FieldType.MULTICHOICE):
        names = {str(option.value): words(option.label) for option in spec.options or ()}
        return str(_("; ")).join(names.get(str(item), str(item)) for item in _as_list(value))
    if spec.type is FieldType.REFERENCE:
        kind = references.kind_of(spec.options_url)
        return references.labels(db.session(), current(), kind, [str(value)]).get(str(value), str(value))
    if spec.type is FieldType.DATETIME:
        return typed(spec, value).replace("T", " ")
    if spec.type is FieldType.MONEY and isinstance(value, int | float | Decimal):
        return f"{value:,.2f}"
    return typed(spec, value)


def _choice(basic: Widget, spec: Field, value: Any, *, in_row: bool) -> Widget:
    several = spec.type is FieldType.MULTICHOICE
    chosen = [str(item) for item in _as_list(value)]
    shown = tuple(
        Shown(str(option.value), words(option.label), str(option.value) in chosen, [str(option.value)] == chosen[:1])
        for option in spec.options or ()
    )
    if several:
        return replace(basic, kind="checkboxes", options=shown, ordered=spec.ordered)
    if spec.required and len(shown) == 1 and not in_row:
        return replace(basic, kind="hidden", value=shown[0].value)
    return replace(basic, kind="radio" if len(shown) <= FEW and not in_row else "select", options=shown)


def _reference(basic: Widget, spec: Field, value: Any) -> Widget:
    kind = references.kind_of(spec.options_url) or ""
    chosen = "" if value is None else str(value)
    principal, session = current(), db.session()
    shown: list[Shown] = []
    if chosen:
        name = references.labels(session, principal, kind, [chosen]).get(chosen, chosen)
        shown.append(Shown(chosen, name, True))
    offered = references.search(session, principal, kind, "") if kind else ()
    shown += [Shown(choice.value, choice.label) for choice in offered if choice.value != chosen]
    return replace(basic, kind="reference", value=chosen, options=tuple(shown), search_url=_search_url(kind))


def _search_url(kind: str) -> str:
    return url_for("formkit.options", kind=kind) if kind else ""


def _meaning(spec: Field, value: Any) -> Any:
    """The value as conditions see it: converted where it can be, as typed otherwise."""
    convert: Callable[..., Any] | None = CONVERTERS.get(spec.type)
    if value is None or convert is None:
        return value
    try:
        return as_json(convert(spec, local_zone()).deserialize(value))
    except ValidationError:
        return value


def _truthy(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1", "on", "yes")


def _as_list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
