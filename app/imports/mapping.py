"""How the columns of a file become the fields of a target: a document that people edit, keep and ship.

    {"target": "complaints", "name": {"zh": …, "en": …}, "header": ["Product", …],
     "fields": {"channel": {"from": [{"column": "Submitted via", "values": {"Web": "web"}}], "otherwise": "other"},
                "received_at": {"from": [{"column": "Date received"}], "format": "%Y-%m-%d"},
                "severity": {"constant": "normal"}}}

A field takes the first of its sources that has something: a column, or the value that a column's value stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

MAX_VALUES = 1_000
MAX_TEXT = 2_000


class MappingRefused(Exception):
    """The document is not a mapping. ``code`` says why, ``facts`` name the place; worded by ``wording``."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Source:
    """A column; with ``values``, only those of its values that are listed, each standing for another."""

    column: str
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field comes from. ``constant`` excludes sources; ``otherwise`` is used when no source has anything."""

    sources: tuple[Source, ...] = ()
    constant: str | None = None
    otherwise: str | None = None
    format: str | None = None
    """How dates are written, as in ``%d.%m.%Y``; None: ISO 8601 and what is common in China."""

    def within(self, present: frozenset[str]) -> Rule | None:
        """The rule for a file with these columns; None when it has none of the rule's and nothing else to say."""
        sources = tuple(source for source in self.sources if source.column in present)
        if sources or self.constant is not None:
            return replace(self, sources=sources)
        return None if self.otherwise is None else Rule(constant=self.otherwise)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A whole mapping. ``header`` is what a file's header is compared with to find it."""

    target: str
    fields: Mapping[str, Rule]
    header: tuple[str, ...] = ()
    name: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that some field comes from."""
        return frozenset(source.column for rule in self.fields.values() for source in rule.sources)

    def for_header(self, header: Sequence[str]) -> ColumnMapping:
        """The same rules as far as ``header`` has their columns, to be found again by ``header``."""
        present = frozenset(header)
        fields = {name: kept for name, rule in self.fields.items() if (kept := rule.within(present)) is not None}
        return replace(self, header=tuple(header), fields=fields)

    def to_document(self) -> dict[str, Any]:
        """The document; :func:`parse` reads it back."""
        return {
            "target": self.target,
            "name": dict(self.name),
            "header": list(self.header),
            "fields": {name: _rule_document(rule) for name, rule in self.fields.items()},
        }


def header_key(header: Sequence[str]) -> str:
    """The header folded for comparison: case and spaces around names do not matter."""
    return "\n".join(name.strip().casefold() for name in header)


def cell_of(rule: Rule, cells: Mapping[str, str]) -> str:
    """What ``rule`` takes from a row, as text; empty when it finds nothing. Raises KeyError(value) when a column has a
    value that its list does not know and nothing else applies."""
    if rule.constant is not None:
        return rule.constant
    unknown = None
    for source in rule.sources:
        cell = cells.get(source.column, "")
        if not cell.strip():
            continue
        if source.values is None:
            return cell
        found = source.values.get(cell.strip())
        if found is not None:
            return found
        unknown = cell.strip()
    if rule.otherwise is not None:
        return rule.otherwise
    if unknown is not None:
        raise KeyError(unknown)
    return ""


def parse(document: Any) -> ColumnMapping:
    """The mapping in a document from outside. Raises MappingRefused with the place that is wrong."""
    if not isinstance(document, Mapping):
        raise MappingRefused("not_an_object")
    target = _text(document.get("target"), "target")
    fields = document.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        raise MappingRefused("no_fields")
    header = document.get("header", [])
    if not isinstance(header, list):
        raise MappingRefused("bad_place", place="header")
    return ColumnMapping(
        target=target,
        fields={_text(name, "fields"): _rule(rule, f"fields.{name}") for name, rule in fields.items()},
        header=tuple(_text(name, "header") for name in header),
        name=_values(document.get("name", {}), "name"),
    )


def _rule(document: Any, place: str) -> Rule:
    if not isinstance(document, Mapping) or set(document) - {"from", "constant", "otherwise", "format"}:
        raise MappingRefused("bad_place", place=place)
    sources = document.get("from", [])
    if not isinstance(sources, list):
        raise MappingRefused("bad_place", place=f"{place}.from")
    rule = Rule(
        sources=tuple(_source(source, f"{place}.from") for source in sources),
        constant=_optional(document.get("constant"), f"{place}.constant"),
        otherwise=_optional(document.get("otherwise"), f"{place}.otherwise"),
        format=_optional(document.get("format"), f"{place}.format"),
    )
    if bool(rule.sources) == (rule.constant is not None):
        raise MappingRefused("column_or_constant", place=place)
    return rule


def _source(document: Any, place: str) -> Source:
    if not isinstance(document, Mapping) or set(document) - {"column", "values"}:
        raise MappingRefused("bad_place", place=place)
    values = document.get("values")
    return Source(_text(document.get("column"), place), None if values is None else _values(values, place))


def _values(document: Any, place: str) -> dict[str, str]:
    if not isinstance(document, Mapping) or len(document) > MAX_VALUES:
        raise MappingRefused("bad_place", place=place)
    return {_text(key, place): _text(value, place) for key, value in document.items()}


def _optional(value: Any, place: str) -> str | None:
    return None if value is None else _text(value, place)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or "\x00" in value:
        raise MappingRefused("bad_place", place=place)
    return value


def _rule_document(rule: Rule) -> dict[str, Any]:
    if rule.constant is not None:
        return {"constant": rule.constant}
    sources: list[dict[str, Any]] = []
    for source in rule.sources:
        values = {} if source.values is None else {"values": dict(source.values)}
        sources.append({"column": source.column, **values})
    extra = {"otherwise": rule.otherwise, "format": rule.format}
    return {"from": sources, **{key: value for key, value in extra.items() if value is not None}}
