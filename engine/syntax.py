"""Parser of ``${…}`` (JUEL subset) and ``=…`` (FEEL subset) into the Python syntax tree the evaluator compiles.

One grammar serves both: the operators of one are harmless in the other. The evaluator's own functions appear in the
tree as names with the prefix :data:`INTERNAL`, which no text can spell.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from dataclasses import dataclass

INTERNAL = "__f_"
MAX_DEPTH = 60
MAX_EFFORT = 20_000
"""Operands looked at. What might be an interval is read twice, and intervals in intervals double that each time."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<name>[^\W\d]\w*)
    | (?P<op>\*\*|\.\.|&&|\|\||==|!=|<>|<=|>=|[-+*/%<>=!?:()\[\]{},.])
    )""",
    re.VERBOSE,
)
_WORD_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "div": "/", "mod": "%"}
_COMPARISONS = {"=": "==", "==": "==", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ORDER = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
_CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class SyntaxRefused(Exception):
    """The text does not belong to the language; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text. ``kind``: number, string, name, op, end."""

    kind: str
    text: str


def tokenize(text: str) -> list[Token]:
    """The words of ``text``, ended by a token of kind ``end``."""
    tokens: list[Token] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SyntaxRefused(f"unexpected character {text[position:].lstrip()[:1]!r}")
        kind = match.lastgroup or "op"
        tokens.append(Token(kind, match.group(kind)))
        position = match.end()
    tokens.append(Token("end", ""))
    return tokens


def internal_call(function: str, *arguments: ast.expr) -> ast.expr:
    """A call of one of the evaluator's own functions."""
    return ast.Call(ast.Name(INTERNAL + function, ast.Load()), list(arguments), [])


def constant(value: str | int | float | bool | None) -> ast.expr:
    """A literal."""
    return ast.Constant(value)


def comparison(operator: str, left: ast.expr, right: ast.expr) -> ast.expr:
    """``left operator right``; an order with null is false, as in FEEL."""
    if operator == "==":
        return ast.Compare(left, [ast.Eq()], [right])
    if operator == "!=":
        return ast.Compare(left, [ast.NotEq()], [right])
    return internal_call(_ORDER[operator], left, right)


class Parser:
    """Recursive descent over tokens. ``functions`` are the names that may be called."""

    def __init__(self, text: str, functions: frozenset[str]) -> None:
        self.tokens = tokenize(text)
        self.position = 0
        self.depth = 0
        self.effort = 0
        self.functions = functions

    # tokens
    @property
    def current(self) -> Token:
        """The token not yet consumed."""
        return self.tokens[self.position]

    def advance(self) -> Token:
        """Consume one token."""
        token = self.tokens[self.position]
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def at(self, *texts: str) -> bool:
        """Whether the current token is one of these operators or words."""
        return self.current.kind in ("op", "name") and self.current.text in texts

    def accept(self, *texts: str) -> bool:
        """Consume the current token if it is one of ``texts``."""
        if self.at(*texts):
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        """Consume ``text`` or refuse."""
        if not self.accept(text):
            raise SyntaxRefused(f"expected {text!r}, found {self.current.text or 'the end'!r}")

    # grammar
    def whole(self) -> ast.expr:
        """The one expression the text consists of."""
        tree = self.expression()
        if self.current.kind != "end":
            raise SyntaxRefused(f"unexpected {self.current.text!r}")
        return tree

    def expression(self) -> ast.expr:
        """if then else · condition ? a : b · or …"""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxRefused("nested too deeply")
        tree = self._if() if self.at("if") else self._ternary()
        self.depth -= 1
        return tree

    def _if(self) -> ast.expr:
        self.advance()
        test = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return ast.IfExp(test, then, self.expression())

    def _ternary(self) -> ast.expr:
        test = self._or()
        if not self.accept("?"):
            return test
        then = self.expression()
        self.expect(":")
        return ast.IfExp(test, then, self.expression())

    def _or(self) -> ast.expr:
        values = [self._and()]
        while self.accept("or", "||"):
            values.append(self._and())
        return values[0] if len(values) == 1 else ast.BoolOp(ast.Or(), values)

    def _and(self) -> ast.expr:
        values = [self._comparison()]
        while self.accept("and", "&&"):
            values.append(self._comparison())
        return values[0] if len(values) == 1 else ast.BoolOp(ast.And(), values)

    def _comparison(self) -> ast.expr:
        left = self.sum()
        token = self.current
        if token.kind == "op" and token.text in _COMPARISONS:
            self.advance()
            return comparison(_COMPARISONS[token.text], left, self.sum())
        if token.kind == "name" and token.text in ("eq", "ne", "lt", "le", "gt", "ge"):
            self.advance()
            return comparison(_WORD_OPERATORS[token.text], left, self.sum())
        if self.accept("between"):
            low = self.sum()
            self.expect("and")
            return interval_test(left, low, True, self.sum(), True)
        if self.accept("in"):
            return self._in(left)
        if self.at("not") and self.tokens[self.position + 1].text == "in":
            self.advance()
            self.advance()
            return ast.UnaryOp(ast.Not(), self._in(left))
        return left

    def _in(self, left: ast.expr) -> ast.expr:
        """``x in [1..5]``, ``x in (1, 2, [3..4])`` or ``x in list``."""
        interval = self.try_interval(left)
        if interval is not None:
            return interval
        if self.accept("("):
            tests = [self._in_item(left)]
            while self.accept(","):
                tests.append(self._in_item(left))
            self.expect(")")
            return tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        return internal_call("in", left, self.sum())

    def _in_item(self, left: ast.expr) -> ast.expr:
        interval = self.try_interval(left)
        return interval if interval is not None else internal_call("in", left, self.expression())

    def try_interval(self, subject: ast.expr) -> ast.expr | None:
        """A test of ``subject`` against ``[a..b]``, ``(a..b]``, ``]a..b[`` … when one follows here."""
        start = self.position
        if not self.at("[", "(", "]"):
            return None
        opening = self.advance().text
        try:
            low = self.sum()
            if not self.accept(".."):
                raise SyntaxRefused("no interval")
        except SyntaxRefused:
            self.position = start
            return None
        high = self.sum()
        if not self.at("]", ")", "["):
            raise SyntaxRefused("an interval ends with ], ) or [")
        closing = self.advance().text
        return interval_test(subject, low, opening == "[", high, closing == "]")

    def sum(self) -> ast.expr:
        """Sums and differences of products."""
        left = self._product()
        while self.at("+", "-"):
            operator: ast.operator = ast.Add() if self.advance().text == "+" else ast.Sub()
            left = ast.BinOp(left, operator, self._product())
        return left

    def _product(self) -> ast.expr:
        left = self._unary()
        while self.at("*", "/", "%", "div", "mod"):
            sign = self.advance().text
            operator = {"*": ast.Mult, "/": ast.Div, "div": ast.Div, "%": ast.Mod, "mod": ast.Mod}[sign]()
            left = ast.BinOp(left, operator, self._unary())
        return left

    def _unary(self) -> ast.expr:
        self.depth += 1
        self.effort += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxRefused("nested too deeply")
        if self.effort > MAX_EFFORT:
            raise SyntaxRefused("too complex")
        try:
            if self.accept("-"):
                return ast.UnaryOp(ast.USub(), self._unary())
            if self.accept("!"):
                return ast.UnaryOp(ast.Not(), self._unary())
            if self.accept("not"):
                parenthesised = self.at("(")
                return ast.UnaryOp(ast.Not(), self._unary() if parenthesised else self._comparison())
            if self.accept("empty"):
                return internal_call("empty", self._unary())
            return self._postfix(self._primary())
        finally:
            self.depth -= 1

    def _postfix(self, tree: ast.expr) -> ast.expr:
        while True:
            if self.accept("."):
                token = self.advance()
                if token.kind != "name":
                    raise SyntaxRefused("a property name must follow the dot")
                if self.at("("):
                    raise SyntaxRefused(f"methods can't be called: {token.text}()")
                tree = internal_call("property", tree, constant(_name(token.text)))
            elif self.at("[") and not self._interval_follows():
                self.advance()
                index = self.expression()
                self.expect("]")
                tree = internal_call("item", tree, index)
            else:
                return tree

    def _interval_follows(self) -> bool:
        """``a..b[``: the bracket closes an open interval and is no index."""
        after = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        return after.kind == "end" or after.text in (",", ")")

    def _primary(self) -> ast.expr:
        token = self.advance()
        if token.kind == "number":
            return constant(float(token.text) if re.search(r"[.eE]", token.text) else int(token.text))
        if token.kind == "string":
            return constant(re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1]))
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            tree = self.expression()
            self.expect(")")
            return tree
        if token.text == "[":
            return ast.List(self._arguments("]"), ast.Load())
        if token.text == "{":
            return self._context()
        raise SyntaxRefused(f"unexpected {token.text or 'end'!r}")

    def _named(self, name: str) -> ast.expr:
        if name in _CONSTANTS:
            return constant(_CONSTANTS[name])
        if not self.at("("):
            return ast.Name(_name(name), ast.Load())
        if name not in self.functions:
            raise SyntaxRefused(f"unknown function {name}")
        self.advance()
        return internal_call(name, *self._arguments(")"))

    def _arguments(self, closing: str) -> list[ast.expr]:
        found: list[ast.expr] = []
        if self.accept(closing):
            return found
        while True:
            found.append(self.expression())
            if self.accept(closing):
                return found
            self.expect(",")

    def _context(self) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        while not self.accept("}"):
            token = self.advance()
            if token.kind not in ("name", "string"):
                raise SyntaxRefused("a key must be a name or a text")
            keys.append(constant(token.text if token.kind == "name" else token.text[1:-1]))
            self.expect(":")
            values.append(self.expression())
            if not self.at("}"):
                self.expect(",")
        return ast.Dict(keys, values)


def interval_test(subject: ast.expr, low: ast.expr, with_low: bool, high: ast.expr, with_high: bool) -> ast.expr:
    """``low <= subject <= high`` with either bound excluded when its flag is false."""
    above = comparison(">=" if with_low else ">", subject, low)
    below = comparison("<=" if with_high else "<", subject, high)
    return ast.BoolOp(ast.And(), [above, below])


def _name(name: str) -> str:
    normal = unicodedata.normalize("NFKC", name)
    if normal.startswith("_"):
        raise SyntaxRefused(f"name {name}")
    return normal
