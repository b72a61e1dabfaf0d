"""What a client sends becomes values, or each refused field says why. The same rules for page, REST and import."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from app import formkit
from app.errors import FieldErrors
from tests.support.processes import form

SHANGHAI = ZoneInfo("Asia/Shanghai")
RECORD = {
    "channel": "phone",
    "customer": "17",
    "complaint_class": "quality",
    "sub_code_quality": "quality_defect",
    "severity": "serious",
    "verbatim": "机器坏了",
}
ACTION = {"description": "Replace the pump", "kind": "corrective", "owner": "sun.lei", "due_on": "2026-12-01"}
PROPOSAL = {
    "remedies": ["repair", "apology"],
    "solution": "Repair it",
    "actions": [ACTION],
    "compensation": 0,
    "prevention": "Check pumps",
}


def bind(name: str, payload: dict[str, Any], **more: Any) -> formkit.Bound:
    return formkit.bind(form("complaint", name), payload, zone=SHANGHAI, **more)


def errors(name: str, payload: dict[str, Any], **more: Any) -> dict[str, list[str]]:
    with pytest.raises(FieldErrors) as refused:
        bind(name, payload, **more)
    return {field: [str(message) for message in messages] for field, messages in refused.value.errors.items()}


def test_a_complaint_as_it_is_recorded() -> None:
    bound = bind("record", {**RECORD, "amount": "12,000.50", "received_at": "2026-11-23T09:30"})
    assert bound.values["amount"] == Decimal("12000.50")
    assert bound.values["received_at"] == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert bound.values["sub_code"] == "quality_defect"
    assert "waybill" not in bound.values, "a transport field of a quality complaint is not kept"
    assert bound.variables == {
        "complaint_class": "quality",
        "sub_code": "quality_defect",
        "severity": "serious",
        "amount": 12000.5,
    }


def test_everything_that_is_missing_is_said_at_once() -> None:
    assert errors("record", {}).keys() == {"channel", "customer", "complaint_class", "verbatim"}


def test_only_the_sub_code_of_the_chosen_class_is_needed() -> None:
    payload = {**RECORD, "complaint_class": "transport"}
    assert errors("record", payload) == {"sub_code_transport": ["This field is required."]}
    bound = bind("record", {**payload, "sub_code_transport": "transport_loss", "waybill": "SF100"})
    assert bound.values["sub_code"] == "transport_loss" and bound.values["waybill"] == "SF100"


def test_the_sub_code_may_be_sent_under_its_own_name() -> None:
    payload = {name: value for name, value in RECORD.items() if name != "sub_code_quality"}
    assert bind("record", {**payload, "sub_code": "quality_tolerance"}).values["sub_code"] == "quality_tolerance"
    refused = errors("record", {**payload, "sub_code": "service_manner"})
    assert refused == {"sub_code_quality": ["Choose one of the offered values."]}


def test_hidden_fields_are_neither_required_nor_kept_nor_judged() -> None:
    bound = bind("judge", {"outcome": "valid", "reason": 17, "reply": ["nonsense"]})
    assert "reason" not in bound.values
    assert errors("judge", {"outcome": "not_valid"}).keys() == {"reason", "reply"}
    assert errors("judge", {"outcome": "more_information"}).keys() == {"information_wanted"}


def test_nested_conditions() -> None:
    payload = {
        "outcome": "analysed",
        "cause_code": "design",
        "cause_department": "development",
        "five_whys": [{"why": "w", "because": "b"}],
        "responsibility": "person",
    }
    assert errors("analyse_cause", payload).keys() == {"responsible_person"}
    assert bind("analyse_cause", {**payload, "responsible_person": "li.na"}).values["responsible_person"] == "li.na"
    assert bind("analyse_cause", {"outcome": "refused", "refusal_reason": "not ours"}).values.keys() == {
        "outcome",
        "refusal_reason",
    }


def test_errors_in_rows_name_row_and_column() -> None:
    payload = {**PROPOSAL, "actions": [ACTION, {"description": "x", "due_on": "soon", "cost": -1, "colour": "red"}]}
    found = errors("propose_solution", payload)
    assert found.keys() == {"actions.1.owner", "actions.1.due_on", "actions.1.cost", "actions.1.colour"}


def test_rows_become_python_values() -> None:
    row = bind("propose_solution", {**PROPOSAL, "actions": [{**ACTION, "cost": "3.5"}]}).values["actions"][0]
    assert row["due_on"] == date(2026, 12, 1) and row["cost"] == Decimal("3.5") and row["kind"] == "corrective"


@pytest.mark.parametrize("rows", [[], None, "", {}, [[]], [None], "rows", 7])
def test_a_plan_without_actions_is_refused(rows: Any) -> None:
    assert "actions" in errors("propose_solution", {**PROPOSAL, "actions": rows})


def test_what_is_not_sent_keeps_what_the_form_started_with() -> None:
    assert bind("perform_action", {"result": "done so"}).values["outcome"] == "done"
    payload = {name: value for name, value in RECORD.items() if name != "severity"}
    assert bind("record", payload).values["severity"] == "normal"
    assert bind("record", payload, facts={"severity": "critical"}).values["severity"] == "critical"
    assert errors("record", {**RECORD, "severity": None}).keys() == {"severity"}


def test_a_field_nobody_may_change() -> None:
    facts = {"proposed_department": "logistics"}
    payload = {"departments": ["logistics"], "outcome": "assigned"}
    assert bind("assign_department", {**payload, "proposed_department": "logistics"}, facts=facts).values == {
        "outcome": "assigned",
        "departments": ["logistics"],
        "instruction": None,
    }
    refused = errors("assign_department", {**payload, "proposed_department": "finance"}, facts=facts)
    assert refused == {"proposed_department": ["This field can't be changed."]}


@pytest.mark.parametrize(
    ("departments", "needs_reason"),
    [(["logistics"], False), (["logistics", "finance"], False), (["finance", "logistics"], True), (["finance"], True)],
)
def test_another_department_than_the_proposed_one_needs_a_reason(departments: list[str], needs_reason: bool) -> None:
    payload, facts = {"departments": departments}, {"proposed_department": "logistics"}
    if needs_reason:
        assert errors("assign_department", payload, facts=facts).keys() == {"override_reason"}
        assert bind("assign_department", {**payload, "override_reason": "they asked"}, facts=facts)
    else:
        assert bind("assign_department", payload, facts=facts).values["departments"] == departments


@pytest.mark.parametrize(("amount", "needs_reason"), [(99, True), (100, False), (500, False), ("500.01", True)])
def test_an_unusual_compensation_needs_a_reason(amount: Any, needs_reason: bool) -> None:
    facts = {"usual_from": Decimal(100), "usual_to": Decimal(500)}
    payload = {**PROPOSAL, "compensation": amount}
    if needs_reason:
        assert errors("propose_solution", payload, facts=facts).keys() == {"deviation_reason"}
    else:
        assert bind("propose_solution", payload, facts=facts)
    assert bind("propose_solution", payload), "without like cases nothing is unusual"


def test_overrides_limit_and_widen() -> None:
    payload = {"outcome": "done", "paid_amount": 501, "paid_on": "2026-12-01", "method": "cash"}
    assert errors("pay_compensation", payload, overrides={"paid_amount": {"max": 500}}) == {
        "paid_amount": ["The largest possible value is 500."]
    }
    options = {"outcome": {"options": [{"value": "analysed", "label": {"zh": "已查明", "en": "Found"}}]}}
    assert "outcome" in errors("analyse_cause", {"outcome": "refused", "refusal_reason": "x"}, overrides=options)
    assert bind("judge", {"outcome": "valid"}, overrides={"comment": {"hidden": True}}).values.keys() == {
        "outcome",
        "facts_checked",
    }
    with pytest.raises(ValueError, match="unknown colour"):
        bind("judge", {}, overrides={"outcome": {"colour": "red"}})


def test_columns_have_overrides_too() -> None:
    options = [{"value": "corrective", "label": {"zh": "纠正", "en": "Corrective"}}]
    rows = [{**ACTION, "kind": "preventive"}]
    found = errors("propose_solution", {**PROPOSAL, "actions": rows}, overrides={"actions.kind": {"options": options}})
    assert found.keys() == {"actions.0.kind"}


def test_confidential_fields_do_not_exist_for_others() -> None:
    payload = {"outcome": "no_penalty", "basis": "nobody is to blame"}
    assert bind("decide_penalty", payload, groups=frozenset({"human_resources"})).values["outcome"] == "no_penalty"
    assert bind("decide_penalty", payload, groups=frozenset({"human_resources"})).variables == {}
    assert errors("decide_penalty", payload, groups=frozenset({"finance"})) == {
        "outcome": ["The form has no field of this name."],
        "basis": ["The form has no field of this name."],
    }
    assert form("complaint", "decide_penalty").represent({}, {}, frozenset({"finance"}))["fields"] == []


def test_the_customers_words_stay_as_they_were_said() -> None:
    words = "  第一行\r\n\t<script>alert(1)</script> {{ 7*7 }}  "
    assert bind("record", {**RECORD, "verbatim": words}).values["verbatim"] == words.replace("\r\n", "\n")


def test_the_document_for_rest_clients_has_exactly_the_agreed_keys() -> None:
    document = form("complaint", "record").represent({"customer": 17, "sub_code": "service_manner"}, {}, frozenset())
    assert document.keys() == {"key", "title", "fields"} and document["key"] == "complaint/record"
    agreed = {"name", "type", "label", "help", "required", "readonly", "value", "options", "min", "max", "fields"}
    for field in document["fields"]:
        assert field.keys() - {"options_url"} == agreed | {"visible_if"}
        assert ("options_url" in field) == (field["type"] == "reference")
    by_name = {field["name"]: field for field in document["fields"]}
    assert by_name["customer"]["value"] == 17
    assert by_name["sub_code_service"]["value"] == "service_manner" and by_name["sub_code_quality"]["value"] is None
    assert by_name["sub_code_quality"]["visible_if"] == "complaint_class == 'quality'"


def _fill(field: dict[str, Any]) -> Any:
    """A value as a client makes it that knows nothing but the document."""
    if field["options"]:
        value = field["options"][0]["value"]
        return [value] if field["type"] == "multichoice" else value
    if field["type"] == "rows":
        return [{column["name"]: _fill(column) for column in field["fields"] if column["required"]}]
    values = {"date": "2026-12-01", "datetime": "2026-12-01T10:00:00Z", "boolean": True, "file": [1], "reference": "7"}
    return values.get(field["type"], field["min"] or 1 if field["type"] in ("integer", "decimal", "money") else "text")


FORMS = sorted(file.stem for file in (__import__("pathlib").Path(__file__).parents[2] / "forms/complaint").glob("*"))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("fills_hidden_fields", [False, True])
def test_a_client_that_knows_only_the_document_succeeds(name: str, fills_hidden_fields: bool) -> None:
    groups = frozenset({"human_resources"})
    for index in range(4):  # each outcome in turn
        document = form("complaint", name).represent({}, {}, groups)
        payload: dict[str, Any] = {}
        for field in document["fields"]:
            shown = field["visible_if"] is None or _shown(field["visible_if"], document, payload)
            if field["name"] == "outcome":
                payload["outcome"] = field["options"][index % len(field["options"])]["value"]
            elif field["required"] and not field["readonly"] and (shown or fills_hidden_fields):
                payload[field["name"]] = _fill(field)
        assert bind(name, payload, groups=groups)


def _shown(condition: str, document: dict[str, Any], payload: dict[str, Any]) -> bool:
    known = {field["name"]: payload.get(field["name"], field["value"]) for field in document["fields"]}
    try:
        return bool(eval(condition, {"__builtins__": {}}, known))  # noqa: S307 - our own forms
    except TypeError:
        return False


# --- posted pages ----------------------------------------------------------------------------------------------------


def test_a_posted_page_becomes_the_same_payload() -> None:
    document = form("complaint", "propose_solution")
    posted = MultiDict(
        [
            ("csrf_token", "x"),
            ("q", "searched"),
            ("remedies-shown", "1"),
            ("remedies", "repair"),
            ("remedies", "refund"),
            ("solution", "Repair it"),
            ("compensation", "100"),
            ("prevention", "Check"),
            ("actions-shown", "1"),
            *[(f"actions-7-{name}", value) for name, value in ACTION.items()],
            ("actions-9-description", ""),
            ("actions-9-kind", "corrective"),
        ]
    )
    payload = formkit.from_html(document, posted)
    assert payload["actions"] == [ACTION], "an empty row is no row, though it started with a value"
    bound = bind("propose_solution", payload)
    assert bound.values["remedies"] == ["repair", "refund"] and bound.variables == {"compensation": 100}


def test_the_department_marked_first_comes_first() -> None:
    posted = MultiDict([("departments", "finance"), ("departments", "logistics"), ("departments-first", "logistics")])
    assert formkit.from_html(form("complaint", "assign_department"), posted)["departments"] == ["logistics", "finance"]


def test_what_was_emptied_is_not_what_was_never_shown() -> None:
    document = form("complaint", "record")
    payload = formkit.from_html(document, MultiDict([("severity", ""), ("summary", " ")]))
    assert payload == {"severity": None, "summary": None}
    assert formkit.from_html(form("complaint", "evaluate"), MultiDict([("write_article-shown", "1")])) == {
        "write_article": False
    }


def test_rows_come_and_go_without_scripts() -> None:
    document = form("complaint", "propose_solution")
    rows = [("actions-0-description", "first"), ("actions-1-description", "second")]
    for action, expected in (
        ("add:actions", ["first", "second", None]),
        ("remove:actions:0", ["second"]),
        ("remove:actions:9", ["first", "second"]),
        ("remove:actions", ["first", "second"]),
        ("add:solution", ["first", "second"]),
        ("drop table", ["first", "second"]),
    ):
        posted = MultiDict([*rows, ("_rows", action)])
        assert formkit.is_redraw(posted)
        found = formkit.from_html(document, posted, keep_empty_rows=True)["actions"]
        assert [row.get("description") for row in found] == expected
