"""A designer at work: a client that sends what the pages of the workshop send."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.forms import csrf_token


class Designer:
    """One person in the workshop. Paths are below ``/designer``."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = csrf_token(client)

    def get(self, path: str = "", **given: Any) -> TestResponse:
        return self.client.get(f"/designer{path}", **given)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **given: Any) -> TestResponse:
        return self.client.post(f"/designer{path}", data={"csrf_token": self.token, **(data or {})}, **given)

    def put(self, path: str, content: bytes | str, revision: object = None) -> TestResponse:
        headers = {"X-CSRFToken": self.token} | ({} if revision is None else {"If-Match": str(revision)})
        return self.client.put(f"/designer{path}", data=content, headers=headers)

    def open(self, key: str = "complaint") -> int:
        """The number of a new draft of the newest version."""
        found = re.search(rf"/designer/versions/({re.escape(key)}:[^/\"]+)/draft", self.get("/drafts/new").text)
        assert found, f"{key} is not deployed"
        return number_of(self.post(f"/versions/{found[1]}/draft"))

    def upload(self, files: Mapping[str, bytes], path: str = "/drafts/upload") -> TestResponse:
        return self.post(path, {"files": [(io.BytesIO(content), name) for name, content in files.items()]})

    def names(self, draft: int) -> list[str]:
        """The files in a draft."""
        return sorted(self.files(draft))

    def files(self, draft: int) -> dict[str, bytes]:
        """The draft as it goes home."""
        with zipfile.ZipFile(io.BytesIO(self.get(f"/drafts/{draft}/files.zip").data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def save(self, draft: int, name: str, content: bytes | str) -> None:
        """Save a file as an editor does, whatever its revision is."""
        read = self.get(f"/drafts/{draft}/files/{name}")
        revision = read.headers["ETag"] if read.status_code == 200 else "0"
        answer = self.put(f"/drafts/{draft}/files/{name}", content, revision)
        assert answer.status_code == 200, answer.text

    def change(self, draft: int, name: str, *replacements: tuple[str, str]) -> None:
        """Replace texts in a file; each must be there once."""
        text = self.get(f"/drafts/{draft}/files/{name}").text
        for old, new in replacements:
            assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
            text = text.replace(old, new)
        self.save(draft, name, text)

    def findings(self, draft: int) -> list[dict[str, Any]]:
        """What the gate says."""
        answer = self.client.post(f"/designer/drafts/{draft}/check", headers={"X-CSRFToken": self.token})
        found: list[dict[str, Any]] = answer.get_json()["findings"]
        return found


def number_of(answer: TestResponse) -> int:
    """The draft an answer leads to."""
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return found.getvalue()
