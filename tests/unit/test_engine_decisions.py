"""Decision tables: every hit policy, every kind of cell, and why an answer was given."""

from __future__ import annotations

from typing import Any

import pytest

from engine import decisions
from engine.decisions import Decision, DecisionFailed, evaluate, parse
from tests.support.soon import ends_soon

XMLNS = "https://www.omg.org/spec/DMN/20191111/MODEL/"


ONE_OUTPUT = '<output name="out"/>'
NOTES = '<annotation name="zh"/><annotation name="en"/>'


def dmn(rules: str, attributes: str = 'hitPolicy="FIRST"', inputs: str = "x", outputs: str = ONE_OUTPUT) -> bytes:
    expression = f"<inputExpression><text>{inputs}</text></inputExpression>"
    columns = f'<input label="{inputs}">{expression}</input>'
    table = f"<decisionTable {attributes}>{columns}{outputs}{NOTES}{rules}</decisionTable>"
    decision = f'<decision id="d" name="D">{table}</decision>'
    return f'<definitions xmlns="{XMLNS}" id="f" name="f" namespace="n">{decision}</definitions>'.encode()


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def rule(*cells: str, outputs: int = 1, notes: tuple[str, ...] = ()) -> str:
    inputs = "".join(f"<inputEntry><text>{escaped(cell)}</text></inputEntry>" for cell in cells[:-outputs])
    results = "".join(f"<outputEntry><text>{escaped(cell)}</text></outputEntry>" for cell in cells[-outputs:])
    annotations = "".join(f"<annotationEntry><text>{note}</text></annotationEntry>" for note in notes)
    return f"<rule>{inputs}{results}{annotations}</rule>"


def table(*rules: str, **options: Any) -> Decision:
    parsed = parse("t.dmn", dmn("".join(rules), **options))
    assert not parsed.findings, parsed.findings
    return parsed.decisions[0]


@pytest.mark.parametrize(
    ("cell", "fits", "fails"),
    [
        ("-", [1, None, "a"], []),
        ("", [1, None], []),
        ('"quality"', ["quality"], ["x", None, 1, "qual"]),
        ('"a","b"', ["a", "b"], ["c", None]),
        ("5", [5, 5.0], [6, None, "5"]),
        ("-5", [-5], [5]),
        ("< 10", [9, -1], [10, None]),
        ("<= 10", [10], [11, None]),
        ("> 10", [11], [10, None]),
        (">= 10", [10], [9, None]),
        ("[1..5]", [1, 5], [0, 6, None]),
        ("(1..5)", [2], [1, 5]),
        ("]1..5]", [5], [1]),
        ("[1..5[", [1], [5]),
        ("< 0, [10..20], 99", [-1, 10, 99], [5, None]),
        ('not("a")', ["b", None], ["a"]),
        ('not("a","b")', ["c"], ["a", "b"]),
        ("not(< 10)", [10, None], [9]),
        ("true", [True], [False, None]),
        ("false", [False], [True, None]),
        ("null", [None], [0, "", False]),
        ("not(null)", [0, ""], [None]),
        ("!= 3", [4], [3]),
        ('"投诉"', ["投诉"], ["投"]),
    ],
)
def test_cells(cell: str, fits: list[Any], fails: list[Any]) -> None:
    decision = table(rule(cell, '"yes"'))
    for value in fits:
        assert evaluate(decision, {"x": value}).mapped("singleEntry") == "yes", value
    for value in fails:
        assert evaluate(decision, {"x": value}).mapped("singleEntry") is None, value


def test_dates_are_compared_as_dates() -> None:
    decision = table(rule('>= date("2026-05-01")', '"late"'), inputs="date(x)")
    assert evaluate(decision, {"x": "2026-05-02"}).mapped("singleEntry") == "late"
    assert evaluate(decision, {"x": "2026-04-30"}).mapped("singleEntry") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ("3", 3),
        ("-2.5", -2.5),
        ("true", True),
        ("null", None),
        ("", None),
        ('["a","b"]', ["a", "b"]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_outputs(text: str, value: object) -> None:
    assert evaluate(table(rule("-", text)), {}).mapped("singleEntry") == value


def test_inputs_are_expressions_and_missing_ones_are_null() -> None:
    decision = table(rule("> 5", '"big"'), rule("null", '"none"'), inputs="order.amount * 2")
    assert evaluate(decision, {"order": {"amount": 3}}).mapped("singleEntry") == "big"
    assert evaluate(table(rule("null", '"none"'), inputs="order"), {}).mapped("singleEntry") == "none"


OVERLAP = (rule("> 1", '"a"', notes=("甲", "first")), rule("> 2", '"b"'), rule("> 3", '"a"'))


def test_first() -> None:
    assert evaluate(table(*OVERLAP), {"x": 5}).mapped("singleEntry") == "a"


def test_unique_is_checked() -> None:
    decision = table(*OVERLAP, attributes='hitPolicy="UNIQUE"')
    assert evaluate(decision, {"x": 2}).mapped("singleEntry") == "a"
    with pytest.raises(DecisionFailed, match="1, 2, 3"):
        evaluate(decision, {"x": 5})


def test_unique_is_the_policy_of_a_table_without() -> None:
    assert table(rule("-", "1"), attributes="").hit_policy == "UNIQUE"


def test_any_must_agree() -> None:
    decision = table(*OVERLAP, attributes='hitPolicy="ANY"')
    with pytest.raises(DecisionFailed):
        evaluate(decision, {"x": 5})
    agreed = table(rule("> 1", '"a"'), rule("> 2", '"a"'), attributes='hitPolicy="ANY"')
    assert evaluate(agreed, {"x": 5}).mapped("singleEntry") == "a"


def test_rule_order_and_collect() -> None:
    for policy in ("RULE ORDER", "COLLECT"):
        decision = table(*OVERLAP, attributes=f'hitPolicy="{policy}"')
        assert evaluate(decision, {"x": 5}).mapped("collectEntries") == ["a", "b", "a"]
        assert evaluate(decision, {"x": 0}).mapped("resultList") == []


def test_priority_and_output_order() -> None:
    outputs = '<output name="out"><outputValues><text>"b","a"</text></outputValues></output>'
    priority = table(*OVERLAP, attributes='hitPolicy="PRIORITY"', outputs=outputs)
    assert evaluate(priority, {"x": 5}).mapped("singleEntry") == "b"
    ordered = table(*OVERLAP, attributes='hitPolicy="OUTPUT ORDER"', outputs=outputs)
    assert evaluate(ordered, {"x": 5}).mapped("collectEntries") == ["b", "a", "a"]


@pytest.mark.parametrize(("aggregation", "expected"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)])
def test_aggregation(aggregation: str, expected: int) -> None:
    rules = (rule("-", "1"), rule("-", "2"), rule("-", "3"))
    decision = table(*rules, attributes=f'hitPolicy="COLLECT" aggregation="{aggregation}"')
    assert evaluate(decision, {}).mapped("singleEntry") == expected


def test_several_outputs_and_the_mappings() -> None:
    outputs = '<output name="a"/><output name="b"/>'
    decision = table(rule("-", "1", "2", outputs=2), outputs=outputs)
    result = evaluate(decision, {"x": 0})
    assert result.mapped("singleResult") == {"a": 1, "b": 2}
    assert result.mapped("resultList") == [{"a": 1, "b": 2}]
    with pytest.raises(DecisionFailed):
        result.mapped("singleEntry")
    many = evaluate(table(*OVERLAP, attributes='hitPolicy="COLLECT"'), {"x": 5})
    with pytest.raises(DecisionFailed):
        many.mapped("singleResult")


def test_why_did_i_get_this() -> None:
    result = evaluate(table(*OVERLAP), {"x": 5})
    assert [(hit.number, dict(hit.annotations)) for hit in result.hits] == [(1, {"zh": "甲", "en": "first"})]
    assert result.inputs == {"x": 5}


def test_a_comparison_of_unlike_things_fails_with_its_cell() -> None:
    with pytest.raises(DecisionFailed, match="< 10"):
        evaluate(table(rule("< 10", "1")), {"x": "many"})


@pytest.mark.parametrize(
    "cell",
    [
        "quality", "a.b", "__import__('os')", "eval(1)", "x > 3 ? 1 : 2 2", "[1..", "1 2", "<", "not(",
        '"open', "for x in y",
        "len([1])", "().__class__", "f(1)", "@", "(" * 200 + "1", "-" * 200 + "1", "9" * 5000, "1,", ",1",
    ],
)  # fmt: skip
def test_unknown_cells_are_refused_with_their_text(cell: str) -> None:
    with ends_soon():
        parsed = parse("t.dmn", dmn(rule(cell, "1")))
    assert [finding.code for finding in parsed.findings] == ["cell"]
    assert parsed.findings[0].facts["expression"] == cell[:80]
    assert not parsed.decisions


@pytest.mark.parametrize("cell", ["big", "amount * 2", "eval(1)", '"a" + x'])
def test_outputs_are_literals(cell: str) -> None:
    assert [finding.code for finding in parse("t.dmn", dmn(rule("-", cell))).findings] == ["cell"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<no", "xml_malformed"),
        (b"", "xml_malformed"),
        (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>', "xml_doctype"),
        (b"<definitions xmlns='x'/>", "no_decision"),
        (dmn(rule("-", "1"), attributes='hitPolicy="GUESS"'), "hit_policy"),
        (dmn(rule("-", "1"), attributes='hitPolicy="FIRST" aggregation="SUM"'), "aggregation"),
        (dmn(rule("-", "1"), attributes='hitPolicy="PRIORITY"'), "output_values"),
        (dmn(rule("-", "-", "1")), "rule_width"),
        (dmn(rule("-", "1"), outputs=""), "output_names"),
        (dmn(rule("-", "1"), inputs="eval(x)"), "expression"),
        (dmn(rule("-", "1")).replace(b"decisionTable", b"literalExpression"), "decision_without_table"),
        (dmn(rule("-", "1")).replace(b' id="d"', b""), "missing_id"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    assert code in {finding.code for finding in parse("t.dmn", content).findings}


def test_a_table_may_have_five_hundred_rows() -> None:
    decision = table(*(rule(f"[{10 * n}..{10 * n + 9}]", str(n)) for n in range(500)))
    assert evaluate(decision, {"x": 4995}).mapped("singleEntry") == 499
    assert decisions.MAX_RULES >= 500
