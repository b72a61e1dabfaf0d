"""The gate: what must be right before a draft is deployed, said at the element with what to do."""

from __future__ import annotations

import json
import re

from tests.conftest import SignIn
from tests.support.workshop import STEP, Designer

AT = "second_look"
ENDS = 'sourceRef="verify_with_customer" targetRef="matter_verified"'


def codes(designer: Designer, draft: int) -> dict[str, str]:
    """Code of each error and the element it is at."""
    return {one["code"]: one["element"] for one in designer.findings(draft) if one["severity"] == "error"}


def test_a_new_step_is_complained_about_until_people_form_and_names_are_right(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    draft = designer.open()
    designer.change(draft, "complaint.bpmn", *STEP.drawn(group="nobody_there"))
    assert codes(designer, draft) == {"group_unknown": AT, "form_missing": AT, "english_name_missing": AT}
    refused = designer.deploy(draft)
    assert refused.status_code == 422 and "Nothing was deployed" in refused.text
    page = designer.get(f"/drafts/{draft}").text
    assert "There is no group “nobody_there”." in page and "edit/complaint.bpmn?element=second_look" in page
    designer.change(draft, "complaint.bpmn", ('"nobody_there"', '"finance"'))
    designer.save(draft, "complaint/second_look.json", json.dumps({**STEP.form, "title": {"zh": "复核", "en": ""}}))
    assert codes(designer, draft) == {"form_problem": None, "english_name_missing": AT}
    designer.save(draft, "complaint/second_look.json", json.dumps(STEP.form))
    designer.change(draft, "complaint.en.json", *STEP.named)
    assert codes(designer, draft) == {}


def test_what_the_engine_and_the_house_find_stands_at_its_element_in_both_languages(sign_in: SignIn) -> None:
    designer, chinese = Designer(sign_in("shi.lei")), Designer(sign_in("shi.lei", language="zh"))
    draft = designer.open("lead_followup")
    judged = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${'
    text = designer.get(f"/drafts/{draft}/files/lead_followup.bpmn").text
    assert judged in text
    text = text.replace(judged, judged + "__import__('os') or ", 1)
    text = text.replace('camunda:topic="lead.win"', 'camunda:topic="lead.win_twice"')
    text = text.replace('camunda:decisionRef="lead_timing"', 'camunda:decisionRef="lead_time"')
    designer.save(draft, "lead_followup.bpmn", text)
    found = {one["code"]: one for one in designer.findings(draft)}
    assert {"expression", "topic_without_handler", "decision_missing"} <= found.keys()
    assert found["decision_missing"]["element"] == "determine_horizon"
    assert found["topic_without_handler"]["severity"] == "warning"
    said = {one["code"]: one for one in chinese.findings(draft)}
    assert said["decision_missing"]["message"] == "找不到决策“lead_time”。"
    assert said["decision_missing"]["remedy"] == "请一起上传它的 DMN 文件。"


def test_steps_that_no_diagram_shows_are_found(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    draft = designer.open("cco_routing")
    text = designer.get(f"/drafts/{draft}/files/cco_routing.bpmn").text
    shape = re.search(r'<bpmndi:BPMNShape [^>]*bpmnElement="classify".*?</bpmndi:BPMNShape>', text, re.DOTALL)
    assert shape
    designer.save(draft, "cco_routing.bpmn", text.replace(shape[0], ""))
    found = {(one["code"], one["element"], one["severity"]) for one in designer.findings(draft)}
    assert ("not_drawn", "classify", "warning") in found
    designer.save(draft, "cco_routing.bpmn", text[: text.index("<bpmndi:BPMNDiagram")] + "</bpmn:definitions>")
    found = {(one["code"], one["element"], one["severity"]) for one in designer.findings(draft)}
    assert ("nothing_drawn", "cco_routing", "warning") in found and "not_drawn" not in {code for code, *_ in found}


def test_dead_ends_forgotten_variables_and_gaps_in_tables_are_found(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    draft = designer.open("cco_routing")
    text = designer.get(f"/drafts/{draft}/files/cco_routing.bpmn").text
    text = text.replace(f'<bpmn:sequenceFlow id="f_verified" {ENDS} />', "").replace("sampled_for_check", "sampled_2")
    designer.save(draft, "cco_routing.bpmn", text)
    table = designer.get(f"/drafts/{draft}/files/matter_kind.dmn").text
    last = table.index('<rule id="matter_kind_rule_9">')
    rest = table.index("</rule>", last) + len("</rule>")
    designer.save(draft, "matter_kind.dmn", table[:last] + table[rest:])
    found = {(one["code"], one["severity"]) for one in designer.findings(draft)}
    assert {("dead_end", "error"), ("variable_never_set", "warning"), ("no_row_for_the_rest", "warning")} <= found
