"""Forms in a real browser: what follows an answer, rows, searching for people, files; and without any script."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Browser, expect

from tests.support.application import session_cookie
from tests.support.person import Person

Someone = Callable[..., Person]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def test_fields_follow_the_answers_and_what_was_typed_stays(person: Someone) -> None:
    page = person("li.na").visit("/complaints/new")
    page.fill("#summary", "typed before")
    expect(page.locator("#waybill")).to_have_count(0)
    page.check("input[name=complaint_class][value=transport]")
    expect(page.locator("#waybill")).to_be_visible()
    expect(page.locator("#complaint_class-transport")).to_be_focused()
    expect(page.locator("#summary")).to_have_value("typed before")
    page.fill("#waybill", "SF 100")
    page.check("input[name=complaint_class][value=service]")
    expect(page.locator("#employee")).to_be_visible()
    expect(page.locator("#waybill")).to_have_count(0)


def test_a_customer_is_found_by_two_characters_in_the_middle_of_the_name(person: Someone) -> None:
    page = person("li.na", language="zh").visit("/complaints/new")
    box = page.locator("[data-field=customer]")
    name = page.locator("#customer option:not([value=''])").nth(3).inner_text()
    box.locator("input[type=search]").fill(name[2:4])
    expect(page.locator("#customer option", has_text=name)).to_have_count(1)
    page.select_option("#customer", label=name)
    page.check("input[name=complaint_class][value=quality]")
    expect(page.locator("#customer option:checked")).to_have_text(name)


def test_a_file_is_uploaded_named_and_left_out_again(person: Someone) -> None:
    page = person("li.na").visit("/complaints/new")
    page.set_input_files("#files", {"name": "现场.png", "mimeType": "image/png", "buffer": PNG})
    expect(page.locator("#files-list a")).to_have_text("现场.png")
    page.set_input_files("#files", {"name": "<b>page.html", "mimeType": "text/html", "buffer": b"<script>alert(1)"})
    expect(page.locator("#files-list [role=alert]")).to_contain_text("is not a file we take")
    page.locator("#files-list input[type=checkbox]").check()
    page.check("input[name=complaint_class][value=quality]")
    expect(page.locator("input[name=sub_code_quality]").first).to_be_visible()
    expect(page.locator("#files-list a")).to_have_count(0)


def test_the_whole_form_works_without_scripts(app: Flask, browser: Browser, live_server: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    name, value = session_cookie(app, "li.na")
    context.add_cookies([{"name": name, "value": value, "url": live_server}])
    page = context.new_page()
    page.goto(f"{live_server}/complaints/new")
    page.select_option("#channel", "phone")
    page.select_option("#customer", index=1)
    page.fill("#verbatim", "It is broken")
    page.check("input[name=complaint_class][value=quality]")
    page.click("button[name=_refresh][value=complaint_class]")
    expect(page.locator("#verbatim")).to_have_value("It is broken")
    page.check("input[name=sub_code_quality][value=quality_defect]")
    page.click("form[data-form] button.btn-primary")
    expect(page.locator("body")).to_contain_text("is registered")
    context.close()
