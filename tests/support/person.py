"""A person at a browser: signs in at the page, opens tasks from the inbox, fills forms by field name."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

PASSWORD = "keliu-demo"
HEIGHT = 900
PICTURES = Path(os.environ["KELIU_SCREENSHOTS"]) if "KELIU_SCREENSHOTS" in os.environ else None
_ENGLISH = Path(__file__).parents[2] / "processes" / "complaint.en.json"
STEPS: dict[str, str] = json.loads(_ENGLISH.read_text("utf-8"))["elements"]
"""What the steps of a complaint are called in English."""

Row = Mapping[str, Any]


class Person:
    """One signed-in profile of the browser. Answers are given by field name; rows as a list of mappings."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        login: str,
        cookie: Callable[[], tuple[str, str]] | None = None,
        *,
        language: str = "en",
        width: int = 1280,
        sign_in: bool = True,
    ) -> None:
        self.login, self.address, self.language = login, address, language
        self.context = browser.new_context(
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": HEIGHT},
        )
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._note)
        self.cookie = cookie  # the password is tried in a test of its own; hashing it for everybody only costs time
        if sign_in:
            self.sign_in()

    def sign_in(self) -> None:
        """Give login and password at the page, or bring a session along."""
        if self.cookie:
            name, value = self.cookie()
            self.context.add_cookies([{"name": name, "value": value, "url": self.address}])
            return
        self.page.goto(f"{self.address}/login")
        self.page.fill("[name=login]", self.login)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/(inbox|admin)"))

    def _note(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.troubles.append(message.text)

    def close(self) -> None:
        """The profile is gone. Fails when the page ran into script errors or broke its own content policy."""
        self.context.close()
        assert not self.troubles, self.troubles

    def visit(self, path: str) -> Page:
        """Open a page of the application; after days away one signs in again."""
        self.page.goto(f"{self.address}{path}")
        if "/login" in self.page.url and path != "/login":
            self.sign_in()
            self.page.goto(f"{self.address}{path}")
        return self.page

    def widen(self, width: int) -> None:
        """The window is ``width`` pixels wide from now on."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def picture(self, name: str, part: Locator | None = None) -> None:
        """When pictures are wanted, keep one of the page or of a part of it, ``<name>.<language>.png``."""
        if PICTURES is not None:
            PICTURES.mkdir(parents=True, exist_ok=True)
            (part or self.page).screenshot(path=PICTURES / f"{name}.{self.language}.png")

    def open_task(self, number: str, step: str, *, box: str = "claim") -> Page:
        """Find the task of a case in a box of the inbox and open it. ``step`` is its element id."""
        self.visit(f"/inbox?box={box}&q={number}")
        row = self.page.locator("#inbox-list tr", has_text=STEPS[step])
        row.locator("a[href*='/inbox/tasks/']").first.click()
        expect(self.page.locator("#task-form")).to_be_visible()
        return self.page

    def sees_in_inbox(self, number: str, *, box: str = "claim") -> bool:
        """Whether a box of the inbox has a task of the case."""
        self.visit(f"/inbox?box={box}&q={number}")
        return self.page.locator("#inbox-list [href*='/inbox/tasks/']").count() > 0

    def fill(self, **answers: Any) -> None:
        """Give answers in the order written: later fields may appear because of earlier ones."""
        for name, value in answers.items():
            if isinstance(value, Sequence) and not isinstance(value, str) and value and isinstance(value[0], Mapping):
                self._fill_rows(name, value)
            else:
                self._answer(name, value)

    def _fill_rows(self, name: str, rows: Sequence[Row]) -> None:
        group = self.page.locator(f"[data-rows='{name}']")
        for index, row in enumerate(rows):
            if group.locator("[data-rows-body] > [data-row]").count() <= index:
                group.locator("[data-row-add]").click()
            expect(group.locator("[data-rows-body] > [data-row]")).to_have_count(index + 1)
            for column, value in row.items():
                self._answer(f"{name}-{index}-{column}", value)

    def _answer(self, name: str, value: Any) -> None:
        hidden = self.page.locator(f"input[type=hidden][name='{name}']")
        if str(value) in [one.input_value() for one in hidden.all()]:
            return  # the only possible answer is given already
        field = self.page.locator(f"[name='{name}']:not([type=hidden])")
        expect(field.first).to_be_attached()
        kind = field.first.evaluate("element => element.tagName + ':' + (element.type || '')")
        if kind in ("INPUT:radio", "INPUT:checkbox"):
            wanted = [str(one) for one in (value if isinstance(value, list) else [value])]
            for other in [box.input_value() for box in field.all() if kind.endswith("checkbox") and box.is_checked()]:
                if other not in wanted:
                    self._settle(self.page.locator(f"[name='{name}'][value='{other}']"), Locator.uncheck)
            for one in wanted:
                box = self.page.locator(f"[name='{name}'][value='{one}']")
                if not box.is_checked():
                    self._settle(box, Locator.check)
        elif field.first.input_value() == str(value):
            return
        elif kind.startswith("SELECT"):
            self._settle(field.first, lambda select: self._choose(select, name, str(value)))
        else:
            self._settle(field.first, lambda box: (box.fill(str(value)), box.blur()))

    def _choose(self, select: Locator, name: str, value: str) -> None:
        if select.locator(f"option[value='{value}']").count() == 0:
            search = select.locator("xpath=preceding-sibling::input[@type='search']")
            with self.page.expect_response(lambda response: "q=" in response.url):
                search.fill(value)
            named = select.locator("option").filter(has_text=re.compile(rf"^\s*{re.escape(value)}\s*$"))
            expect(select.locator(f"option[value='{value}']").or_(named).first).to_be_attached()  # drawn a moment later
            if named.count():
                select.select_option(label=value)
        if select.locator(f"option[value='{value}']").count():
            select.select_option(value)

    def _settle(self, field: Locator, act: Any) -> None:
        """Act; when the field decides about others, wait until the form was drawn again."""
        if field.get_attribute("hx-post"):
            with self.page.expect_response(lambda response: response.url.endswith("/fields")):
                act(field)
            expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)
        else:
            act(field)

    def send(self) -> None:
        """Complete the task that is open; the page that follows tells that it was taken."""
        self.page.locator("#task-form button.btn-primary[type=submit]").click()
        self.page.wait_for_url(re.compile(r"/(inbox|complaints)(\?|$|/CMP)"))

    def does(self, number: str, step: str, /, *, box: str = "claim", **answers: Any) -> None:
        """Open the task, fill its form and complete it."""
        self.open_task(number, step, box=box)
        self.fill(**answers)
        self.send()
