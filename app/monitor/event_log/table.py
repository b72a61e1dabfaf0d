"""The log as a table: a row for each event."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from app.monitor.event_log.events import Case
from app.web.lists.export import safe_cell

COLUMNS = (
    "case_id",
    "process",
    "version",
    "case_state",
    "event_id",
    "activity_id",
    "activity",
    "activity_type",
    "started_at",
    "completed_at",
    "resource",
)
"""The first row, the same in every language: programs read it."""


def table(cases: Iterable[Case]) -> Iterator[bytes]:
    """CSV in UTF-8 with a byte order mark, moments in ISO 8601 (UTC)."""
    yield b"\xef\xbb\xbf" + _line(COLUMNS)
    for case in cases:
        head = (case.id, case.process, case.version, case.state)
        for event in case.events:
            what = (event.number, event.node_id, event.name, event.type)
            when = (event.began_at.isoformat(), event.at.isoformat())
            yield _line((*head, *what, *when, event.actor))


def _line(cells: Sequence[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow([safe_cell(cell) for cell in cells])
    return text.getvalue().encode()
