"""Forms as people meet them in the browser: labels, errors at their fields, rows, fields that follow an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from tests.support.application import database_of

SignIn = Callable[..., FlaskClient]
NEW = "/complaints/new"


def page(client: FlaskClient, path: str = NEW) -> html.HtmlElement:
    return html.fromstring(client.get(path).get_data(as_text=True))


def csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(NEW).get_data(as_text=True))
    assert found
    return found[1]


def send(client: FlaskClient, path: str = NEW, **values: Any) -> tuple[int, html.HtmlElement]:
    answer = client.post(path, data={"csrf_token": csrf(client), **values})
    return answer.status_code, html.fromstring(answer.get_data(as_text=True) or "<p></p>")


def field(tree: html.HtmlElement, name: str) -> html.HtmlElement:
    found = tree.xpath("//*[@id=$name]", name=name)
    assert len(found) == 1, f"{name}: {len(found)}"
    return found[0]


@pytest.fixture
def agent(sign_in: SignIn) -> FlaskClient:
    return sign_in("li.na")


def test_every_field_has_a_label_and_nothing_has_an_id_twice(agent: FlaskClient) -> None:
    tree = page(agent)
    form = tree.xpath("//form[@data-form]")[0]
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    labels = set(form.xpath(".//label/@for"))
    for control in form.xpath(".//input[not(@type='hidden')] | .//select | .//textarea"):
        wrapped = control.xpath("ancestor::label")
        named = control.get("aria-label") or control.get("aria-labelledby")
        assert control.get("id") in labels or wrapped or named, control.get("name")
    assert field(tree, "verbatim").get("required") is not None
    described = field(tree, "verbatim").get("aria-describedby").split()
    assert "Exactly as the customer said it" in field(tree, described[0]).text_content()


def test_the_form_speaks_the_readers_language(sign_in: SignIn) -> None:
    chinese = page(sign_in("li.na", language="zh")).text_content()
    english = page(sign_in("li.na", language="en")).text_content()
    assert "客户原话" in chinese and "产品质量投诉" in chinese and "In the customer" not in chinese
    assert "In the customer’s words" in english and "客户原话" not in english


def test_no_script_and_no_style_stands_in_the_form(agent: FlaskClient) -> None:
    form = page(agent).xpath("//form[@data-form]")[0]
    assert form.xpath(".//script | .//style | .//@style") == []
    assert [name for name in form.xpath(".//@*") if str(name).startswith("javascript:")] == []
    assert not [attribute for element in form.iter() for attribute in element.attrib if attribute.startswith("on")]


def test_refused_values_come_back_with_the_reason_at_their_field(agent: FlaskClient) -> None:
    status, tree = send(agent, summary="kept while it is wrong", amount="much", complaint_class="quality")
    assert status == 422
    assert field(tree, "summary").text == "kept while it is wrong"
    amount = field(tree, "amount")
    assert amount.get("value") == "much" and amount.get("aria-invalid") == "true"
    assert "A number is needed here." in field(tree, "amount-error").text_content()
    assert "amount-error" in amount.get("aria-describedby")
    assert field(tree, "verbatim").get("aria-invalid") == "true"
    summary = field(tree, "error-summary")
    assert "Amount claimed (yuan): A number is needed here." in summary.text_content()
    for link in summary.xpath(".//a/@href"):
        field(tree, link.removeprefix("#"))


def test_reasons_come_in_chinese_to_a_chinese_reader(sign_in: SignIn) -> None:
    _status, tree = send(sign_in("li.na", language="zh"), amount="很多")
    assert field(tree, "amount-error").text_content().strip() == "此处应为数字。"
    assert field(tree, "verbatim-error").text_content().strip() == "此项必填。"


def test_the_sub_codes_follow_the_class_and_what_was_typed_stays(agent: FlaskClient) -> None:
    assert page(agent).xpath("//*[starts-with(@data-field, 'sub_code')]") == []
    deciding = page(agent).xpath("//input[@name='complaint_class']")
    assert len(deciding) == 4
    assert {choice.get("hx-post") for choice in deciding} == {"/complaints/new/fields"}
    status, tree = send(agent, "/complaints/new/fields", complaint_class="transport", summary="typed before")
    assert status == 200 and tree.get("data-form-fields") is not None
    assert tree.xpath("//*[starts-with(@data-field, 'sub_code')]/@data-field") == ["sub_code_transport"]
    assert len(tree.xpath("//input[@name='sub_code_transport']")) == 4
    assert field(tree, "waybill") is not None and field(tree, "summary").text == "typed before"


def test_without_scripts_a_button_shows_the_fields_that_follow(agent: FlaskClient) -> None:
    assert page(agent).xpath("//noscript/button[@name='_refresh']") != []
    status, tree = send(agent, complaint_class="service", _refresh="complaint_class", summary="typed")
    assert status == 200 and field(tree, "employee") is not None and field(tree, "summary").text == "typed"
    assert tree.xpath("//*[@aria-invalid='true']") == [], "nothing was sent yet, so nothing is wrong yet"


def test_names_with_script_tags_stay_text(agent: FlaskClient) -> None:
    nasty = '"><script>alert(1)</script>{{ 7*7 }}'
    status, tree = send(
        agent,
        **dict.fromkeys(("summary", "verbatim", "amount", "customer_reference", "customer", "channel"), nasty),
        complaint_class="transport",
        sub_code_transport=nasty,
        waybill=nasty,
    )
    assert status == 422
    assert field(tree, "summary").text == nasty and field(tree, "waybill").get("value") == nasty
    assert tree.xpath("//form[@data-form]//script") == []
    assert "49" not in field(tree, "summary").text


def test_customers_are_found_while_typing(agent: FlaskClient) -> None:
    search = page(agent).xpath("//*[@data-field='customer']//input[@type='search']")[0]
    assert search.get("hx-get") == "/references/customer" and search.get("hx-target") == "next select"
    everything = html.fromstring(agent.get("/references/customer").get_data(as_text=True)).xpath("//option[@value!='']")
    assert 0 < len(everything) <= 20
    name = everything[0].text
    found = html.fromstring(agent.get("/references/customer", query_string={"q": name}).get_data(as_text=True))
    assert name in [option.text for option in found.xpath("//option[@value!='']")]
    nothing = agent.get("/references/customer", query_string={"q": "<b>nobody"}).get_data(as_text=True)
    assert "&lt;b&gt;nobody" in nothing and "<b>" not in nothing
    assert agent.get("/references/secrets").status_code == 404


def test_whoever_is_not_signed_in_finds_nobody(client: FlaskClient) -> None:
    assert client.get("/references/customer").status_code == 302
    assert client.get("/api/v1/references/customer").status_code == 401


# --- rows and readonly fields, drawn without a process around them ---------------------------------------------------


def draw(app: Flask, name: str, values: dict[str, Any], groups: frozenset[str] = frozenset(), **more: Any) -> Any:
    from flask import render_template_string

    from app import db
    from tests.support.processes import form

    template = (
        '{% from "formkit/form.html" import render_form, render_values %}<div>'
        "{{ render_form(document, values, errors, {}, groups, '', '/fields') if errors is not none"
        " else render_values(document, values, groups) }}</div>"
    )
    more.setdefault("errors", {})
    with app.test_request_context("/"):
        document = form("complaint", name)
        text = render_template_string(template, document=document, values=values, groups=groups, **more)
        db.session().close()
    assert database_of(app)
    return html.fromstring(text)


def test_rows_can_be_added_and_removed_with_and_without_scripts(app: Flask) -> None:
    rows = [{"description": "first"}, {"description": "second", "cost": "12.5"}]
    tree = draw(app, "propose_solution", {"actions": rows}, errors={"actions.1.owner": ["This field is required."]})
    assert [box.get("value") for box in tree.xpath("//*[@data-rows-body]//input[contains(@name,'-description')]")] == [
        "first",
        "second",
    ]
    assert field(tree, "actions-1-cost").get("value") == "12.5"
    assert field(tree, "actions-1-owner").get("aria-invalid") == "true"
    assert "required" in field(tree, "actions.1.owner").text_content()
    removing = tree.xpath("//*[@data-rows-body]//button[@data-row-remove]/@value")
    assert removing == ["remove:actions:0", "remove:actions:1"]
    assert tree.xpath("//button[@data-row-add]/@value") == ["add:actions"]
    template = tree.xpath("//template[@data-row-template]")[0]
    assert template.xpath(".//input[@name='actions-__row__-due_on']/@type") == ["date"]


def test_the_list_of_errors_names_row_and_column(app: Flask) -> None:
    from app.formkit.widgets import summary
    from tests.support.processes import form

    with app.test_request_context("/"):
        found = summary(form("complaint", "propose_solution"), {"actions.1.owner": ["missing"], "": ["in general"]})
    assert found == {"actions.1.owner": ["Actions 2 Owner: missing"], "": ["in general"]}


def test_an_empty_plan_starts_with_one_row(app: Flask) -> None:
    tree = draw(app, "propose_solution", {})
    assert len(tree.xpath("//*[@data-rows-body]/*[@data-row]")) == 1


def test_what_cannot_be_changed_is_shown_not_asked(app: Flask) -> None:
    tree = draw(app, "assign_department", {"proposed_department": "logistics"})
    assert tree.xpath("//*[@name='proposed_department']") == []
    assert "Logistics" in tree.xpath("//*[@data-field='proposed_department']")[0].text_content()
    firsts = tree.xpath("//input[@name='departments-first']/@value")
    assert len(firsts) == len(tree.xpath("//input[@name='departments']")) == 17


def test_confidential_fields_are_not_drawn_for_others(app: Flask) -> None:
    assert draw(app, "decide_penalty", {"basis": "secret"}, frozenset({"finance"})).text_content().strip() == ""
    shown = draw(app, "decide_penalty", {"basis": "secret"}, frozenset({"human_resources"}))
    assert field(shown, "basis").text == "secret" and "confidential" in shown.text_content()


def test_moments_are_shown_in_business_time(app: Flask) -> None:
    tree = draw(app, "record", {"received_at": "2026-11-23T01:30:00+00:00"})
    assert field(tree, "received_at").get("value") == "2026-11-23T09:30"


def test_a_filled_in_form_for_reading(app: Flask) -> None:
    values = {"outcome": "return_cause", "instruction": "<i>again</i>", "comment": None, "compensation": 1200}
    tree = draw(app, "approve_solution", values, errors=None)
    read = {term.text: term.getnext().text_content().strip() for term in tree.xpath("//dt")}
    assert read == {
        "Compensation (yuan)": "1,200.00",
        "Outcome": "Return to cause analysis",
        "Instruction": "<i>again</i>",
    }


def test_rows_for_reading(app: Flask) -> None:
    rows = [{"fact": "pump broken", "source": "customer", "verdict": "established"}]
    tree = draw(app, "judge", {"facts_checked": rows}, errors=None)
    assert [cell.text for cell in tree.xpath("//td")] == ["pump broken", "Customer", "Established"]
