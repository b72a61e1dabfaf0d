"""Foreign expressions into the whitelisted language: methods become functions, execution variables become names.

Text goes in and text comes out. What has no counterpart stays as it is, and the evaluator refuses it with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.spiff.dialects.methods import (
    FEEL_NAMES,
    FUNCTIONS,
    IDENTITY,
    KIE,
    METHODS,
    NAMESPACED,
    NAMESPACES,
    Untranslatable,
)

MAX_LENGTH = 4_000
MAX_DEPTH = 40
_PLACEHOLDER = re.compile(r"[$#]\{((?:[^{}\"']|\"[^\"]*\"|'[^']*')*)\}")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[lLdDfF]?(?!\w))
    | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<name>[^\W\d]\w*)
    | (?P<op>===|!==|\?\.|\*\*|\.\.|&&|\|\||==|!=|<>|<=|>=|=>|->|[^\s\w])
    )""",
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PYTHON = {"&&": "and", "||": "or", "!": "not", "===": "==", "!==": "!="}
_PYTHON_NAMES = {"true": "True", "false": "False", "null": "None", "undefined": "None"}


@dataclass(frozen=True, slots=True)
class Options:
    """How a text is meant. ``python``: the result is Python-like. ``zeebe``: counters of loops begin with one.
    ``script``: lists and texts have a length, as in JavaScript.
    """

    python: bool = False
    zeebe: bool = False
    script: bool = False


DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """``changed``: something was translated. ``lenient``: a variable that is not there is null."""

    text: str
    changed: bool
    lenient: bool


def translate(text: str, options: Options = DEFAULT) -> str:
    """``text`` (with ``${…}``, ``#{…}`` or as ``=…``) in our language; the same text when nothing is foreign in it."""
    source = text.strip()
    if len(source) > MAX_LENGTH:
        return text
    try:
        if source.startswith("="):
            done = rewrite(source[1:], options)
            return f"={done.text}" if done.changed else text
        whole = _PLACEHOLDER.fullmatch(source)
        if whole:
            done = rewrite(whole[1], options)
            pattern = "={}" if done.lenient else "${{{}}}"
            return pattern.format(done.text) if done.changed else text
        return _PLACEHOLDER.sub(lambda found: _inside(found, options), text)
    except Untranslatable:
        return text


def _inside(found: re.Match[str], options: Options) -> str:
    done = rewrite(found[1], options)
    return f"${{{done.text}}}" if done.changed else found[0]


def rewrite(text: str, options: Options = DEFAULT) -> Rewritten:
    """An expression without its braces. Raises Untranslatable."""
    rewriter = _Rewriter(text, options)
    result = rewriter.sequence("")
    if len(result) > MAX_LENGTH:
        raise Untranslatable("too long")
    return Rewritten(result, rewriter.changed, rewriter.lenient)


class _Rewriter:
    def __init__(self, text: str, options: Options) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.options = options
        self.changed = False
        self.lenient = False

    # tokens
    def at(self, *texts: str, ahead: int = 0) -> bool:
        place = self.position + ahead
        return place < len(self.tokens) and self.tokens[place][0] == "op" and self.tokens[place][1] in texts

    def advance(self) -> tuple[str, str]:
        if self.position >= len(self.tokens):
            raise Untranslatable("unexpected end")
        self.position += 1
        return self.tokens[self.position - 1]

    def expect(self, text: str) -> None:
        if self.advance()[1] != text:
            raise Untranslatable(f"{text} expected")

    # grammar: operands are translated, what stands between them is copied
    def sequence(self, closing: str, separator: str = "") -> str:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Untranslatable("nested too deeply")
        parts: list[str] = []
        while self.position < len(self.tokens):
            kind, text = self.tokens[self.position]
            if kind == "op" and (text in closing or text == separator) and text:
                break
            if kind == "op" and text not in ("(", "[", "{"):
                parts.append(self.operator())
            else:
                parts.append(self.operand())
        self.depth -= 1
        result = " ".join(parts)
        if len(result) > MAX_LENGTH:
            raise Untranslatable("too long")
        return result

    def operator(self) -> str:
        text = self.advance()[1]
        if text in ("===", "!=="):
            self.changed = True
            return text[:2]
        if text == "@" and self.tokens[self.position : self.position + 1]:
            return self.literal_of_time()
        if text in (")", "]", "}", ";", "`", "\\"):
            raise Untranslatable(f"unexpected {text}")
        if not self.options.python:
            return text
        if text in ("?", ":", "?."):
            raise Untranslatable("a choice")
        return _PYTHON.get(text, text)

    def literal_of_time(self) -> str:
        """FEEL ``@"P1D"``."""
        kind, text = self.advance()
        self.changed = True
        if kind != "string":
            raise Untranslatable("@")
        return f"duration({text})" if text[1:2] == "P" else text

    def operand(self) -> str:
        kind, text = self.advance()
        if kind == "name":
            result = self.name(text)
        elif kind == "number":
            result = text.rstrip("lLdDfF")
            self.changed |= result != text
        elif kind == "op":
            result = text + self.sequence(")]}" if text != "{" else "}") + self.advance()[1]
        else:
            result = text
        return self.postfix(result)

    def name(self, name: str) -> str:
        words = self.multiword(name)
        if words is not None:
            return words
        following = self.tokens[self.position + 1 : self.position + 3]
        if name in NAMESPACES and self.at(":") and len(following) == 2 and following[1] == ("op", "("):
            self.position += 2
            return self.call(NAMESPACED, following[0][1], self.arguments())
        if self.at("(") and name not in ("and", "or", "not", "if", "then", "else", "in", "return"):
            return self.call(FUNCTIONS, name, self.arguments())
        if name in ("execution", "kcontext"):
            return self.execution()
        if name == "KieFunctions" and self.at("."):
            self.advance()
            return self.call(KIE, self.advance()[1], self.arguments())
        if name == "variables" and self.at(".", "["):
            return self.variable_of_holder()
        if name == "loopCounter" and self.options.zeebe:
            self.changed = True
            return "(loopCounter + 1)"
        return _PYTHON_NAMES.get(name, name) if self.options.python else name

    def multiword(self, name: str) -> str | None:
        """FEEL functions whose names are several words."""
        words, place = [name], self.position
        while place < len(self.tokens) and self.tokens[place][0] == "name" and len(words) < 4:
            words.append(self.tokens[place][1])
            place += 1
            translate_call = FEEL_NAMES.get(" ".join(words))
            if translate_call is not None and self.tokens[place : place + 1] == [("op", "(")]:
                self.position = place
                self.changed = True
                return _apply(translate_call, self.arguments())
        return None

    def call(self, table: Mapping[str, Callable[..., str]], name: str, arguments: Sequence[str]) -> str:
        if name in table:
            self.changed = True
            self.lenient |= table is NAMESPACED
            return _apply(table[name], arguments)
        if table is not FUNCTIONS:
            raise Untranslatable(name)
        return f"{name}({', '.join(arguments)})"

    def execution(self) -> str:
        """``execution.getVariable("x")`` and the like."""
        self.changed = True
        self.expect(".")
        method, arguments = self.advance()[1], self.arguments()
        if method in ("getVariable", "getVariableLocal", "getVariableTyped") and len(arguments) >= 1:
            self.lenient = True
            return _variable(arguments[0])
        if method in ("hasVariable", "hasVariableLocal"):
            self.lenient = True
            return f"({_variable(arguments[0])} != {'None' if self.options.python else 'null'})"
        raise Untranslatable(f"execution.{method}()")

    def variable_of_holder(self) -> str:
        """``variables.x``, ``variables["x"]`` and ``variables.get("x")``."""
        self.changed = self.lenient = True
        if self.advance()[1] == "[":
            inner = self.sequence("]")
            self.expect("]")
            return _variable(inner)
        name = self.advance()[1]
        if name in ("get", "getVariable") and self.at("("):
            return _variable(self.arguments()[0])
        return name

    def postfix(self, subject: str) -> str:
        while True:
            if self.at(".", "?.") and not (self.options.python and self.at("?.")):
                self.changed |= self.advance()[1] == "?."
                kind, name = self.advance()
                if kind != "name":
                    raise Untranslatable("a property name must follow the dot")
                subject = self.method(subject, name) if self.at("(") else self.member(subject, name)
            elif self.at("[") and self.position + 1 < len(self.tokens):
                self.advance()
                inner = self.sequence("]")
                self.expect("]")
                subject = f"{subject}[{inner}]"
            else:
                return subject

    def member(self, subject: str, name: str) -> str:
        if name == "length" and self.options.script:
            self.changed = True
            return f"len({subject})"
        return f"{subject}.{name}"

    def method(self, subject: str, name: str) -> str:
        arguments = self.arguments()
        if name in IDENTITY and not arguments:
            self.changed = True
            return subject
        if name not in METHODS:
            raise Untranslatable(f"{name}()")
        self.changed = True
        return _apply(METHODS[name], [subject, *arguments])

    def arguments(self) -> list[str]:
        self.expect("(")
        found: list[str] = []
        while not self.at(")"):
            found.append(self.sequence(")", ","))
            if self.at(","):
                self.advance()
            elif not self.at(")"):
                raise Untranslatable(") expected")
        self.advance()
        return found


def _apply(function: Callable[..., str], arguments: Sequence[str]) -> str:
    try:
        result = function(*arguments)
    except TypeError:
        raise Untranslatable("other arguments") from None
    if len(result) > MAX_LENGTH:
        raise Untranslatable("too long")
    return result


def _variable(literal: str) -> str:
    name = literal.strip()[1:-1]
    if literal.strip()[:1] not in ("'", '"') or not name.isidentifier() or name.startswith("_"):
        raise Untranslatable(f"variable {literal}")
    return name


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Untranslatable("unreadable")
        kind = match.lastgroup or "op"
        found.append((kind, match.group(kind)))
        position = match.end()
    return found
