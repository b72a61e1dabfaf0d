"""Tables as files that spreadsheets open, with nothing in them that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_ROWS = 50_000
BATCH = 500
LONGEST_CELL = 32_000  # Excel refuses more than 32,767 characters
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: Any) -> Any:
    """``value`` as a cell: numbers stay numbers, text that would run as a formula gets a ``'`` in front."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = _CONTROL.sub("", str(value))[:LONGEST_CELL]
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, so that Excel shows Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe_cell(cell) for cell in head])
    writer.writerows([safe_cell(_in_zone(cell)) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(head: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "Keliu") -> bytes:
    """A workbook of one sheet. Text cells are marked as text: openpyxl would take ``=…`` for a formula."""
    from openpyxl import Workbook  # takes long to load: for who needs it, not at every start

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Keliu")
    sheet.freeze_panes = "A2"
    sheet.append([safe_cell(cell) for cell in head])
    for row in rows:
        sheet.append([safe_cell(_in_zone(cell)) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _in_zone(value: Any) -> Any:
    """Moments as people of the business read them, in a form that sorts."""
    if isinstance(value, datetime):
        zone = ZoneInfo(current_app.extensions["keliu.settings"].zone)
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else value


def file_response(kind: str, name: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Response:
    """The table as a download."""
    content = csv_bytes(head, rows) if kind == "csv" else xlsx_bytes(head, rows, name)
    response = Response(content, content_type=KINDS[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{kind}")
    return response
