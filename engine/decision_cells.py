"""Input cells of a decision table as tests of the input's value."""

from __future__ import annotations

import ast

from engine import evaluator
from engine.syntax import Parser, SyntaxRefused, comparison, internal_call

SUBJECT = "cell input"
"""Name of the input's value inside a compiled cell; no text can spell it."""
CELL_FUNCTIONS = frozenset({"date"})
_COMPARE = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}


def unary_tests(text: str) -> ast.expr:
    """A cell as a test of :data:`SUBJECT`."""
    if len(text) > evaluator.MAX_SOURCE:
        raise SyntaxRefused("too long")
    parser = Parser(text, CELL_FUNCTIONS)
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
