"""Decision tables (DMN 1.3): read, checked and compiled when deployed, evaluated with the one expression language.

Input cells: ``-``, literals, comparisons, intervals, lists with commas, ``not(…)``, ``date("…")``. Output cells:
literals, lists and contexts. Anything else is refused when deploying.

A decision may require others of its file, and may be an expression instead of a table. What a required decision
answers is known by the names of its outputs, and by the name of its variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from engine import evaluator
from engine.decision_cells import CELL_FUNCTIONS, SUBJECT, unary_tests
from engine.decision_model import LISTS, Decision, DecisionFailed, DecisionResult, Hit, Parsed, Rule
from engine.errors import ExpressionFailed, ExpressionRefused
from engine.hardened_xml import XmlRefused, line_of, local_name, namespace, parse_xml
from engine.model import Finding
from engine.syntax import Parser, SyntaxRefused

__all__ = ["Decision", "DecisionFailed", "DecisionResult", "Hit", "Parsed", "Rule", "evaluate", "parse"]

HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS: Mapping[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max, "COUNT": len}
MAPPINGS = ("singleEntry", "singleResult", "collectEntries", "resultList")
MAX_RULES = 5_000
MAX_REQUIRED = 50
"""Decisions that require each other, one after the other."""


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
    linked = reader.link({decision.id: decision for decision in found if decision is not None})
    return Parsed(linked, tuple(reader.findings))


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.ids: set[str] = set()
        self.required: dict[str, list[str]] = {}

    def find(self, code: str, element: str | None, line: int | None, **facts: object) -> None:
        self.findings.append(Finding("error", code, self.file, element, line, facts))

    def decision(self, element: etree._Element) -> Decision | None:
        before = len(self.findings)
        key = element.get("id", "")
        if not key or key in self.ids:
            self.find("duplicate_id" if key else "missing_id", key or None, line_of(element), type="decision")
        self.ids.add(key)
        self._requirements(key, element)
        table = _child(element, "decisionTable")
        if table is None:
            return self._literal_expression(key, element)
        policy = table.get("hitPolicy", "UNIQUE").upper()
        aggregation = table.get("aggregation")
        self._check_policy(key, table, policy, aggregation)
        inputs, labels = self._inputs(key, table)
        outputs, values = self._outputs(key, table, policy)
        rules = self._rules(key, table, len(inputs), len(outputs))
        if len(self.findings) > before:
            return None
        name = element.get("name") or key
        variable = _variable(element)
        return Decision(key, name, policy, aggregation, inputs, labels, outputs, values, rules, variable)

    def _requirements(self, key: str, element: etree._Element) -> None:
        if _children(element, "knowledgeRequirement"):
            self.find("decision_knowledge", key, line_of(element))
        for requirement in _children(element, "informationRequirement"):
            required = _child(requirement, "requiredDecision")
            if required is not None:
                self.required.setdefault(key, []).append(required.get("href", ""))

    def _literal_expression(self, key: str, element: etree._Element) -> Decision | None:
        literal = _child(element, "literalExpression")
        text = _text(literal)
        if literal is None or not text:
            self.find("decision_without_table", key, line_of(element))
            return None
        try:
            compiled = evaluator.compile_expression(text if text.startswith("=") else f"={text}")
        except ExpressionRefused as refused:
            self.find("expression", key, line_of(literal), expression=text[:200], reason=refused.facts["reason"])
            return None
        variable = _variable(element)
        outputs, name = (variable or key,), element.get("name") or key
        return Decision(key, name, "UNIQUE", None, (), (), outputs, ((),), (), variable, compiled)

    def link(self, decisions: Mapping[str, Decision]) -> tuple[Decision, ...]:
        """Give each decision those it requires. What requires itself, or is not in the file, has a finding."""
        linked: dict[str, Decision] = {}
        waiting = dict(decisions)
        for _ in range(MAX_REQUIRED):
            ready = [key for key in waiting if all(href[1:] in linked for href in self.required.get(key, ()))]
            for key in ready:
                requires = tuple(linked[href[1:]] for href in self.required.get(key, ()))
                linked[key] = replace(waiting.pop(key), requires=requires)
        for key in waiting:
            self.find("decision_requirement", key, None, reference=" ".join(self.required[key]))
        return tuple(linked[key] for key in decisions if key in linked)

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
            compiled = evaluator.evaluate_tree(unary_tests(text), text)
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
            tree = Parser(text, CELL_FUNCTIONS).whole()
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


def evaluate(decision: Decision, variables: Mapping[str, Any]) -> DecisionResult:
    """The answer of a decision, after those it requires.

    Raises DecisionFailed when the hit policy is violated or a cell can't be evaluated.
    """
    return _evaluate(decision, variables, {})


def _evaluate(decision: Decision, variables: Mapping[str, Any], known: dict[str, DecisionResult]) -> DecisionResult:
    """``known``: what was answered already; a decision that is required twice is asked once."""
    found = known.get(decision.id)
    if found is not None:
        return found
    required = {other.id: _evaluate(other, variables, known) for other in decision.requires}
    visible = dict(variables) if required else variables
    for other in decision.requires:
        visible = {**visible, **_names(other, required[other.id])}
    answer = _table(decision, visible) if decision.expression is None else _expression(decision, visible)
    known[decision.id] = replace(answer, required=required)
    return known[decision.id]


def _names(decision: Decision, result: DecisionResult) -> dict[str, Any]:
    """What a decision that requires this one may read."""
    several = decision.hit_policy in LISTS and decision.aggregation is None
    rows = [dict(row) for row in result.outputs]
    found: dict[str, Any] = {
        name: [row[name] for row in rows] if several else rows[0][name] if rows else None for name in decision.outputs
    }
    if decision.variable:
        single = len(decision.outputs) == 1
        values = [next(iter(row.values())) if single else row for row in rows]
        found[decision.variable] = values if several else values[0] if values else None
    return found


def _expression(decision: Decision, variables: Mapping[str, Any]) -> DecisionResult:
    assert decision.expression is not None
    try:
        value = evaluator.run_compiled(decision.expression, variables)
    except ExpressionFailed as failure:
        raise DecisionFailed(f"{failure.facts['expression']}: {failure.facts['reason']}") from None
    inputs = {name: variables[name] for name in sorted(decision.expression.names) if name in variables}
    return DecisionResult(({decision.outputs[0]: value},), (), inputs)


def _table(decision: Decision, variables: Mapping[str, Any]) -> DecisionResult:
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


def _variable(element: etree._Element) -> str:
    child = _child(element, "variable")
    return (child.get("name") or "").strip() if child is not None else ""
