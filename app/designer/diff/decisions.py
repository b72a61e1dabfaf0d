"""Differences between decision tables, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from app.designer import tables
from app.designer.diff.model import Area, Change

Said = Iterator[Change]


def compare(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Said:
    """Tables that came or went, and the rows that are different in those that stayed."""
    before, after = _tables(old), _tables(new)
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            yield Change(Area.DECISIONS, "table_added", key, {"name": after[key].name, "rows": len(after[key].rows)})
        elif key not in after:
            yield Change(Area.DECISIONS, "table_removed", key, {"name": before[key].name})
        else:
            yield from _table(before[key], after[key])


def _tables(files: Mapping[str, bytes]) -> dict[str, tables.Table]:
    return {table.id: table for name in sorted(files) if name.endswith(".dmn") for table in tables.read(files[name])}


def _table(old: tables.Table, new: tables.Table) -> Said:
    name = {"name": new.name}
    if old.name != new.name:
        yield Change(Area.DECISIONS, "table_name", new.id, {"old": old.name, "new": new.name})
    if old.policy != new.policy:
        yield Change(Area.DECISIONS, "hit_policy", new.id, name | {"old": old.policy or "–", "new": new.policy or "–"})
    if old.expression != new.expression:
        yield Change(Area.DECISIONS, "computed", new.id, name | {"old": old.expression, "new": new.expression})
    for code, was, now in (("input", old.inputs, new.inputs), ("output", old.outputs, new.outputs)):
        for label, text in (one for one in was if one not in now):
            yield Change(Area.DECISIONS, f"{code}_removed", new.id, name | {"column": label or text})
        for label, text in (one for one in now if one not in was):
            yield Change(Area.DECISIONS, f"{code}_added", new.id, name | {"column": label or text, "text": text})
    yield from _rows(old, new)


def _rows(old: tables.Table, new: tables.Table) -> Said:
    """Rows belong together by their id where they have one in both, else by what stands in them."""
    pairs = {one.id: one for one in old.rows if one.id}
    known = {one.id for one in new.rows}
    places = {id(one): number for number, one in enumerate(old.rows, 1)}
    left = [one for one in old.rows if one.id not in known]
    for number, row in enumerate(new.rows, 1):
        before = pairs.get(row.id) or _closest(row, left)
        if before is None:
            yield Change(Area.DECISIONS, "row_added", new.id, _row(new, row, number))
            continue
        left = [one for one in left if one is not before]
        if before.cells != row.cells:
            yield from _cells(old, new, before, row, number)
        elif before.notes != row.notes:
            facts = {"name": new.name, "row": number, "old": "; ".join(before.notes), "new": "; ".join(row.notes)}
            yield Change(Area.DECISIONS, "row_notes", new.id, facts)
    for row in left:
        yield Change(Area.DECISIONS, "row_removed", new.id, _row(old, row, places[id(row)]))
    yield from _order(old, new)


def _closest(row: tables.Row, rows: list[tables.Row]) -> tables.Row | None:
    """Of rows without a partner the one that says the same, or nearly."""
    best = max(rows, key=lambda one: SequenceMatcher(None, one.cells, row.cells).ratio(), default=None)
    if best is not None and SequenceMatcher(None, best.cells, row.cells).ratio() >= 0.6:
        return best
    return None


def _row(table: tables.Table, row: tables.Row, number: int) -> dict[str, object]:
    width = len(table.inputs)
    texts = [f"{column}: {cell}" for column, cell in zip(table.columns, row.cells, strict=False)]
    when = ", ".join(text for text, cell in zip(texts[:width], row.cells, strict=False) if cell not in ("", "-"))
    return {"name": table.name, "row": number, "when": when or "–", "then": ", ".join(texts[width:]) or "–"}


def _cells(old: tables.Table, new: tables.Table, before: tables.Row, row: tables.Row, number: int) -> Said:
    was = dict(zip(old.columns, before.cells, strict=False))
    now = dict(zip(new.columns, row.cells, strict=False))
    for column, cell in now.items():
        if column in was and was[column] != cell:
            facts = {"name": new.name, "row": number, "column": column, "old": was[column] or "–", "new": cell or "–"}
            yield Change(Area.DECISIONS, "cell_changed", new.id, facts)


def _order(old: tables.Table, new: tables.Table) -> Said:
    """Where the first row that fits decides, the order means something."""
    was, now = [one.id for one in old.rows], [one.id for one in new.rows]
    if new.policy == "FIRST" and [one for one in was if one in now] != [one for one in now if one in was]:
        yield Change(Area.DECISIONS, "rows_ordered", new.id, {"name": new.name})
