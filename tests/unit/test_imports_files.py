"""Files as people send them: Chinese spreadsheets, odd separators, broken and hostile ones."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

import openpyxl
import pytest
from flask import Flask

from app.imports import files, wording
from app.imports.files import FileRefused, read

TEXT = "客户,原话,日期\n江苏申远,发动机有异响。,2026-11-02\n㐂丽公司,“𠮷野家”的货迟到了,2026-11-03\n"


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_text_comes_in_intact_whatever_the_encoding(encoding: str) -> None:
    table = read(TEXT.encode(encoding), "投诉.csv")
    assert table.header == ("客户", "原话", "日期")
    assert table.rows[1].cells == ("㐂丽公司", "“𠮷野家”的货迟到了", "2026-11-03")
    assert [row.number for row in table.rows] == [2, 3]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    data = f'name{separator}words\nShenyuan{separator}"late{separator} and wet, again"\n'.encode()
    assert read(data, "x.csv").rows[0].cells == ("Shenyuan", f"late{separator} and wet, again")


def test_a_line_break_inside_of_quotes_belongs_to_the_cell() -> None:
    assert read(b'name,words\nA,"first\nsecond"\n', "x.csv").rows[0].cells == ("A", "first\nsecond")


def test_short_rows_are_filled_and_empty_rows_left_out() -> None:
    table = read(b"a,b,c\n1\n,,\n4,5,6\n\n", "x.csv")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ("1", "", "")), (4, ("4", "5", "6"))]


def test_a_workbook_reads_like_a_csv_file() -> None:
    data = workbook(
        [
            ["客户", "金额", "日期", "时间", "整数", "是"],
            ["申远", 12.5, date(2026, 11, 2), datetime(2026, 11, 2, 8, 30), 7.0, True],
        ]
    )
    assert read(data, "x.xlsx").rows[0].cells == ("申远", "12.5", "2026-11-02", "2026-11-02 08:30:00", "7", "true")


def test_what_we_hand_back_is_no_formula_and_comes_in_unchanged() -> None:
    cells = ("=1+1", "+86 21", "-5", "@here", "plain")
    data = files.write_csv(("words", "b", "c", "d", "e"), [cells])
    assert b"'=1+1,'+86 21,'-5,'@here,plain" in data
    assert read(data, "x.csv").rows[0].cells == cells


def packed(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def rewritten(data: bytes, name: str, change: object) -> bytes:
    """A workbook with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    assert callable(change)
    parts[name] = change(parts[name])
    return packed(parts)


GOOD = workbook([["a", "b"], ["1", "2"]])
SHEET = "xl/worksheets/sheet1.xml"
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def without_declaration(sheet: bytes) -> bytes:
    return sheet.split(b"?>", 1)[-1] if sheet.startswith(b"<?xml") else sheet


HOSTILE = {
    "entity": rewritten(GOOD, SHEET, lambda sheet: ENTITY + without_declaration(sheet)),
    "laughs": rewritten(GOOD, SHEET, lambda sheet: LAUGHS + without_declaration(sheet)),
    "entity in utf-16": rewritten(
        GOOD, SHEET, lambda sheet: (ENTITY + without_declaration(sheet)).decode().encode("utf-16")
    ),
    "no sheet": rewritten(GOOD, SHEET, lambda sheet: b""),
    "half a sheet": rewritten(GOOD, SHEET, lambda sheet: sheet[: len(sheet) // 2]),
    "a zip of something else": packed({"readme.txt": b"hello"}),
    "a bomb": packed({"[Content_Types].xml": b"<x/>", "xl/big.xml": b"<a>" + b" " * (files.MAX_UNPACKED + 1)}),
    "far too many parts": packed({f"p{number}": b"" for number in range(files.MAX_PARTS + 1)}),
    "old excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "empty": b"",
    "only zeros": b"\x00" * 100,
    "only line ends": b"\r\n\r\n",
    "binary": bytes(range(256)) * 4,
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\x00\x01" * 50,
    "open quote": b'a,b\n"never closed,2\n',
    "text after a quote": b'a,b\n"x"y,2\n',
    "only a header": b"a,b,c\n",
    "no name in the header": b"a,,c\n1,2,3\n",
    "one name twice": b"a,b,a\n1,2,3\n",
    "more cells than names": b"a,b\n1,2,3\n",
    "a cell too long": b"a,b\n" + b"x" * (files.MAX_CELL + 1) + b",2\n",
    "far too many columns": ",".join(f"c{n}" for n in range(files.MAX_COLUMNS + 1)).encode() + b"\n1\n",
    "a lone byte of utf-16": b"\xff\xfea",
    "neither utf-8 nor gb18030": b"a,b\n\xff\xff,\x80\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_table_is_refused_with_words(name: str, words_in_both_languages: None) -> None:
    with pytest.raises(FileRefused) as refused:
        read(HOSTILE[name], "x.xlsx" if HOSTILE[name].startswith(b"PK") else "x.csv")
    assert wording.file_refused(refused.value).endswith((".", "。"))


@pytest.fixture
def words_in_both_languages() -> Iterator[None]:
    """Wording needs the language of somebody."""
    from flask_babel import Babel

    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


def mutations(seed: int) -> bytes:
    """A good file, damaged in one of the ways that transport and people damage files."""
    luck = random.Random(seed)
    data = bytearray(GOOD if seed % 2 else TEXT.encode(luck.choice(["utf-8", "gb18030", "utf-16"])))
    for _ in range(luck.randint(1, 8)):
        place = luck.randrange(len(data))
        kind = luck.randrange(4)
        if kind == 0:
            data[place] = luck.randrange(256)
        elif kind == 1:
            del data[place : place + luck.randint(1, 40)]
        elif kind == 2:
            data[place:place] = luck.randbytes(luck.randint(1, 40))
        else:
            data[place:place] = luck.choice(
                [b'"', b"\n", b",", b"\x00", b"\xff", b"=cmd|' /C calc'!A0", b"<!DOCTYPE x>"]
            )
        if not data:
            data = bytearray(b"x")
    return bytes(data)


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("batch", range(10))
def test_two_hundred_damaged_files_are_read_or_refused_and_nothing_else(batch: int) -> None:
    for seed in range(batch * 20, batch * 20 + 20):
        for name in ("x.csv", "x.xlsx"):
            try:
                table = read(mutations(seed), name)
            except FileRefused:
                continue
            assert all(len(row.cells) == len(table.header) for row in table.rows)
