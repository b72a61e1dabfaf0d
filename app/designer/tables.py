"""Decision tables as they are written: columns and cells as texts, for those who compare and check them."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from engine.hardened_xml import XmlRefused, local_name, parse_xml


@dataclass(frozen=True, slots=True)
class Row:
    """A rule. ``cells`` are inputs, then outputs."""

    id: str
    cells: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A decision. Without table (``rows`` empty) ``expression`` says what it computes."""

    id: str
    name: str
    policy: str
    inputs: tuple[tuple[str, str], ...]
    """Label and expression of each column."""
    outputs: tuple[tuple[str, str], ...]
    """Label and name."""
    rows: tuple[Row, ...]
    expression: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns are called, inputs first."""
        return tuple(label or name for label, name in (*self.inputs, *self.outputs))


def read(content: bytes) -> tuple[Table, ...]:
    """The decisions of a DMN file; none when it can't be read."""
    try:
        root = parse_xml(content)
    except XmlRefused:
        return ()
    return tuple(_table(element) for element in root if local_name(element) == "decision" and element.get("id"))


def _table(element: etree._Element) -> Table:
    key = element.get("id", "")
    name = element.get("name") or key
    table = next(iter(_children(element, "decisionTable")), None)
    if table is None:
        return Table(key, name, "", (), (), (), _inner(element, "literalExpression"))
    inputs = tuple((one.get("label", ""), _inner(one, "inputExpression")) for one in _children(table, "input"))
    outputs = tuple((one.get("label", ""), one.get("name", "")) for one in _children(table, "output"))
    rows = tuple(_row(rule) for rule in _children(table, "rule"))
    return Table(key, name, table.get("hitPolicy", "UNIQUE").upper(), inputs, outputs, rows)


def _row(rule: etree._Element) -> Row:
    cells = [_text(one) for kind in ("inputEntry", "outputEntry") for one in _children(rule, kind)]
    return Row(rule.get("id", ""), tuple(cells), tuple(_text(one) for one in _children(rule, "annotationEntry")))


def _children(element: etree._Element, tag: str) -> list[etree._Element]:
    return [child for child in element if local_name(child) == tag]


def _inner(element: etree._Element, tag: str) -> str:
    return next((_text(child) for child in _children(element, tag)), "")


def _text(element: etree._Element) -> str:
    return next(((child.text or "").strip() for child in _children(element, "text")), "")
