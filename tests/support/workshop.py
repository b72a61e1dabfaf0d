"""A designer at work: a client that sends what the pages of the workshop send."""

from __future__ import annotations

import io
import json
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

    def add_step(self, draft: int, group: str = "finance") -> None:
        """Draw :class:`STEP` with form and name."""
        self.change(draft, "complaint.bpmn", *STEP.drawn(group))
        self.save(draft, "complaint/second_look.json", json.dumps(STEP.form))
        self.change(draft, "complaint.en.json", *STEP.named)

    def deploy(self, draft: int, comment: str = "测试") -> TestResponse:
        """Press the button on the page of differences."""
        seen = re.findall(r'name="seen" value="([^"]+)"', self.get(f"/drafts/{draft}/diff").text)
        return self.post(f"/drafts/{draft}/deploy", {"comment": comment, "seen": seen})

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


class STEP:
    """One more step of the complaint process, after ``evaluate``, with what belongs to it."""

    form: Mapping[str, Any] = {
        "key": "complaint/second_look",
        "title": {"zh": "复核", "en": "Second look"},
        "fields": [
            {"name": "agreed", "type": "boolean", "label": {"zh": "同意", "en": "Agreed"}, "required": False},
            {"name": "remark", "type": "longtext", "label": {"zh": "意见", "en": "Remark"}, "required": True},
        ],
    }
    named = (('"archive": ', '"second_look": "Second look",\n    "archive": '),)

    @staticmethod
    def drawn(group: str = "finance") -> tuple[tuple[str, str], ...]:
        """The replacements that draw it."""
        flow = '<bpmn:sequenceFlow id="f_evaluated" sourceRef="evaluate" targetRef="{}" />'
        step = (
            f'<bpmn:userTask id="second_look" name="复核" camunda:formKey="complaint/second_look" '
            f'camunda:candidateGroups="{group}" />'
        )
        after = '<bpmn:sequenceFlow id="f_looked" sourceRef="second_look" targetRef="archive" />'
        return ((flow.format("archive"), step + flow.format("second_look") + after),)
