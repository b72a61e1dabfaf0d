"""Files people attach: what is taken, what it is called, and who may read it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import files
from app.errors import FieldErrors, NotVisible
from app.files.kinds import MAX_BYTES, media_type
from app.files.service import clean_name, keep
from app.files.service import file as file_of
from tests.support.application import database_of, principal_of

SignIn = Callable[..., FlaskClient]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def archive(*members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for member in members:
            written.writestr(member, "x")
    return target.getvalue()


def upload(client: FlaskClient, name: str = "photo.png", content: bytes = PNG) -> TestResponse:
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/complaints/new").get_data(as_text=True))
    assert token
    data = {"csrf_token": token[1], "upload": (io.BytesIO(content), name)}
    return client.post("/files?field=files", data=data, content_type="multipart/form-data")


def id_in(answer: TestResponse) -> int:
    found = re.search(r'name="files" value="(\d+)"', answer.get_data(as_text=True))
    assert found, answer.get_data(as_text=True)
    return int(found[1])


def test_an_upload_becomes_an_item_of_the_form_and_comes_back_as_a_download(sign_in: SignIn) -> None:
    client = sign_in("li.na")
    answer = upload(client, "现场 照片.png")
    assert answer.status_code == 200 and "现场 照片.png" in answer.get_data(as_text=True)
    got = client.get(f"/files/{id_in(answer)}")
    assert got.data == PNG and got.mimetype == "image/png"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]


def test_nobody_else_sees_an_upload_before_it_is_attached(sign_in: SignIn) -> None:
    number = id_in(upload(sign_in("li.na")))
    for stranger in ("wu.xiaoyan", "lin.wanqing"):
        assert sign_in(stranger).get(f"/files/{number}").status_code == 404
    assert sign_in("li.na").get(f"/files/{number + 1}").status_code == 404
    assert sign_in("li.na").get("/files/99999999999999999999999").status_code == 404


def test_nobody_signed_in_uploads_nothing(client: FlaskClient) -> None:
    assert client.post("/api/v1/files", data={"file": (io.BytesIO(PNG), "a.png")}).status_code == 401


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html><script>alert(1)</script></html>"),
        ("picture.svg", b"<svg onload='alert(1)'/>"),
        ("program.exe", b"MZ\x90\x00"),
        ("program.png", b"MZ\x90\x00"),
        ("photo.pdf", PNG),
        ("photo.png.html", PNG),
        ("archive.docx", archive("xl/workbook.xml")),
        ("broken.xlsx", b"PK\x03\x04 no archive at all"),
        ("binary.txt", b"\x00\x01\x02"),
        ("noname", PNG),
        ("", PNG),
        ("empty.txt", b""),
    ],
)
def test_other_files_are_refused_with_a_reason(sign_in: SignIn, name: str, content: bytes) -> None:
    client = sign_in("li.na")
    answer = upload(client, name or "x", content)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True) and 'name="files"' not in answer.get_data(as_text=True)


def test_a_file_that_is_too_large_is_refused(app: Flask) -> None:
    person = principal_of(app, "li.na")
    with app.app_context(), pytest.raises(FieldErrors) as refused:
        database_of(app).write(lambda session: keep(session, person, "large.txt", b"x" * (MAX_BYTES + 1)))
    assert "20 MB" in str(refused.value.errors["file"][0])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("a.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.txt", "客户原话".encode("gb18030"), "text/plain"),
        ("a.csv", b"a,b\n1,2\n", "text/plain"),
        ("a.zip", archive("x.txt"), "application/zip"),
        ("a.xlsx", archive("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("call.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        ("call.mp3", b"ID3\x03", "audio/mpeg"),
        ("note.html.txt", b"<script>alert(1)</script>", "text/plain"),
    ],
)
def test_what_is_taken_is_served_as_what_it_is(name: str, content: bytes, expected: str) -> None:
    assert media_type(name, content) == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\报告.pdf", "报告.pdf"),
        ("<script>alert(1)</script>.txt", "script_.txt"),
        ('a"b\r\nSet-Cookie: x.txt', "a_b__Set-Cookie_ x.txt"),
        ("\u202egnp.exe.png", "gnp.exe.png"),
        ("", "file"),
        ("...", "file"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_are_safe_everywhere(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_an_attached_file_belongs_to_the_case(app: Flask, sign_in: SignIn) -> None:
    """Who may see the complaint may read its files; nobody else may, and nobody may take it for another case."""
    from sqlalchemy import select

    from app.complaints.models import Complaint

    number = id_in(upload(sign_in("li.na")))
    author, stranger, chief = (principal_of(app, login) for login in ("li.na", "wu.xiaoyan", "lin.wanqing"))
    database = database_of(app)
    with app.app_context(), database.read() as session:
        keys = list(session.scalars(select(Complaint.number).order_by(Complaint.number).limit(2)))
    first, second = ({"process_key": "complaint", "business_key": key} for key in keys)
    with app.app_context():
        with pytest.raises(FieldErrors):
            database.write(lambda session: files.attach(session, stranger, {"files": [number]}, **first))
        database.write(lambda session: files.attach(session, author, {"files": [number]}, **first))
        database.write(lambda session: files.attach(session, author, {"files": [number]}, **first))
        for who, wanted in ((author, [number]), (author, [number, 10**9])):
            with pytest.raises(FieldErrors) as refused:
                database.write(lambda session, w=who, i=wanted: files.attach(session, w, {"files": i}, **second))
            assert refused.value.errors.keys() == {"files"}
        with database.read() as session:
            assert file_of(session, chief, number).name == "photo.png"
            with pytest.raises(NotVisible):
                file_of(session, principal_of(app, "zhou.min"), number)


@pytest.mark.parametrize(
    ("given", "expected"), [(None, []), ("", []), ([], []), (7, [7]), ("7", [7]), ([7, "8", 7], [7, 8])]
)
def test_ids_from_outside(given: object, expected: list[int]) -> None:
    assert files.ids(given) == expected


@pytest.mark.parametrize("given", [["x"], [{}], [None], [-1], [0], [1.5], {"a": 1}, ["9" * 40], "<b>", True, [[7]]])
def test_ids_that_are_none_are_refused(given: object) -> None:
    with pytest.raises(FieldErrors):
        files.ids(given)


def test_a_message_with_files_keeps_them_with_the_case(app: Flask, sign_in: SignIn) -> None:
    from sqlalchemy import select

    import engine
    from app.bootstrap import registries
    from app.complaints.models import Complaint

    number = id_in(upload(sign_in("li.na")))
    author, database = principal_of(app, "li.na"), database_of(app)
    complaints = registries(app).business_objects.get("complaint")
    assert complaints is not None
    with app.app_context():
        with database.read() as session:
            open_one = select(Complaint.number).where(Complaint.closed_at.is_(None)).order_by(Complaint.number)
            key = session.scalars(open_one.limit(1)).one()

        def send(session: Session, attached: object) -> engine.Result:
            variables = {"text": "a photo", "files": attached}
            facts = complaints.message(session, author, "complaint_supplement", key, variables)
            return engine.execute(
                session,
                engine.CorrelateMessage(
                    name="complaint_supplement", correlation_key=key, variables=facts, actor=author.login
                ),
            )

        for junk in (["x"], [{}], [10**9]):
            with pytest.raises(FieldErrors):
                database.write(lambda session, given=junk: send(session, given))
        database.write(lambda session: send(session, [number]))
        with database.read() as session:
            assert file_of(session, principal_of(app, "lin.wanqing"), number).business_key == key
    assert sign_in("lin.wanqing").get(f"/complaints/{key}").status_code == 200
