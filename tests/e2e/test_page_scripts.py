"""What scripts add to the pages: the diagram with its token and mark, drafts, keys, the dark theme, running imports."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, Page, Response, expect

from tests.support import bureau
from tests.support.application import database_of, drain
from tests.support.person import Person

Someone = Callable[..., Person]
ROWS = 40
"""Of a file to import."""
MARK_IS_ON_TOP = """() => {
  const mark = document.querySelector("keliu-diagram .bjs-powered-by");
  mark.scrollIntoView({ block: "center", behavior: "instant" });
  const box = mark.getBoundingClientRect();
  const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return { width: box.width, height: box.height, onTop: mark.contains(found), inside: box.right <= innerWidth };
}"""


def open_first_task(page: Page, box: str, step: str = "") -> None:
    page.goto(re.sub(r"/inbox.*|$", f"/inbox?box={box}", page.url, count=1))
    page.locator("[data-list-row]", has_text=step).locator("[data-open]").first.click()
    page.wait_for_url(re.compile(r"/inbox/tasks/"))


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_the_diagram_shows_where_the_case_is_and_the_mark_of_bpmn_io(person: Someone, width: int) -> None:
    lead = person("sun.lihua", width=width)
    page = lead.visit("/inbox?box=claim")
    open_first_task(page, "claim")
    diagram = page.locator("keliu-diagram")
    expect(diagram).to_have_attribute("data-ready", "yes", timeout=15_000)
    expect(diagram).to_have_attribute("aria-label", re.compile("the case is here: "))
    expect(diagram.locator(".token-dot").first).to_be_attached()
    mark = page.evaluate(MARK_IS_ON_TOP)
    assert mark["width"] >= 50
    assert mark["height"] >= 20
    assert mark["onTop"]
    assert mark["inside"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_diagram_speaks_the_language_of_the_page(person: Someone) -> None:
    for language, words in (
        ("zh", "流程图：当前节点：|流程图: 当前节点: "),
        ("en", "Process diagram: the case is here: "),
    ):
        page = person("sun.lihua", language=language).visit("/inbox?box=claim")
        open_first_task(page, "claim")
        expect(page.locator("keliu-diagram")).to_have_attribute("aria-label", re.compile(words), timeout=15_000)
        expect(
            page.get_by_role("button", name="显示全图" if language == "zh" else "Show the whole diagram")
        ).to_be_visible()


def test_the_diagram_is_moved_by_keys_and_buttons(person: Someone) -> None:
    page = person("sun.lihua").visit("/inbox?box=claim")
    open_first_task(page, "claim")
    diagram = page.locator("keliu-diagram")
    expect(diagram).to_have_attribute("data-ready", "yes", timeout=15_000)

    def view() -> str:
        return str(page.locator("keliu-diagram .viewport").first.get_attribute("transform"))

    seen = [view()]
    diagram.focus()
    for key in ("ArrowRight", "+", "-", "0"):
        page.keyboard.press(key)
        expect(page.locator("keliu-diagram .viewport").first).not_to_have_attribute("transform", seen[-1])
        seen.append(view())
    page.get_by_role("button", name="Show where the case is").click()
    expect(page.locator("keliu-diagram .viewport").first).not_to_have_attribute("transform", seen[-1])


def test_what_is_typed_is_saved_while_typing_and_restored(person: Someone) -> None:
    lead = person("sun.lihua")
    page = lead.visit("/inbox?box=claim")
    open_first_task(page, "claim", step="Decide whether the complaint is valid")
    lead.fill(outcome="not_valid")
    page.locator("#task-form [name=reason]").fill("一半的话，还没写完")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft saved", timeout=10_000)
    page.reload()
    expect(page.locator("#task-form [name=reason]")).to_have_value("一半的话，还没写完")


def keeps(text: str) -> Callable[[Response], bool]:
    """Whether an answer is to a draft with that text."""

    def found(answer: Response) -> bool:
        return answer.request.method == "PUT" and text in unquote_plus(answer.request.post_data or "")

    return found


def test_the_front_desk_keeps_the_words_and_the_caller_until_they_are_sent(person: Someone) -> None:
    page = person("li.na").visit("/matters/desk")
    page.locator("#verbatim").fill("机床开不了机")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft saved", timeout=10_000)
    page.context.set_offline(True)
    page.locator("#verbatim").fill("机床开不了机，急")
    expect(page.locator("[data-draft-state]")).to_contain_text("could not be saved", timeout=10_000)
    page.context.set_offline(False)
    expect(page.locator("[data-draft-state]")).to_have_text("Draft saved", timeout=10_000)
    page.locator("#who-calls").fill("cjn")
    with page.expect_response(keeps("陈佳宁")):  # whoever is chosen belongs to it too
        page.locator("[data-found]").first.click()
    page.goto(page.url.split("?")[0])
    expect(page.locator("#draft-restored")).to_contain_text("is restored")
    expect(page.locator("#verbatim")).to_have_value("机床开不了机，急")
    expect(page.locator("#caller_name")).to_have_value("陈佳宁")
    page.locator("label[for=concern-needs_help]").click()
    page.get_by_role("button", name="Register and go on").click()
    page.wait_for_url(re.compile("/inbox/tasks/"))
    page.goto(re.sub("/inbox/.*", "/matters/desk", page.url))
    expect(page.locator("#verbatim")).to_have_value("")


def test_the_inbox_is_worked_by_keyboard(person: Someone) -> None:
    page = person("sun.lihua").visit("/inbox?box=claim")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    rows = page.locator("[data-list-row]")
    expect(rows.first).to_have_class(re.compile("is-current"))
    page.keyboard.press("/")
    expect(page.locator("[data-search]").first).to_be_focused()
    page.keyboard.press("j")  # typing a search moves nothing
    expect(page.locator("[data-search]").first).to_have_value("j")
    page.locator("[data-search]").first.fill("")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/inbox/tasks/"))


def test_the_place_in_the_list_is_kept_when_it_refreshes_itself(person: Someone) -> None:
    page = person("sun.lihua").visit("/inbox?box=claim")
    page.keyboard.press("j")
    page.evaluate("document.querySelector('#inbox-list').setAttribute('data-before', 'yes')")
    page.evaluate("document.querySelector('#inbox-list').removeAttribute('hx-headers')")  # the next answer is whole
    expect(page.locator("#inbox-list")).not_to_have_attribute("data-before", "yes", timeout=15_000)
    expect(page.locator("[data-list-row]").first).to_have_class(re.compile("is-current"))
    assert page.evaluate("document.activeElement.matches('[data-list-row] [data-open]')")


def test_the_dark_theme_is_remembered(person: Someone) -> None:
    page = person("li.na").visit("/inbox")
    page.locator("[data-theme-toggle]").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.slow
def test_an_import_is_watched_until_it_has_ended(app: Flask, person: Someone) -> None:
    agent = person("li.na", language="zh", width=360)
    page = agent.visit("/imports")
    content, good = bureau.beginning(ROWS)
    file: FilePayload = {"name": bureau.FILE.name, "mimeType": "text/csv", "buffer": content}
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="上传并预览").click()
    expect(page.locator("#preview .table-danger").first).to_contain_text("客户原话")
    page.get_by_role("button", name=f"导入 {ROWS} 行").click()
    expect(page.locator("#progress")).to_contain_text(f"已处理 0 行，共 {ROWS} 行")
    drain(database_of(app))
    expect(page.locator("[data-count=created]")).to_have_text(str(good), timeout=10_000)
    expect(page.locator("[data-count=failed]")).to_have_text(str(ROWS - good))
    with page.expect_download() as download:
        page.get_by_role("link", name="下载退回的行").click()
    assert "退回原因" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
