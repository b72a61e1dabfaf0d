"""What a slice offers to be imported: its fields, and how one row becomes a record.

A slice registers an :class:`ImportTarget` in ``Registries.imports``; files, columns, value maps, previews, progress and
bad rows are this slice's business and none of the target's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.security.principal import Principal

EXTENSION = "keliu.imports"
"""Where an application keeps its :class:`ImportTargets`."""

Label = Mapping[str, str]
"""``{"zh": …, "en": …}``, as in form documents."""


class FieldKind(StrEnum):
    """What a cell must be to fit a field, and so the type of the value handed to the target."""

    TEXT = "text"  # str, one line
    LONGTEXT = "longtext"  # str, kept to the letter
    INTEGER = "integer"  # int
    DECIMAL = "decimal"  # Decimal
    MONEY = "money"  # Decimal with at most two places
    DATE = "date"  # datetime.date
    DATETIME = "datetime"  # aware datetime in UTC; a date alone means its first minute in the business time zone
    BOOLEAN = "boolean"  # bool
    CHOICE = "choice"  # str, the value of one option


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of a choice field."""

    value: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetField:
    """One field that a column can be mapped to. ``maximum`` is a length for texts, a value for numbers."""

    name: str
    label: Label
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    maximum: int | None = None
    help: Label | None = None
    options: Callable[[Session], Sequence[Option]] | None = None


class OutcomeState(StrEnum):
    """What became of a row that was not refused."""

    CREATED = "created"
    EXISTING = "existing"  # its reference is there already; nothing was changed


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row taken over. ``reference`` is what people call the record (``CMP-2026-000001``)."""

    state: OutcomeState
    reference: str


class ImportTarget(Protocol):
    """Something rows can become. One object per kind of record, without state."""

    key: str
    """In URLs and on the command line: ``complaints``."""

    title: Label
    permission: str
    """Who may import it."""

    reference_field: str
    """The field that tells whether a row was imported before."""

    def fields(self, session: Session) -> Sequence[TargetField]:
        """The fields, in the order people read them."""

    def check_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> None:
        """Raises FieldErrors as ``import_row`` would, and writes nothing: the preview runs in a read-only session."""

    def import_row(self, session: Session, values: Mapping[str, Any], principal: Principal) -> Outcome:
        """Make the record in the caller's transaction. ``values`` holds every mapped field that is not empty, typed as
        its kind says. Raises FieldErrors, each message at its field. A row whose reference is known makes nothing."""


class ImportTargets:
    """The registered targets, in order of registration."""

    def __init__(self) -> None:
        self._targets: dict[str, ImportTarget] = {}

    def register(self, target: ImportTarget) -> None:
        """Offer ``target``. Raises ValueError when its key is taken."""
        if target.key in self._targets:
            raise ValueError(f"import target {target.key!r} is registered twice")
        self._targets[target.key] = target

    def get(self, key: str) -> ImportTarget | None:
        """The target of this key, or None."""
        return self._targets.get(key)

    def __iter__(self) -> Iterator[ImportTarget]:
        return iter(self._targets.values())
