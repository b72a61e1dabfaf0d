"""What has changed, in words: the meaning of the files is compared, not their text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask

from app.designer import diff
from app.designer.diff import words
from tests.conftest import SignIn
from tests.support.processes import files_of
from tests.support.workflows import document
from tests.support.workshop import STEP, Designer

Files = dict[str, bytes]
Say = Callable[..., list[str]]


@pytest.fixture
def complaint() -> Files:
    """The files of the complaint process."""
    return files_of("complaint")


@pytest.fixture
def say(app: Flask) -> Say:
    """``say(old, new, language="zh")``: every sentence, with the title of its area."""

    def said(old: Files, new: Files, language: str = "en") -> list[str]:
        with app.test_request_context(headers={"Accept-Language": language}):
            areas = words.by_area(diff.compare(old, new), {"finance": "Finance"})
        return [f"{title}: {sentence}" for title, lines in areas for _change, sentence in lines]

    return said


def replaced(files: Files, name: str, *pairs: tuple[str, str]) -> Files:
    text = files[name].decode()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return {**files, name: text.encode()}


def test_the_same_files_say_the_same_however_they_are_written(complaint: Files) -> None:
    written = complaint["complaint.bpmn"].replace(b"\n    ", b"\n        ")
    assert diff.compare(complaint, {**complaint, "complaint.bpmn": written}) == ()


def test_a_new_step_is_told_with_its_place_its_people_and_its_form(say: Say, complaint: Files) -> None:
    new = replaced(complaint, "complaint.bpmn", *STEP.drawn())
    new = replaced(new, "complaint.en.json", *STEP.named)
    new["complaint/second_look.json"] = json.dumps(STEP.form).encode()
    assert say(complaint, new) == [
        "Steps and paths: New: step for people “Second look”, after “Evaluate the case” and before “Archive”.",
        "Steps and paths: The path leads from “Evaluate the case” to “Second look” now, "
        "before from “Evaluate the case” to “Archive”.",
        "Who does it: “Second look”: the candidate groups set to “Finance” (before: none).",
        "Forms: “Second look”: the form set to “complaint/second_look” (before: none).",
        "Forms: New form “Second look” with the fields “Agreed, Remark”.",
    ]
    assert say(complaint, new, "zh")[0] == "步骤与路径: 新增用户任务“复核”，位于“总结评价”之后、“归档”之前。"
    assert "Steps and paths: Gone: step for people “Second look”." in say(new, complaint)
    marks = diff.marks(complaint, new, diff.compare(complaint, new))
    assert marks.changed == ("f_evaluated",) and not marks.removed and not marks.moved


def test_people_times_levels_handlers_conditions_and_names_are_told_apart(say: Say, complaint: Files) -> None:
    archive = 'id="archive" name="归档" camunda:type="external" camunda:topic="{}"'
    new = replaced(
        complaint,
        "complaint.bpmn",
        ('id="evaluate" name="总结评价"', 'id="evaluate" name="总结"'),
        ('value="=service_level.evaluate"', 'value="16"'),
        (archive.format("complaint.archive"), archive.format("archive.outside")),
    )
    new = replaced(new, "complaint.en.json", ('"evaluate": "', '"evaluate": "New '))
    assert say(complaint, new)[:3] == [
        "Service levels: “New Evaluate the case”: the service level changed from “=service_level.evaluate” to “16”.",
        "Handlers and scripts: “Archive”: the handler changed from “complaint.archive” to “archive.outside”.",
        "Names: “New Evaluate the case”: the name changed from “总结评价” to “总结”.",
    ]


def test_tags_of_versions_and_filters_of_conditions_are_told(say: Say) -> None:
    def drawn(own: str, called: str, watched: str) -> Files:
        named = f'id="c" name="Call" calledElement="q" camunda:calledElementBinding="versionTag" {called}'
        event = f"<conditionalEventDefinition {watched}><condition>${{x}}</condition></conditionalEventDefinition>"
        wait = f'<intermediateCatchEvent id="w" name="Wait">{event}</intermediateCatchEvent>'
        file = document(f'<startEvent id="s"/><callActivity {named}/>{wait}\ns > c > w')
        return {"p.bpmn": file.replace(b"<process ", f"<process {own} ".encode())}

    tag = 'camunda:calledElementVersionTag="{}"'
    old = drawn('camunda:versionTag="1"', tag.format("a"), "")
    assert say(old, drawn('camunda:versionTag="2"', tag.format("b"), 'camunda:variableName="y"')) == [
        "Conditions: “Wait”: the condition changed from “${x}” to “${x} (y, create, update, delete)”.",
        "Called processes: “Call”: the called process changed from “q versionTag a” to “q versionTag b”.",
        "Names: “p”: the tag of the version changed from “1” to “2”.",
    ]


def test_forms_are_compared_field_by_field(say: Say, complaint: Files) -> None:
    form = json.loads(complaint["complaint/judge.json"])
    fields = form["fields"]
    fields[0]["label"] = {"zh": "决定", "en": "Verdict"}
    gone = fields.pop()
    fields[1]["required"] = not fields[1].get("required", False)
    fields.append({"name": "urgent", "type": "boolean", "label": {"zh": "紧急", "en": "Urgent"}, "required": True})
    fields[0]["options"].pop()
    found = say(complaint, {**complaint, "complaint/judge.json": json.dumps(form).encode()})
    assert f"Forms: Form “{form['title']['en']}”: the field “{gone['label']['en']}” is gone." in found
    assert f"Forms: Form “{form['title']['en']}”: new field “Urgent” (yes or no) that must be filled in." in found
    assert any("the label of “Verdict” is “决定 / Verdict” now, before “" in sentence for sentence in found)
    assert any("must be filled in" in sentence and "Urgent" not in sentence for sentence in found)
    assert any("the choice “" in sentence and "is gone" in sentence for sentence in found)
    assert len(found) == 5


def test_tables_are_compared_row_by_row(say: Say, complaint: Files) -> None:
    text = complaint["approval_level.dmn"].decode()
    first, second = text.index('<rule id="approval_level_rule_2">'), text.index('<rule id="approval_level_rule_3">')
    moved = text[:first] + text[second:]
    assert say(complaint, {**complaint, "approval_level.dmn": moved.encode()}) == [
        "Decisions: Table “批示级别”, former row 2 is gone: when 补偿金额（元）: >= 100000, "
        "then 责任部门主管: true, 客户部主管: true, 客户总监: true."
    ]
    raised = text.replace("<text>&gt;= 100000</text>", "<text>&gt;= 200000</text>")
    assert say(complaint, {**complaint, "approval_level.dmn": raised.encode()}) == [
        "Decisions: Table “批示级别”, row 2: 补偿金额（元） is “>= 200000” now, before “>= 100000”."
    ]


def test_the_page_shows_differences_findings_and_what_becomes_of_running_instances(sign_in: SignIn) -> None:
    designer, chinese = Designer(sign_in("shi.lei")), Designer(sign_in("shi.lei", language="zh"))
    draft = designer.open()
    assert "says the same as the deployed version" in designer.get(f"/drafts/{draft}/diff").text
    designer.add_step(draft)
    designer.change(draft, "complaint.en.json", ('"Second look"', '"<script>1"'))
    page = designer.get(f"/drafts/{draft}/diff").text
    assert "New: step for people “&lt;script&gt;1”" in page and "<script>1" not in page
    assert "Migrate by themselves" in page
    assert "新增用户任务" in chinese.get(f"/drafts/{draft}/diff").text
    marks = designer.get(f"/drafts/{draft}/diff.json").get_json()
    assert marks["changed"] == ["f_evaluated"]
