"""Decisions that require other decisions, decisions that are an expression, and why an answer was given."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine
from engine import findings
from engine.decisions import DecisionFailed, DecisionResult, evaluate, parse
from engine.testing import Scenario
from tests.support.engine_world import bpmn, chain, user_task
from tests.support.soon import ends_soon

XMLNS = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def graph(*decisions: str) -> bytes:
    return f'<definitions xmlns="{XMLNS}" id="f" name="f" namespace="n">{"".join(decisions)}</definitions>'.encode()


def needs(*keys: str) -> str:
    return "".join(
        f'<informationRequirement><requiredDecision href="#{key}"/></informationRequirement>' for key in keys
    ) + '<informationRequirement><requiredInput href="#i"/></informationRequirement>'  # fmt: skip


def table(key: str, source: str, output: str, rules: dict[str, str], more: str = "", policy: str = "FIRST") -> str:
    rows = "".join(
        f'<rule id="{key}{number}"><inputEntry><text>{test.replace("<", "&lt;")}</text></inputEntry>'
        f"<outputEntry><text>{value}</text></outputEntry>"
        f"<annotationEntry><text>note {number}</text></annotationEntry></rule>"
        for number, (test, value) in enumerate(rules.items(), 1)
    )
    column = f'<input label="{source}"><inputExpression><text>{source}</text></inputExpression></input>'
    inner = f'{column}<output name="{output}"/><annotation name="why"/>{rows}'
    return f'<decision id="{key}">{more}<decisionTable hitPolicy="{policy}">{inner}</decisionTable></decision>'


def literal(key: str, text: str, variable: str, more: str = "") -> str:
    expression = f"<literalExpression><text>{text}</text></literalExpression>"
    return f'<decision id="{key}"><variable name="{variable}"/>{more}{expression}</decision>'


RISK = table("risk", "amount", "risk_class", {"< 100": '"low"', "-": '"high"'})
LEVEL = table("level", "risk_class", "level", {'"low"': "1", "-": "3"}, needs("risk"))


def decide(content: bytes, key: str, **variables: object) -> DecisionResult:
    parsed = parse("t.dmn", content)
    assert not parsed.findings, parsed.findings
    decision = next(found for found in parsed.decisions if found.id == key)
    return evaluate(decision, variables)


@pytest.mark.parametrize(("amount", "level"), [(5, 1), (500, 3)])
@pytest.mark.parametrize("content", [graph(RISK, LEVEL), graph(LEVEL, RISK)])
def test_a_required_decision_is_asked_first(content: bytes, amount: int, level: int) -> None:
    result = decide(content, "level", amount=amount)
    assert result.mapped("singleEntry") == level
    assert list(result.required["risk"].outputs[0]) == ["risk_class"]


def test_an_expression_may_use_tables_and_be_used_by_them() -> None:
    total = literal("total", "price * count", "total")
    size = table("size", "total", "size", {"< 10": '"small"', "-": '"large"'}, needs("total"))
    text = literal("text", '"it is " + size', "text", needs("size"))
    content = graph(text, size, total)
    result = decide(content, "text", price=2, count=3)
    assert result.mapped("singleEntry") == "it is small"
    assert result.required["size"].required["total"].inputs == {"count": 3, "price": 2}


def test_all_rows_of_a_required_list() -> None:
    steps = table("steps", "x", "step", {"> 1": '"a"', "> 2": '"b"', "> 9": '"c"'}, policy="COLLECT")
    assert decide(graph(steps, literal("n", "count(step)", "n", needs("steps"))), "n", x=5).mapped("singleEntry") == 2


def test_a_required_decision_without_answer_is_null() -> None:
    risk = table("risk", "amount", "risk_class", {"< 100": '"low"'})
    assert decide(graph(risk, LEVEL), "level", amount=500).mapped("singleEntry") == 3


def test_a_required_decision_that_fails_is_named() -> None:
    unique = table("risk", "amount", "risk_class", {"< 100": '"low"', "< 200": '"high"'}, policy="UNIQUE")
    with pytest.raises(DecisionFailed):
        decide(graph(unique, LEVEL), "level", amount=5)


def test_a_diamond_asks_each_decision_once() -> None:
    parts = [literal("d0", "1", "d0")]
    for number in range(1, 40):
        one, two = f"l{number}", f"r{number}"
        parts += [literal(name, f"d{number - 1}", name, needs(f"d{number - 1}")) for name in (one, two)]
        parts.append(literal(f"d{number}", f"{one} + {two} - 1", f"d{number}", needs(one, two)))
    content = graph(*parts)
    with ends_soon():
        key = "d24"
        found = {decision.id: decision for decision in parse("t.dmn", content).decisions}
        assert evaluate(found[key], {}).mapped("singleEntry") == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (graph(LEVEL), "decision_requirement"),
        (graph(table("a", "x", "x", {"-": "1"}, needs("a"))), "decision_requirement"),
        (graph(literal("a", "b", "a", needs("b")), literal("b", "a", "b", needs("a"))), "decision_requirement"),
        (graph(*(literal(f"d{n}", "1", f"d{n}", needs(f"d{n + 1}")) for n in range(60))), "decision_requirement"),
        (graph(literal("a", "open(1)", "a")), "expression"),
        (graph('<decision id="a"><knowledgeRequirement/></decision>'), "decision_knowledge"),
        (graph('<decision id="a"><invocation/></decision>'), "decision_without_table"),
    ],
)
def test_what_is_refused(content: bytes, code: str) -> None:
    found = parse("t.dmn", content).findings
    assert code in {finding.code for finding in found}
    assert all(findings.word(finding, "en") and findings.word(finding, "zh") for finding in found)


def test_the_history_says_why(tmp_path: Path) -> None:
    rules = '<bpmn:businessRuleTask id="decide" camunda:decisionRef="level" camunda:resultVariable="level" '
    rules += 'camunda:mapDecisionResult="singleEntry" />'
    process = bpmn("p", '<bpmn:startEvent id="begin" />' + rules + user_task("work") + chain("begin", "decide", "work"))
    scenario = Scenario({"p.bpmn": process, "t.dmn": graph(RISK, LEVEL)}, url=f"sqlite:///{tmp_path / 'd.sqlite3'}")
    scenario.start("p", variables={"amount": 500})
    assert scenario.variables["level"] == 3
    with scenario.database.read() as session:
        [line] = [
            row for row in engine.queries.history(session, scenario.instance_id) if row.kind == "decision_evaluated"
        ]
    assert (line.node_id, line.changes["decision"], line.changes["inputs"]) == (
        "decide",
        "level",
        {"risk_class": "high"},
    )
    assert line.changes["rows"] == [{"number": 2, "id": "level2", "why": "note 2"}]
    [required] = line.changes["required"]
    assert (required["decision"], required["inputs"], required["rows"][0]["why"]) == ("risk", {"amount": 500}, "note 2")
