"""The form editor: every change is saved, what is missing is marked, and people see the form in both languages."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.packaged import packaged_files
from tests.conftest import SignIn
from tests.support.workshop import Designer

NAME = "complaint/judge.json"


class Editor(Designer):
    """A designer with a form of a draft open."""

    draft = 0
    name = NAME

    def at(self, draft: int, name: str = NAME) -> Editor:
        self.draft, self.name = draft, name
        return self

    def page(self, **asked: str) -> str:
        return unescape(self.get(f"/drafts/{self.draft}/edit/{self.name}", query_string=asked).text)

    @property
    def form(self) -> dict[str, Any]:
        """The form as it is in the draft."""
        found: dict[str, Any] = json.loads(self.files(self.draft)[self.name])
        return found

    @property
    def revision(self) -> str:
        return self.get(f"/drafts/{self.draft}/files/{self.name}").headers["ETag"].strip('"')

    def sends(self, what: str, **given: Any) -> TestResponse:
        return self.post(f"/drafts/{self.draft}/forms/{self.name}/{what}", {"revision": self.revision, **given})

    def field(self, path: str, **given: Any) -> TestResponse:
        return self.sends("field", field=path, **{f"p-{name}": value for name, value in given.items()})


@pytest.fixture
def editor(sign_in: SignIn) -> Editor:
    found = Editor(sign_in("shi.lei"))
    return found.at(found.open())


def test_fields_are_added_described_moved_and_removed_and_what_is_missing_is_marked(editor: Editor) -> None:
    before = editor.form
    assert json.loads(packaged_files()[NAME]) == before
    assert editor.sends("list", do="add", type="choice").status_code == 303
    last = str(len(before["fields"]))
    page = editor.page(field=last)
    assert (
        "Chinese is missing" in page and "English is missing" in page and "A text is needed in both languages" in page
    )
    assert "1 field is left out" not in page and "⚠" in page  # the preview shows it all the same
    option = {"options-0-value": "yes", "options-0-zh": "是", "options-0-en": "Yes", "options-1-value": "no"}
    saved = editor.field(
        last, name="sure", type="choice", label_zh="确定", label_en="Sure", required="true", variable="true",
        visible_if="outcome == 'valid'", secret="true", confidential=["finance"], **option,
    )  # fmt: skip
    assert saved.status_code == 303
    assert editor.form["fields"][-1] == {
        "name": "sure",
        "type": "choice",
        "label": {"zh": "确定", "en": "Sure"},
        "required": True,
        "variable": True,
        "options": [
            {"value": "yes", "label": {"zh": "是", "en": "Yes"}},
            {"value": "no", "label": {"zh": "", "en": ""}},
        ],
        "visible_if": "outcome == 'valid'",
        "confidential": ["finance"],
    }
    assert 'id="p-options-1-en-error"' in editor.page(field=last)
    assert [one["code"] for one in editor.findings(editor.draft) if one["severity"] == "error"] == ["form_problem"] * 1
    moved = editor.sends("list", do=f"up:{last}")
    kept = editor.client.get(moved.location).text  # the keyboard stays at the button
    assert re.search(rf'value="up:{int(last) - 1}" autofocus', kept) and kept.count(" autofocus") == 1
    assert [field["name"] for field in editor.form["fields"]][-2:] == ["sure", before["fields"][-1]["name"]]
    editor.sends("list", do=f"remove:{int(last) - 1}")
    assert editor.form["fields"] == before["fields"]
    rows = next(str(index) for index, field in enumerate(before["fields"]) if field["type"] == "rows")
    editor.sends("list", do=f"add:{rows}", type="date")
    assert editor.form["fields"][int(rows)]["fields"][-1]["type"] == "date"
    editor.sends("title", title_zh="判断", title_en="")
    assert editor.form["title"] == {"zh": "判断", "en": ""}
    assert "title" in editor.page()


def test_what_cannot_be_meant_is_said_at_its_field_and_nothing_typed_is_lost(editor: Editor) -> None:
    editor.field("0", name="outcome", type="text", label_zh="结果", label_en="Outcome", visible_if="nobody(")
    page = editor.page(field="0")
    assert 'id="p-visible_if-error"' in page and "The condition is refused" in page and 'value="nobody("' in page
    refused = editor.field("0", name="outcome", type="text", label_en="kept", min="many")
    assert refused.status_code == 422 and "A number is needed here." in refused.text and 'value="kept"' in refused.text
    assert editor.field("0", type="spaceship").status_code == 422
    late = editor.post(
        f"/drafts/{editor.draft}/forms/{NAME}/field",
        {"revision": "1", "field": "0", "p-type": "text", "p-label_en": "late"},
    )
    assert late.status_code == 412 and "after you opened it" in unescape(late.text) and 'value="late"' in late.text
    script = {"HX-Request": "true"}
    data = {"revision": "1", "field": "0", "p-type": "text"}
    heard = editor.post(f"/drafts/{editor.draft}/forms/{NAME}/field", data, headers=script).text
    assert "Not saved" in heard and "after you opened it" in unescape(heard)
    data = {"revision": editor.revision, "field": "0", "p-type": "text", "p-name": "outcome", "p-label_en": "By script"}
    heard = editor.post(f"/drafts/{editor.draft}/forms/{NAME}/field", data, headers=script).text
    assert "By script" in heard and f'value="{editor.revision}"' in heard and "Everything is saved" in heard


def test_the_preview_speaks_both_languages_and_checks_what_is_filled_in(editor: Editor) -> None:
    page = editor.page()
    assert "判定投诉是否成立" in page and "Decide whether the complaint is valid" in page
    assert 'name="zh-outcome"' in page and 'name="en-outcome"' in page
    refused = unescape(editor.sends("preview", shown="zh", **{"zh-outcome": "not_valid"}).text)
    assert "此字段必填" in refused or "必填" in refused
    fields = editor.post(
        f"/drafts/{editor.draft}/forms/{NAME}/preview/fields?shown=en", {"en-outcome": "more_information"}
    )
    assert 'name="en-information_wanted"' in fields.text
    answers = {"en-outcome": "more_information", "en-information_wanted": "Which machine?"}
    accepted = unescape(editor.sends("preview", shown="en", **answers).text)
    assert "Nothing is refused" in accepted and '"information_wanted": "Which machine?"' in accepted


def test_a_form_is_begun_from_a_task_and_goes_out_and_in_as_a_file(editor: Editor) -> None:
    editor.post(f"/drafts/{editor.draft}/files/{NAME}/delete")
    missing = editor.page()
    assert "New form" in missing and "complaint/judge" in missing
    assert editor.post(f"/drafts/{editor.draft}/forms", {"task": "complaint/judge"}).status_code == 303
    outcomes = [option["value"] for option in editor.form["fields"][0]["options"]]
    assert set(outcomes) <= {"valid", "not_valid", "more_information", "done"} and len(outcomes) > 1
    for key in ("complaint/judge", "../../etc/passwd", "<script>", "x" * 300):
        assert editor.post(f"/drafts/{editor.draft}/forms", {"key": key}).status_code == 422
    shipped = packaged_files()[NAME]
    assert editor.sends("import", file=(io.BytesIO(shipped), "judge.json")).status_code == 303
    assert editor.form == json.loads(shipped)
    assert editor.sends("import", file=(io.BytesIO(b"[1]"), "judge.json")).status_code == 422


def test_hostile_forms_stay_text_and_stop_at_the_limits(editor: Editor, sign_in: SignIn) -> None:
    script = "<script>alert(1)</script>"
    editor.field("0", name=script, type="text", label_zh=script, label_en=script, help_en=script, help_zh=script)
    raw = editor.get(f"/drafts/{editor.draft}/edit/{NAME}?field=0").text
    assert "<script>alert" not in raw and "&lt;script&gt;alert" in raw
    assert editor.form["fields"][0]["name"] == script
    for hostile in (
        {"fields": [{"fields": [{"fields": [{"fields": []}]}]}]},
        {"fields": [1, None]},
        {"fields": "x"},
        {"fields": [{"name": 1, "type": [], "label": {"zh": 1}, "options": "x", "confidential": {"a": 1}}]},
        {"fields": [{"name": f"f{n}", "type": "text", "label": {"zh": "一", "en": "one"}} for n in range(199)]},
        {"fields": [{"name": "a", "type": "text", "visible_if": "(" * 5_000, "options": [None], "help": 3}]},
        {"fields": [{"name": "a", "type": "choice", "label": None, "options": [{"value": "(a+)+$", "label": 3}]}]},
        json.loads("[" * 50 + "]" * 50) and {"fields": [], "key": json.loads("[" * 50 + "]" * 50)},
    ):
        editor.save(editor.draft, NAME, json.dumps(hostile))
        assert editor.get(f"/drafts/{editor.draft}/edit/{NAME}?field=0").status_code == 200
        assert editor.sends("list", do="add", type="rows").status_code in (303, 404, 422)
        assert editor.field("0", name="a", type="text").status_code in (303, 404)
    for path in ("9", "0.0.0", "-1", "x", "0.", "99999999999"):
        assert editor.sends("list", do=f"remove:{path}").status_code == 404
    colleague = Editor(sign_in("lin.wanqing")).at(editor.draft)
    assert "you can read it, not change it" in colleague.page(field="0")
    assert colleague.sends("list", do="remove:0").status_code == 403
    assert not re.search("p-label_en", colleague.page(field="0"))
