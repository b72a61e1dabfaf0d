"""Why a file or a mapping was refused, in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.imports.archive import ArchiveRefused
from app.imports.files import FileRefused
from app.imports.mapping import MappingRefused

FILE = {
    "too_large": _l("The file is larger than %(megabytes)s MB."),
    "empty": _l("The file is empty."),
    "old_excel": _l("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again."),
    "not_text": _l("This is neither a CSV file nor an XLSX workbook."),
    "unknown_encoding": _l("The text is neither UTF-8 nor GB18030. Save the file as UTF-8 and try again."),
    "csv_broken": _l("Row %(row)s is broken: a quotation mark is not closed or stands in the wrong place."),
    "xlsx_unreadable": _l("The workbook cannot be read. Save it again as .xlsx or as CSV."),
    "unpacks_too_large": _l("Unpacked, the workbook is larger than %(megabytes)s MB."),
    "encrypted": _l("The workbook is protected by a password. Save it without one."),
    "no_header": _l("The first row must hold the names of the columns."),
    "no_rows": _l("There is no row below the names of the columns."),
    "too_many_columns": _l("The file has more than %(columns)s columns."),
    "too_many_rows": _l("The file has more than %(rows)s rows. Split it into several files."),
    "column_without_name": _l("Column %(column)s has no name in the first row."),
    "column_twice": _l("Two columns are called “%(name)s”."),
    "row_too_wide": _l("Row %(row)s has more cells than the first row has names (%(columns)s)."),
    "cell_too_long": _l("A cell in row %(row)s is longer than %(characters)s characters."),
}

MAPPING = {
    "not_an_object": _l("The mapping is not a JSON object."),
    "no_fields": _l("The mapping names no field."),
    "bad_place": _l("The mapping is wrong at %(place)s."),
    "column_or_constant": _l("The mapping needs either columns or a fixed value at %(place)s."),
    "unknown_field": _l("The mapping names a field that does not exist: %(name)s."),
    "unknown_target": _l("The mapping is for something else: %(target)s."),
    "unknown_column": _l("The file has no column “%(name)s”."),
    "not_json": _l("The mapping is not JSON."),
}

ARCHIVE = {
    "not_an_archive": _l("This is not an archive of Keliu."),
    "unknown_version": _l("This archive has version %(version)s, which this Keliu cannot read."),
    "damaged": _l("The archive is damaged: %(reason)s."),
    "unknown_table": _l("The archive holds a table that this Keliu does not know: %(table)s."),
    "not_empty": _l("The database is not empty: %(tables)s."),
}

RUN_MOVED_ON = _l("This import is %(state)s meanwhile.")


def file_refused(error: FileRefused) -> str:
    """What is wrong with the file and what to do."""
    return str(FILE[error.code]) % error.facts


def mapping_refused(error: MappingRefused) -> str:
    """What is wrong with the mapping and where."""
    return str(MAPPING[error.code]) % error.facts


def archive_refused(error: ArchiveRefused) -> str:
    """Why an archive was not taken."""
    return str(ARCHIVE[error.code]) % error.facts
