"""Decision tables (DMN 1.3): read, checked and compiled when deployed, evaluated with the one expression language.

Input cells: ``-``, literals, comparisons, intervals, lists with commas, ``not(…)``, ``date("…")``. Output cells:
literals, lists and contexts. Anything else is refused when deploying.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine import evaluator
from engine.errors import ExpressionFailed, ExpressionRefused
from engine.hardened_xml import XmlRefused, line_of, local_name, namespace, parse_xml
from engine.model import Finding
from engine.syntax import Parser, SyntaxRefused, comparison, internal_call

SUBJECT = "cell input"
"""Name of the input's value inside a compiled cell; no text can spell it."""
HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS: Mapping[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max, "COUNT": len}
MAPPINGS = ("singleEntry", "singleResult", "collectEntries", "resultList")
MAX_RULES = 5_000
_CELL_FUNCTIONS = frozenset({"date"})
_COMPARE = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}


class DecisionFailed(Exception):
    """The table gives no answer its hit policy allows; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row. A test of None fits everything."""

    id: str
    number: int
    tests: tuple[evaluator.Compiled | None, ...]
    outputs: tuple[Any, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A compiled table."""

    id: str
    name: str
    hit_policy: str
    aggregation: str | None
    inputs: tuple[evaluator.Compiled, ...]
    input_labels: tuple[str, ...]
    outputs: tuple[str, ...]
    output_values: tuple[tuple[Any, ...], ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Which row answered: its number on the table (from 1), its id and what its annotations say."""

    number: int
    rule_id: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The answer, one dict per row that counts, and the rows that gave it: "why did I get this?"."""

    outputs: tuple[dict[str, Any], ...]
    hits: tuple[Hit, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def mapped(self, mapping: str) -> Any:
        """The value for ``mapDecisionResult``. Raises DecisionFailed when there are too many rows."""
        if mapping == "resultList":
            return [dict(row) for row in self.outputs]
        if mapping == "collectEntries":
            return [value for row in self.outputs for value in list(row.values())[:1]]
        if len(self.outputs) > 1:
            raise DecisionFailed(f"{len(self.outputs)} rows fit where one was expected")
        if not self.outputs:
            return None
        row = dict(self.outputs[0])
        if mapping == "singleResult":
            return row
        if len(row) != 1:
            raise DecisionFailed("several outputs where one was expected")
        return next(iter(row.values()))


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tables of one file, and what is wrong with it."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def parse(file: str, content: bytes) -> Parsed:
    """Read a DMN file. Tables with an error are left out and have a finding."""
    reader = _Reader(file)
    try:
        root = parse_xml(content)
    except XmlRefused as refused:
        reader.find(refused.code, None, refused.line, **refused.facts)
        return Parsed((), tuple(reader.findings))
    if "/spec/DMN/" not in namespace(root) or local_name(root) != "definitions":
        reader.find("no_decision", None, line_of(root))
    found = [reader.decision(element) for element in root if local_name(element) == "decision"]
    if not found and not reader.findings:
        reader.find("no_decision", None, line_of(root))
    return Parsed(tuple(decision for decision in found if decision is not None), tuple(reader.findings))


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.ids: set[str] = set()

    def find(self, code: str, element: str | None, line: int | None, **facts: object) -> None:
        self.findings.append(Finding("error", code, self.file, element, line, facts))

    def decision(self, element: etree._Element) -> Decision | None:
        before = len(self.findings)
        key = element.get("id", "")
        if not key or key in self.ids:
            self.find("duplicate_id" if key else "missing_id", key or None, line_of(element), type="decision")
        self.ids.add(key)
        table = _child(element, "decisionTable")
        if table is None:
            self.find("decision_without_table", key, line_of(element))
            return None
        if _child(element, "informationRequirement/requiredDecision") is not None:
            self.find("decision_requirement", key, line_of(element))
        policy = table.get("hitPolicy", "UNIQUE").upper()
        aggregation = table.get("aggregation")
        self._check_policy(key, table, policy, aggregation)
        inputs, labels = self._inputs(key, table)
        outputs, values = self._outputs(key, table, policy)
        rules = self._rules(key, table, len(inputs), len(outputs))
        if len(self.findings) > before:
            return None
        name = element.get("name") or key
        return Decision(key, name, policy, aggregation, inputs, labels, outputs, values, rules)

    def _check_policy(self, key: str, table: etree._Element, policy: str, aggregation: str | None) -> None:
        if policy not in HIT_POLICIES:
            self.find("hit_policy", key, line_of(table), policy=policy)
        if aggregation is not None and (policy != "COLLECT" or aggregation not in AGGREGATIONS):
            self.find("aggregation", key, line_of(table), aggregation=aggregation)

    def _inputs(self, key: str, table: etree._Element) -> tuple[tuple[evaluator.Compiled, ...], tuple[str, ...]]:
        found, labels = [], []
        for element in _children(table, "input"):
            text = _text(_child(element, "inputExpression"))
            labels.append(element.get("label") or text)
            try:
                found.append(evaluator.compile_expression(text if text.startswith("=") else f"={text}"))
            except ExpressionRefused as refused:
                self.find("expression", key, line_of(element), expression=text, reason=refused.facts["reason"])
        return tuple(found), tuple(labels)

    def _outputs(
        self, key: str, table: etree._Element, policy: str
    ) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
        names, values = [], []
        for element in _children(table, "output"):
            names.append(element.get("name") or element.get("label") or key)
            text = _text(_child(element, "outputValues"))
            values.append(self._allowed(key, element, text))
        if not names or len(set(names)) != len(names):
            self.find("output_names", key, line_of(table))
        if policy in ("PRIORITY", "OUTPUT ORDER") and not (values and values[0]):
            self.find("output_values", key, line_of(table), policy=policy)
        return tuple(names), tuple(values)

    def _allowed(self, key: str, element: etree._Element, text: str) -> tuple[Any, ...]:
        if not text:
            return ()
        value = self._literal(key, element, f"[{text}]")
        return tuple(value) if isinstance(value, list) else ()

    def _rules(self, key: str, table: etree._Element, inputs: int, outputs: int) -> tuple[Rule, ...]:
        elements = _children(table, "rule")
        if len(elements) > MAX_RULES:
            self.find("too_many_rules", key, line_of(table), allowed=MAX_RULES)
            return ()
        titles = [element.get("name", "") for element in _children(table, "annotation")]
        rules = []
        for number, element in enumerate(elements, 1):
            tests = tuple(self._test(key, cell) for cell in _children(element, "inputEntry"))
            values = tuple(self._literal(key, cell, _text(cell)) for cell in _children(element, "outputEntry"))
            if len(tests) != inputs or len(values) != outputs:
                self.find("rule_width", key, line_of(element), rule=number)
            notes = [_text(cell) for cell in _children(element, "annotationEntry")]
            annotations = dict(zip(titles, notes, strict=False))
            rules.append(Rule(element.get("id") or f"rule{number}", number, tests, values, annotations))
        return tuple(rules)

    def _test(self, key: str, cell: etree._Element) -> evaluator.Compiled | None:
        text = _text(cell)
        if text in ("", "-"):
            return None
        try:
            compiled = evaluator.evaluate_tree(_unary_tests(text), text)
            if compiled.names - {SUBJECT}:
                raise SyntaxRefused(
                    f"{min(compiled.names - {SUBJECT})} is neither a literal nor a test; texts need quotes"
                )
            return compiled
        except (SyntaxRefused, ExpressionRefused) as refused:
            self._refuse_cell(key, cell, text, refused)
            return None

    def _literal(self, key: str, cell: etree._Element, text: str) -> Any:
        if text in ("", "-"):
            return None
        try:
            tree = Parser(text, _CELL_FUNCTIONS).whole()
            compiled = evaluator.evaluate_tree(tree, text)
            if compiled.names:
                raise SyntaxRefused(f"{min(compiled.names)} is no literal; texts need quotes")
            return evaluator.run_compiled(compiled, {})
        except (SyntaxRefused, ExpressionRefused, ExpressionFailed) as refused:
            self._refuse_cell(key, cell, text, refused)
            return None

    def _refuse_cell(self, key: str, cell: etree._Element, text: str, problem: Exception) -> None:
        reason = problem.facts["reason"] if isinstance(problem, ExpressionRefused | ExpressionFailed) else str(problem)
        self.find("cell", key, line_of(cell), expression=text[:80], reason=reason)


def _unary_tests(text: str) -> ast.expr:
    """A cell as a test of :data:`SUBJECT`."""
    if len(text) > evaluator.MAX_SOURCE:
        raise SyntaxRefused("too long")
    parser = Parser(text, _CELL_FUNCTIONS)
    negated = parser.at("not") and parser.tokens[parser.position + 1].text == "("
    if negated:
        parser.advance()
        parser.advance()
    tests = [_unary_test(parser)]
    while parser.accept(","):
        tests.append(_unary_test(parser))
    if negated:
        parser.expect(")")
    if parser.current.kind != "end":
        raise SyntaxRefused(f"unexpected {parser.current.text!r}")
    whole = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
    return ast.UnaryOp(ast.Not(), whole) if negated else whole


def _unary_test(parser: Parser) -> ast.expr:
    subject = ast.Name(SUBJECT, ast.Load())
    if parser.at(*_COMPARE):
        operator = _COMPARE[parser.advance().text]
        return comparison(operator, subject, parser.sum())
    interval = parser.try_interval(subject)
    if interval is not None:
        return interval
    return internal_call("is_or_in", subject, parser.sum())


def evaluate(decision: Decision, variables: Mapping[str, Any]) -> DecisionResult:
    """The answer of a table. Raises DecisionFailed when the hit policy is violated or a cell can't be evaluated."""
    try:
        values = [evaluator.run_compiled(compiled, variables) for compiled in decision.inputs]
        hits = [rule for rule in decision.rules if _fits(rule, values)]
    except ExpressionFailed as failure:
        raise DecisionFailed(f"{failure.facts['expression']}: {failure.facts['reason']}") from None
    chosen = _apply_policy(decision, hits)
    rows = [dict(zip(decision.outputs, rule.outputs, strict=True)) for rule in chosen]
    if decision.aggregation is not None:
        rows = _aggregate(decision, rows)
    inputs = dict(zip(decision.input_labels, values, strict=True))
    return DecisionResult(tuple(rows), tuple(Hit(rule.number, rule.id, rule.annotations) for rule in chosen), inputs)


def _fits(rule: Rule, values: list[Any]) -> bool:
    return all(
        test is None or evaluator.run_compiled(test, {SUBJECT: value})
        for test, value in zip(rule.tests, values, strict=True)
    )


def _apply_policy(decision: Decision, hits: list[Rule]) -> list[Rule]:
    policy = decision.hit_policy
    if policy == "FIRST":
        return hits[:1]
    if policy == "UNIQUE" and len(hits) > 1:
        raise DecisionFailed(f"rows {', '.join(str(rule.number) for rule in hits)} fit, but only one may (UNIQUE)")
    if policy == "ANY":
        if any(rule.outputs != hits[0].outputs for rule in hits):
            raise DecisionFailed("rows fit that do not agree (ANY)")
        return hits[:1]
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        ordered = sorted(hits, key=lambda rule: _priority(decision, rule))
        return ordered[:1] if policy == "PRIORITY" else ordered
    return hits


def _priority(decision: Decision, rule: Rule) -> list[int]:
    """The position of each output in its list of values; what is not listed comes last."""
    pairs = zip(rule.outputs, decision.output_values, strict=True)
    return [values.index(output) if output in values else len(values) for output, values in pairs]


def _aggregate(decision: Decision, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert decision.aggregation is not None
    name = decision.outputs[0]
    values = [row[name] for row in rows]
    if decision.aggregation == "COUNT":
        return [{name: len(values)}]
    if not values:
        return []
    try:
        return [{name: AGGREGATIONS[decision.aggregation](values)}]
    except TypeError:
        raise DecisionFailed(f"{decision.aggregation} of values that are no numbers") from None


def _child(element: etree._Element, path: str) -> etree._Element | None:
    found: list[etree._Element] = [element]
    for tag in path.split("/"):
        found = [child for parent in found for child in parent if local_name(child) == tag]
    return found[0] if found else None


def _children(element: etree._Element, tag: str) -> list[etree._Element]:
    return [child for child in element if local_name(child) == tag]


def _text(element: etree._Element | None) -> str:
    if element is None:
        return ""
    child = _child(element, "text")
    return ((child.text if child is not None else element.text) or "").strip()
