"""Designers draw processes and fill decision tables in the browser."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import drawing as reader
from tests.conftest import SignIn
from tests.support.axe import violations
from tests.support.drawing_of_everything import drawing, ids
from tests.support.person import Person
from tests.support.workshop import Designer, number_of

PROCESSES = Path(__file__).parents[2] / "processes"
LOGIN = "shi.lei"
ENGLISH = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]+)*")
SAID_BY_EDITORS = """() => {
  const root = document.querySelector("[data-editor]");
  const own = "input, textarea, code, option, [data-findings], .djs-visual, .keliu-chip, .keliu-note, .cell-editor, "
    + "td.annotation, .dmn-definitions, .finding-sign, span.bts-scope";
  const found = new Set();
  for (const element of root.querySelectorAll("*")) {
    if (element.closest(own) || !element.getClientRects().length) continue;
    for (const name of ["title", "aria-label", "placeholder"]) {
      const text = element.getAttribute(name);
      if (text) found.add(text);
    }
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.data.trim()) found.add(node.data.trim());
    }
  }
  return [...found];
}"""
KEPT = re.compile(r"BPMN|bpmn\.io|FEEL|Python|Ctrl|Del|nrOf|loopCounter|working_|PT4H|R3|\$\{|outcome|P3D|2027|date\(")
WITH_MENUS_OF_THEIR_OWN = (
    "task", "subProcess", "transaction", "exclusiveGateway", "startEvent", "intermediateThrowEvent",
    "intermediateCatchEvent_timer", "endEvent", "data",
)  # fmt: skip


@pytest.fixture
def workshop(sign_in: SignIn) -> Designer:
    """A designer, for what is there before the browser opens."""
    return Designer(sign_in(LOGIN))


def edit(person: Person, draft: int, name: str, query: str = "") -> Page:
    """Open a file in its editor and wait until it is drawn."""
    page = person.visit(f"/designer/drafts/{draft}/edit/{name}{query}")
    expect(page.locator("[data-editor][data-ready]")).to_have_attribute("data-ready", "yes", timeout=20_000)
    return page


def english_left(page: Page) -> set[str]:
    """What the editor says in English: what it noted itself, and what can be read on the page."""
    noted = page.locator("[data-editor]").get_attribute("data-untranslated") or ""
    seen = [text for text in page.evaluate(SAID_BY_EDITORS) if not KEPT.search(text)]
    return {text for text in [*noted.split(" | "), *seen] if ENGLISH.search(text)}


def choose(page: Page, identifier: str) -> Locator:
    """Click an element on the canvas; its properties are shown. The one before lets go of it first."""
    page.locator("[data-canvas]").click(position={"x": 300, "y": 8})
    box = page.locator(f"[data-canvas] g.djs-shape[data-element-id={identifier}] > .djs-hit").first.bounding_box()
    assert box, identifier
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    panel = page.locator("[data-properties]")
    expect(panel.locator("#bio-properties-panel-id")).to_have_value(identifier)
    return panel


@pytest.fixture
def everything(workshop: Designer) -> int:
    """A draft with one element of every kind."""
    return number_of(workshop.upload({"everything.bpmn": drawing("名称").encode()}))


def test_every_kind_of_element_speaks_chinese(person: Callable[..., Person], everything: int) -> None:
    page = edit(person(LOGIN, language="zh"), everything, "everything.bpmn")
    page.locator("[data-do=fit]").click()
    left = set()
    for identifier in ids():
        choose(page, identifier)
        if identifier in WITH_MENUS_OF_THEIR_OWN:
            page.locator(".djs-context-pad .entry[data-action=replace]").click()
            expect(page.locator(".djs-popup")).to_be_visible()
        left |= english_left(page)
        page.keyboard.press("Escape")
    assert left == set()


def test_every_tool_speaks_chinese(person: Callable[..., Person], everything: int) -> None:
    page = edit(person(LOGIN, language="zh"), everything, "everything.bpmn")
    page.locator("[data-do=fit]").click()
    left = set()
    for action in ("append", "set-color"):
        choose(page, "userTask")
        page.locator(f".djs-context-pad .entry[data-action='{action}']").click()
        expect(page.locator(".djs-popup")).to_be_visible()
        left |= english_left(page)
        page.keyboard.press("Escape")
    page.locator(".djs-palette .entry[data-action=create]").click()
    expect(page.locator(".djs-popup")).to_be_visible()
    left |= english_left(page)
    page.keyboard.press("Escape")
    page.locator("[data-do=minimap]").click()
    page.locator("[data-do=find]").click()
    left |= english_left(page)
    page.keyboard.press("Escape")
    page.locator("[data-canvas]").click(position={"x": 300, "y": 8})
    page.keyboard.press("Control+a")
    page.locator(".djs-context-pad .entry[data-action=align-elements]").click()
    left |= english_left(page)
    page.keyboard.press("Escape")
    assert left == set()


HOSTILE = "<img src=x onerror=document.title='hurt'>"
HOSTILE_NAME = "&lt;img src=x onerror=document.title='hurt'&gt;"
SMALL = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions '
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="http://keliu.example/small">'
    '<bpmn:process id="small" name="小流程" isExecutable="true"><bpmn:startEvent id="begun" name="开始" />'
    f'<bpmn:userTask id="work" name="{HOSTILE_NAME}" /><bpmn:endEvent id="ended" name="结束" />'
    '<bpmn:sequenceFlow id="one" sourceRef="begun" targetRef="work" />'
    '<bpmn:sequenceFlow id="two" sourceRef="work" targetRef="ended" /></bpmn:process></bpmn:definitions>'
)


@pytest.fixture
def small(workshop: Designer) -> int:
    """A draft whose file has no drawing, and a task with a script in its name."""
    return number_of(workshop.upload({"small.bpmn": SMALL.encode()}))


def test_a_name_stays_text_wherever_the_editor_shows_it(person: Callable[..., Person], small: int) -> None:
    page = edit(person(LOGIN, language="zh"), small, "small.bpmn")
    expect(page.locator("[data-message]")).to_have_text("文件没有图形，已自动排版。")
    panel = choose(page, "work")
    expect(panel.locator("#bio-properties-panel-name")).to_have_value(HOSTILE)
    finding = page.locator("[data-findings] .finding-place", has_text="onerror").first
    expect(finding).to_have_text(HOSTILE)
    expect(page.locator(".djs-overlay .finding-sign")).not_to_have_count(0)
    page.locator("[data-do=simulate]").click()
    page.locator("[title=触发事件]:visible").first.click()
    page.locator(".bts-palette [title=显示模拟记录]").click()
    expect(page.locator(".bts-log .bts-text", has_text="onerror")).to_have_text(HOSTILE, timeout=20_000)
    assert english_left(page) <= {HOSTILE}
    assert page.locator("[src=x]").count() == 0
    assert "hurt" not in page.title()


def test_work_is_saved_while_it_goes_on_and_nothing_is_lost_when_two_save(
    person: Callable[..., Person], workshop: Designer, small: int
) -> None:
    page, other = edit(person(LOGIN), small, "small.bpmn"), edit(person(LOGIN, width=1400), small, "small.bpmn")
    panel = choose(page, "work")
    panel.locator("#bio-properties-panel-name").fill("核对")
    panel.locator("#bio-properties-panel-english-name").fill("Verify")
    panel.locator("[data-group-id=group-people] .bio-properties-panel-group-header-title").click()
    panel.locator("#bio-properties-panel-candidate-groups-add").select_option("finance")
    expect(panel.locator(".keliu-chip")).to_contain_text("Finance")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    saved = workshop.files(small)
    assert 'camunda:candidateGroups="finance"' in saved["small.bpmn"].decode()
    assert json.loads(saved["small.en.json"])["elements"] == {"work": "Verify"}
    page.locator("[data-do=undo]").click()
    expect(panel.locator(".keliu-chip")).to_have_count(0)
    page.locator("[data-do=check]").click()
    expect(page.locator("[data-findings] .finding-place", has_text="Verify").first).to_be_visible()
    expect(page.locator("[data-findings]")).not_to_contain_text("two flows between the same")

    choose(other, "work").locator("#bio-properties-panel-name").fill("复核")
    expect(other.locator("[data-save-state]")).to_contain_text("Nothing you did is lost")
    with other.expect_download() as mine:
        other.locator("[data-conflict] [data-do=download]").click()
    assert "复核" in Path(mine.value.path()).read_text("utf-8")
    other.on("dialog", lambda dialog: dialog.accept())
    other.locator("[data-do=load-theirs]").click()
    expect(other.locator("[data-editor][data-ready]")).to_be_attached()
    expect(choose(other, "work").locator("#bio-properties-panel-name")).to_have_value("核对")


def test_an_ordinary_file_is_opened_and_goes_home_again(
    person: Callable[..., Person], workshop: Designer, small: int
) -> None:
    page = edit(person(LOGIN), small, "small.bpmn")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("[data-open]").set_input_files(PROCESSES / "cco_routing.bpmn")
    expect(page.locator("[data-canvas] [data-element-id=classify]").first).to_be_visible()
    expect(page.locator("[data-save-state]")).to_contain_text("Saved", timeout=20_000)
    assert 'id="classify"' in workshop.files(small)["small.bpmn"].decode()
    with page.expect_download() as taken:
        page.locator(".designer-bar [data-do=download]").click()
    assert taken.value.suggested_filename == "small.bpmn"
    [there] = reader.read("small.bpmn", Path(taken.value.path()).read_bytes())
    [given] = reader.read("cco_routing.bpmn", (PROCESSES / "cco_routing.bpmn").read_bytes())
    assert [vars_of(node) for _scope, node in there.scope.walk()] == [
        vars_of(node) for _scope, node in given.scope.walk()
    ], "drawing and saving loses nothing the engine reads"


def vars_of(node: reader.Node) -> dict[str, object]:
    """What the engine reads of a node, wherever it stands in the file."""
    found = {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}
    return {name: value for name, value in found.items() if name not in ("line", "scope")}


def fill(panel: Locator, **answers: str) -> None:
    """Write or choose in fields of the panel by their names; groups that are closed are opened."""
    for name, value in answers.items():
        field = panel.locator(f"#bio-properties-panel-{name.replace('_', '-')}")
        if not field.is_visible():
            group = field.locator("xpath=ancestor::*[@data-group-id][1]")
            group.locator(".bio-properties-panel-group-header-title").click()
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.blur()


def test_what_the_panel_writes_is_what_the_engine_reads(
    person: Callable[..., Person], workshop: Designer, everything: int
) -> None:
    page = edit(person(LOGIN), everything, "everything.bpmn")
    page.locator("[data-do=fit]").click()
    fill(
        choose(page, "userTask"),
        assignee="${owner}",
        excluded_users="${proposer}",
        form_key="everything/userTask",
        priority="70",
        follow_up_date="=working_days(2)",
        calendar="office",
    )
    fill(choose(page, "serviceTask"), topic="complaint.archive", retries="5")
    fill(choose(page, "callActivity"), called_element="complaint", business_key="${number}")
    panel = choose(page, "callActivity")
    panel.locator("[data-group-id=group-calls-in] .bio-properties-panel-add-entry").click()
    fill(panel, calls_in_0_name="customer", calls_in_0_value="customer_id")
    fill(choose(page, "callActivity"), binding="versionTag")
    fill(choose(page, "callActivity"), version_tag="1.2")
    fill(choose(page, "intermediateCatchEvent_conditional"), event_variable="amount")
    fill(choose(page, "intermediateCatchEvent_timer"), timer_kind="timeDate")
    fill(choose(page, "intermediateCatchEvent_timer"), timer_value="=date(visit_date)")
    fill(choose(page, "each"), collection="${centres}", completion="${nrOfCompletedInstances > 1}")
    fill(choose(page, "scriptTask"), script="round = 1", script_format="python")
    fill(choose(page, "exclusiveGateway"), default="flow")
    panel = choose(page, "receiveTask")
    panel.get_by_role("button", name="New message").click()
    fill(panel, message_name="visit_done", correlation_key="${number}")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-save-state", "saved")
    [process] = drawing_of(workshop, everything)
    nodes = process.scope.nodes
    assert nodes["userTask"].attributes == {
        "assignee": "${owner}",
        "formKey": "everything/userTask",
        "priority": "70",
        "followUpDate": "=working_days(2)",
    }
    assert nodes["userTask"].properties == {"excludedUsers": "${proposer}", "calendar": "office"}
    assert nodes["serviceTask"].attributes == {"type": "external", "topic": "complaint.archive"}
    assert nodes["serviceTask"].properties == {"retries": "5"}
    call = nodes["callActivity"].call
    assert call is not None
    assert (call.key, call.binding, call.tag, call.business_key) == ("complaint", "versionTag", "1.2", "${number}")
    assert [(one.name, one.target) for one in call.inputs] == [("customer_id", "customer")]
    about = nodes["intermediateCatchEvent_conditional"].event.filter
    assert about is not None and about.names == ("amount",)
    timer = nodes["intermediateCatchEvent_timer"].event.timer
    assert timer is not None
    assert (timer.kind, timer.text) == ("date", "=date(visit_date)")
    loop = nodes["each"].loop
    assert loop is not None
    assert (loop.collection, loop.completion) == ("${centres}", "${nrOfCompletedInstances > 1}")
    assert nodes["scriptTask"].script == "round = 1"
    assert nodes["exclusiveGateway"].default == "flow"
    assert (nodes["receiveTask"].event.name, nodes["receiveTask"].event.correlation) == ("visit_done", "${number}")


def drawing_of(workshop: Designer, draft: int) -> tuple[reader.Process, ...]:
    """What the engine reads in the saved file."""
    return reader.read("everything.bpmn", workshop.files(draft)["everything.bpmn"])


def test_decision_tables_are_filled_in_chinese(person: Callable[..., Person], workshop: Designer) -> None:
    draft = workshop.open("complaint")
    page = edit(person(LOGIN, language="zh"), draft, "service_level.dmn")
    left = english_left(page)
    for place in ("td.rule-index", "td.input-cell", "td.output-cell", "th.input-cell", "th.output-cell"):
        page.locator(place).first.click(button="right")
        left |= english_left(page)
        page.keyboard.press("Escape")
    page.locator("th.input-cell").first.dblclick()
    left |= english_left(page)
    page.keyboard.press("Escape")
    reason = page.locator("td.annotation [contenteditable]").nth(1)
    reason.fill("Critical, and an important customer")
    reason.blur()
    expect(page.locator("[data-save-state]")).to_have_text(re.compile("已保存"))
    assert b"Critical, and an important customer" in workshop.files(draft)["service_level.dmn"]
    page.locator("[data-views] button").first.click()
    expect(page.locator(".djs-palette")).to_be_visible()
    left |= english_left(page)
    assert left == set()


MARK = """mark => {
  const box = mark.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return [box.width, box.height, there === mark || mark.contains(there)];
}"""


def marks_of_bpmn_io(page: Page) -> None:
    """Every mark is as large as its licence asks and nothing lies over it."""
    marks = page.locator("a.bjs-powered-by, .powered-by a, a.powered-by")
    assert marks.count() > 0, page.url
    for mark in marks.all():
        mark.scroll_into_view_if_needed()
        width, height, free = mark.evaluate(MARK)
        assert width >= 50 and height >= 20 and free, (page.url, width, height, free)


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_the_mark_of_bpmn_io_is_seen_and_nobody_is_kept_out(
    person: Callable[..., Person], workshop: Designer, width: int
) -> None:
    tables = (PROCESSES / "approval_level.dmn").read_bytes()
    small = number_of(workshop.upload({"small.bpmn": SMALL.encode(), "approval_level.dmn": tables}))
    changed = workshop.open("complaint")
    workshop.change(changed, "complaint.bpmn", ('name="判定投诉是否成立"', 'name="判定"'))
    designer = person(LOGIN, language="en" if width == 820 else "zh", width=width)
    designer.page.emulate_media(color_scheme="dark" if width == 820 else "light", reduced_motion="reduce")
    found: list[str] = []
    for name in ("small.bpmn", "approval_level.dmn"):
        page = edit(designer, small, name, "?element=work")
        marks_of_bpmn_io(page)
        found += violations(page)
    page = designer.visit(f"/designer/drafts/{changed}/diff")
    expect(page.locator("[data-differ][data-ready=yes]")).to_be_attached(timeout=20_000)
    expect(page.locator("[data-side=new] .is-changed")).not_to_have_count(0)
    marks_of_bpmn_io(page)
    found += violations(page) if width == 820 else []  # axe looks at every line of two large diagrams
    assert found == [], "\n".join(found)


FOCUSED = """() => ["data-canvas", "data-properties", "data-findings"].find(
  part => document.activeElement.closest(`[${part}]`))"""


def test_the_keyboard_reaches_everything_and_leaves_again(person: Callable[..., Person], small: int) -> None:
    page = edit(person(LOGIN), small, "small.bpmn")
    page.locator("[data-do=copy]").focus()
    seen = []
    for _press in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert {"data-canvas", "data-properties", "data-findings"} <= set(seen)
    assert seen.index("data-canvas") < seen.index("data-properties") < seen.index("data-findings")
    page.locator("[data-findings] button", has_text="开始").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bio-properties-panel-id")).to_have_value("begun")
