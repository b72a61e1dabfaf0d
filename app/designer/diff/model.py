"""A difference as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Area(StrEnum):
    """What a difference is about, in the order people read it."""

    FLOW = "flow"
    ASSIGNMENT = "assignment"
    FORMS = "forms"
    DECISIONS = "decisions"
    CONDITIONS = "conditions"
    TIMERS = "timers"
    LEVELS = "levels"
    HANDLERS = "handlers"
    CALLS = "calls"
    NAMES = "names"
    OTHER = "other"


AREAS = tuple(Area)


@dataclass(frozen=True, slots=True)
class Names:
    """What something is called in both languages; the English name falls back to the Chinese one."""

    zh: str
    en: str = ""

    def in_language(self, language: str) -> str:
        """The name for the reader."""
        return self.zh if language == "zh" else self.en or self.zh


class Term(str):
    """A word of ours, worded in :mod:`app.designer.diff.words`: the kind of a step, what a value is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``code`` is worded by :mod:`app.designer.diff.words`; facts fill its places: texts stand for
    themselves, :class:`Names` are said in the reader's language."""

    area: Area
    code: str
    element: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marks:
    """Elements of the diagrams: ``removed`` ones are in the old, all others in the new."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]
