"""The form document: one frozen value that drives the page, the REST representation and the server's check."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

LIMITS_OF_OVERRIDES = frozenset(
    {"options", "min", "max", "required", "readonly", "hidden", "help", "label", "options_url"}
)


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    LONGTEXT = "longtext"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    MULTICHOICE = "multichoice"
    ROWS = "rows"
    FILE = "file"
    REFERENCE = "reference"


NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY})
WITH_OPTIONS = frozenset({FieldType.CHOICE, FieldType.MULTICHOICE})
BOUNDS: Mapping[FieldType, tuple[int | None, int]] = {
    FieldType.TEXT: (None, 1_000),
    FieldType.LONGTEXT: (None, 20_000),
    FieldType.INTEGER: (-(2**31), 2**31 - 1),
    FieldType.DECIMAL: (-(10**12), 10**12),
    FieldType.MONEY: (-(10**12), 10**12),
    FieldType.REFERENCE: (None, 200),
    FieldType.MULTICHOICE: (None, 100),
    FieldType.ROWS: (None, 200),
    FieldType.FILE: (None, 20),
}
"""Limits of fields that name none: what is refused was said before, so they are part of the document."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The Chinese text for ``zh``, the English one for everything else."""
        return self.zh if language == "zh" else self.en

    def as_json(self) -> dict[str, str]:
        """``{"zh", "en"}``."""
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a choice."""

    value: str | int
    label: Text

    def as_json(self) -> dict[str, Any]:
        """``{"value", "label"}``."""
        return {"value": self.value, "label": self.label.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``minimum`` and ``maximum`` mean length, number or count of rows, as ``type`` says."""

    name: str
    type: FieldType
    label: Text
    help: Text | None = None
    required: bool = False
    readonly: bool = False
    value: Any = None
    options: tuple[Option, ...] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    fields: tuple[Field, ...] | None = None
    visible_if: str | None = None
    variable: bool = False
    confidential: frozenset[str] = frozenset()
    options_url: str | None = None
    stores: str = ""
    """Under which name the value is kept; several fields of which one is visible may keep the same."""
    ordered: bool = False
    """The first chosen value has a meaning of its own."""

    @property
    def key(self) -> str:
        """The name of the value in what binding returns."""
        return self.stores or self.name

    def shown_to(self, groups: Set[str]) -> bool:
        """Whether members of ``groups`` may know this field."""
        return not self.confidential or not self.confidential.isdisjoint(groups)


@dataclass(frozen=True, slots=True)
class FormDocument:
    """A form. Immutable; its file is part of a deployment."""

    key: str
    title: Text
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field called ``name``."""
        return next((field for field in self.fields if field.name == name), None)

    def confidential_names(self) -> frozenset[str]:
        """Names of all values that not everybody may see."""
        return frozenset(field.key for field in self.fields if field.confidential)

    def for_person(self, overrides: Mapping[str, Mapping[str, Any]], groups: Set[str]) -> FormDocument:
        """The form as a member of ``groups`` has it, with ``overrides`` worked in: what represents, binds and draws.

        Overrides name a field, or a column as ``actions.owner``. Raises ValueError for an override nobody knows.
        """
        fields = (overridden(field, overrides) for field in self.fields if field.shown_to(groups))
        return replace(self, fields=tuple(field for field in fields if field is not None))

    def represent(
        self, values: Mapping[str, Any], overrides: Mapping[str, Mapping[str, Any]], groups: Set[str]
    ) -> dict[str, Any]:
        """The document as REST clients read it, with ``values`` filled in; see :mod:`app.formkit.representation`."""
        from app.formkit.representation import represent  # the values' side knows the document, not the reverse

        return represent(self.for_person(overrides, groups), values)


def overridden(field: Field, overrides: Mapping[str, Mapping[str, Any]], prefix: str = "") -> Field | None:
    """``field`` with its override, None if the override hides it."""
    changes = overrides.get(prefix + field.name, {})
    unknown = changes.keys() - LIMITS_OF_OVERRIDES
    if unknown:
        raise ValueError(f"override of {prefix + field.name}: unknown {', '.join(sorted(unknown))}")
    if changes.get("hidden"):
        return None
    columns = field.fields
    if columns is not None:
        found = (overridden(column, overrides, f"{field.name}.") for column in columns)
        columns = tuple(column for column in found if column is not None)
    readonly = bool(changes.get("readonly", field.readonly))
    return replace(
        field,
        fields=columns,
        readonly=readonly,
        required=bool(changes.get("required", field.required)) and not readonly,
        minimum=changes.get("min", field.minimum),
        maximum=changes.get("max", field.maximum),
        options=_options(changes["options"]) if changes.get("options") is not None else field.options,
        label=_text(changes["label"]) if changes.get("label") else field.label,
        help=_text(changes["help"]) if changes.get("help") else field.help,
        options_url=changes.get("options_url", field.options_url),
    )


def _options(given: Any) -> tuple[Option, ...]:
    return tuple(Option(option["value"], _text(option["label"])) for option in given)


def _text(given: Any) -> Text:
    if isinstance(given, Text):
        return given
    if isinstance(given, Mapping):
        return Text(str(given.get("zh", "")), str(given.get("en", "")))
    return Text(str(given), str(given))
