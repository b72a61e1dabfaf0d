"""Reading and writing tables: CSV in the encodings people really send, and XLSX. Limits come before unpacking.

A cell is text whatever the file says it is, so that a mapping works the same on both formats; a date cell of a
spreadsheet reads as ISO 8601.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

import structlog

MAX_BYTES = 25 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 32_767
"""What a spreadsheet cell can hold; longer text could not be handed back for correction."""

DELIMITERS = ",;\t|"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ZIP_MAGIC = b"PK\x03\x04"
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

log = structlog.get_logger("keliu.imports")


class FileRefused(Exception):
    """The file cannot be read as a table. ``code`` says why, ``facts`` hold the numbers; worded by ``wording``."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header. ``number`` is the row number that a spreadsheet shows (the header is row 1)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file: header and rows, every row as wide as the header."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read(data: bytes, filename: str) -> Table:
    """The table in ``data``. Raises FileRefused for anything that is not a table within the limits."""
    if len(data) > MAX_BYTES:
        raise FileRefused("too_large", megabytes=MAX_BYTES // 1024 // 1024)
    if not data.strip(b"\x00 \t\r\n"):
        raise FileRefused("empty")
    if data.startswith(OLD_EXCEL_MAGIC):
        raise FileRefused("old_excel")
    if data.startswith(ZIP_MAGIC):
        lines: Iterable[Sequence[str]] = _xlsx(data)
    elif PurePath(filename).suffix.lower() in (".xlsx", ".xlsm"):
        raise FileRefused("xlsx_unreadable")
    else:
        lines = _csv(_decoded(data))
    return _table(lines)


def _table(lines: Iterable[Sequence[str]]) -> Table:
    numbered = enumerate(lines, 1)
    header = _header(next((cells for _number, cells in numbered), ()))
    rows = []
    for number, cells in numbered:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            raise FileRefused("row_too_wide", row=number, columns=len(header))
        _check_cells(number, cells)
        kept = (*cells[: len(header)], *[""] * (len(header) - len(cells)))
        rows.append(Row(number, tuple(without_mark(cell) for cell in kept)))
        if len(rows) > MAX_ROWS:
            raise FileRefused("too_many_rows", rows=MAX_ROWS)
    if not rows:
        raise FileRefused("no_rows")
    return Table(header, tuple(rows))


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise FileRefused("no_header")
    if len(names) > MAX_COLUMNS:
        raise FileRefused("too_many_columns", columns=MAX_COLUMNS)
    for position, name in enumerate(names, 1):
        if not name:
            raise FileRefused("column_without_name", column=position)
        if names.index(name) != position - 1:
            raise FileRefused("column_twice", name=name[:80])
    _check_cells(1, names)
    return tuple(names)


def _check_cells(number: int, cells: Sequence[str]) -> None:
    for cell in cells:
        if len(cell) > MAX_CELL:
            raise FileRefused("cell_too_long", row=number, characters=MAX_CELL)
        if "\x00" in cell:
            raise FileRefused("not_text")


def _decoded(data: bytes) -> str:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\x00" in data:
        raise FileRefused("not_text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # What Chinese spreadsheets write; it holds every character of Unicode.
        return _strictly(data, "gb18030")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise FileRefused("unknown_encoding") from error


def _csv(text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused("csv_broken", row=reader.line_num) from error


def _delimiter(text: str) -> str:
    """The separator that occurs most often in the first line, outside of quotes."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n" and any(counts.values()):
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(counts, key=lambda mark: counts[mark])


def _xlsx(data: bytes) -> Iterator[list[str]]:
    import openpyxl  # takes long to load: for who needs it, not at every start

    _check_archive(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # the size a file claims is not to be trusted
            for cells in sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1, values_only=True):
                yield [_text(value) for value in cells]
        finally:
            book.close()
    except FileRefused:
        raise
    except (GeneratorExit, MemoryError):
        raise
    except Exception as error:
        # A broken spreadsheet makes openpyxl raise nearly anything (KeyError, ParseError, TypeError, zlib.error …).
        log.info("spreadsheet_refused", error=repr(error))
        raise FileRefused("xlsx_unreadable") from error


def _check_archive(data: bytes) -> None:
    """Refuse bombs and tricks before anything is unpacked into memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise FileRefused("unpacks_too_large", megabytes=MAX_UNPACKED // 1024 // 1024)
            for part in parts:
                if part.flag_bits & 0x1:
                    raise FileRefused("encrypted")
                if part.filename.lower().endswith((".xml", ".rels")):
                    _check_xml(archive, part)
    except FileRefused:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise FileRefused("xlsx_unreadable") from error
    except Exception as error:  # zlib.error is no subclass of anything above
        raise FileRefused("xlsx_unreadable") from error


def _check_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No part of a spreadsheet has a document type; one that has wants to expand entities or read files."""
    with archive.open(part) as stream:
        start = stream.read(4096)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if "<!doctype" in start.decode(encoding, errors="ignore").lower():
            raise FileRefused("xlsx_unreadable")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def neutral(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula. :func:`without_mark` undoes it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def without_mark(cell: str) -> str:
    """The cell before :func:`neutral`: files that we handed back come in again unchanged."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file that spreadsheets open as UTF-8 and take for text throughout."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([neutral(name) for name in header])
    writer.writerows([neutral(cell) for cell in cells] for cells in rows)
    return buffer.getvalue().encode("utf-8-sig")
