"""One expression language everywhere: conditions, timers, correlation keys, DMN cells, form rules.

Text is compiled once into a vetted code object: Python-like, ``${…}``/``#{…}`` (JUEL subset) or ``=…`` (FEEL subset).
What the whitelist does not know is refused when a file is deployed. Evaluation counts steps, bytes and time.
The whitelist is a barrier for people who model processes; who may deploy at all is the application's decision.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from engine.errors import ExpressionFailed, ExpressionRefused
from engine.expression_functions import CONTEXT_FUNCTIONS, FUNCTIONS, RUNTIME, Meter, metered
from engine.syntax import INTERNAL, Parser, SyntaxRefused, internal_call

MAX_SOURCE = 4_000
MAX_NODES = 1_000
MAX_DEPTH = 80

CALLABLE = frozenset(FUNCTIONS) | CONTEXT_FUNCTIONS

_EXPRESSION_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is,
    ast.IsNot, ast.In, ast.NotIn, ast.IfExp, ast.Constant, ast.Name, ast.Load, ast.Store, ast.List, ast.Tuple, ast.Dict,
    ast.Subscript, ast.Slice, ast.Call, ast.Attribute, ast.ListComp, ast.GeneratorExp, ast.comprehension,
)  # fmt: skip
_SCRIPT_NODES = (*_EXPRESSION_NODES, ast.Module, ast.Assign, ast.AugAssign, ast.If, ast.Pass)
_OPERATORS: Mapping[type[ast.operator], str] = {ast.Mult: "multiply", ast.Add: "add", ast.Mod: "modulo"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_PLACEHOLDER = re.compile(r"[$#]\{((?:[^{}\"']|\"[^\"]*\"|'[^']*')*)\}")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A vetted expression or script. ``names`` are the variables it reads, ``assigned`` those a script sets."""

    text: str
    code: CodeType
    names: frozenset[str]
    assigned: frozenset[str]
    missing_is_null: bool


@lru_cache(maxsize=8192)
def compile_expression(text: str) -> Compiled:
    """The compiled form of ``text``. Raises ExpressionRefused."""
    source = text.strip()
    if not source:
        raise ExpressionRefused(expression=text, reason="empty")
    if len(source) > MAX_SOURCE:
        raise ExpressionRefused(expression=text[:80], reason="too long")
    lenient = source.startswith("=")
    try:
        if lenient:
            body = Parser(source[1:], CALLABLE).whole()
        elif "${" in source or "#{" in source:
            body = _template(source)
        else:
            body = _python_expression(source)
        return _finish(text, ast.Expression(body), lenient, _names(body))
    except (SyntaxRefused, SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionRefused(expression=text, reason=_reason(problem)) from None


@lru_cache(maxsize=1024)
def compile_script(text: str) -> Compiled:
    """A script: assignments to names, and ``if``. Raises ExpressionRefused."""
    if len(text) > MAX_SOURCE:
        raise ExpressionRefused(expression=text[:80], reason="too long")
    try:
        tree = ast.parse(text)
        _vet(tree, _SCRIPT_NODES)
        for node in ast.walk(tree):
            if not all(isinstance(target, ast.Name) for target in _targets(node)):
                raise SyntaxRefused("only whole variables can be assigned")
        assigned = frozenset(_assigned(tree))
        names = _names(tree)
        return _finish(text, _Rewriter().visit(tree), False, names, assigned)
    except (SyntaxRefused, SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionRefused(expression=text, reason=_reason(problem)) from None


def evaluate(text: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """The value of ``text`` with these variables. ``functions`` provides ``now``, ``working_time``, ``working_days``.

    Raises ExpressionRefused (the text) or ExpressionFailed (the data).
    """
    compiled = compile_expression(text)
    scope = _scope(compiled, variables, functions)
    return _guarded(compiled, lambda: eval(compiled.code, scope))  # noqa: S307 - vetted by the whitelist above


def execute(
    text: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None
) -> dict[str, Any]:
    """What a script assigns. The given variables stay as they are."""
    compiled = compile_script(text)
    scope = _scope(compiled, variables, functions)

    def run() -> dict[str, Any]:
        exec(compiled.code, scope)  # noqa: S102 - vetted by the whitelist above
        return {name: scope[name] for name in compiled.assigned if name in scope}

    result: dict[str, Any] = _guarded(compiled, run)
    return result


def evaluate_tree(body: ast.expr, text: str) -> Compiled:
    """Compile a tree built by :mod:`engine.syntax` (DMN cells). Raises ExpressionRefused."""
    try:
        return _finish(text, ast.Expression(body), True, _names(body))
    except (SyntaxRefused, SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionRefused(expression=text, reason=_reason(problem)) from None


def run_compiled(compiled: Compiled, variables: Mapping[str, Any]) -> Any:
    """The value of an expression compiled before. Raises ExpressionFailed."""
    scope = _scope(compiled, variables, None)
    return _guarded(compiled, lambda: eval(compiled.code, scope))  # noqa: S307 - vetted by the whitelist above


def _guarded(compiled: Compiled, run: Callable[[], Any]) -> Any:
    try:
        with metered(Meter()):
            return run()
    except NameError as problem:
        reason = f"unknown variable {problem.name}"
        raise ExpressionFailed(expression=compiled.text, reason=reason) from None
    except (
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
        AttributeError,
    ) as problem:
        raise ExpressionFailed(expression=compiled.text, reason=_reason(problem)) from None


def _scope(
    compiled: Compiled, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None
) -> dict[str, Any]:
    scope: dict[str, Any] = {name: variables[name] for name in compiled.names if name in variables}
    for name in compiled.names - scope.keys():
        if name in _CONSTANTS:
            scope[name] = _CONSTANTS[name]
        elif compiled.missing_is_null:
            scope[name] = None
    scope.update(RUNTIME)
    for name, function in (functions or {}).items():
        scope[INTERNAL + name] = function
    return scope


def _finish(
    text: str, tree: ast.AST, lenient: bool, names: frozenset[str], assigned: frozenset[str] = frozenset()
) -> Compiled:
    _check_size(tree)
    if not isinstance(tree, ast.Module):
        tree = _Arithmetic().visit(tree)
    mode = "exec" if isinstance(tree, ast.Module) else "eval"
    code = compile(ast.fix_missing_locations(tree), "<expression>", mode)  # type: ignore[call-overload]  # ast union
    return Compiled(text, code, names, assigned, lenient)


def _python_expression(source: str) -> ast.expr:
    tree = ast.parse(source, mode="eval")
    _vet(tree, _EXPRESSION_NODES)
    rewritten: ast.expr = _Rewriter().visit(tree).body
    return rewritten


def _template(source: str) -> ast.expr:
    """``${…}`` alone has its own type; mixed with text the whole is text."""
    whole = _PLACEHOLDER.fullmatch(source)
    if whole:
        return Parser(whole[1], CALLABLE).whole()
    pieces: list[ast.expr] = []
    position = 0
    for found in _PLACEHOLDER.finditer(source):
        pieces.append(ast.Constant(source[position : found.start()]))
        pieces.append(internal_call("str", Parser(found[1], CALLABLE).whole()))
        position = found.end()
    rest = source[position:]
    if "${" in rest or "#{" in rest:
        raise SyntaxRefused("unbalanced braces")
    pieces.append(ast.Constant(rest))
    return internal_call("concatenate", *pieces)


def _check_size(tree: ast.AST) -> None:
    """Iteratively, so that a hostile tree can't exhaust the stack: number of nodes and depth."""
    level, depth, count = [tree], 0, 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise SyntaxRefused("too complex")
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def _vet(tree: ast.AST, allowed: tuple[type[ast.AST], ...]) -> None:
    _check_size(tree)
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise SyntaxRefused(f"{type(node).__name__} is not allowed")
        if isinstance(node, ast.Name) and node.id.startswith("_"):
            raise SyntaxRefused(f"name {node.id}")
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise SyntaxRefused(f"property {node.attr}")
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | bool | None):
            raise SyntaxRefused(f"a literal of type {type(node.value).__name__}")
        if isinstance(node, ast.Dict) and None in node.keys:
            raise SyntaxRefused("a dict can't be unpacked")
        if isinstance(node, ast.Call):
            _vet_call(node)


def _vet_call(node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name):
        raise SyntaxRefused("methods can't be called")
    if node.func.id not in CALLABLE:
        raise SyntaxRefused(f"unknown function {node.func.id}")
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise SyntaxRefused("only plain arguments")


def _names(tree: ast.AST) -> frozenset[str]:
    """Variables read. Names of called functions are not variables."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)
    return frozenset(name for name in names if not name.startswith(INTERNAL))


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign) else []


def _assigned(tree: ast.AST) -> set[str]:
    bound = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.comprehension)}
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in bound
    }


class _Rewriter(ast.NodeTransformer):
    """Calls, properties, items and loops go through guarded functions that data can neither see nor replace."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        arguments = [self.visit(argument) for argument in node.args]
        assert isinstance(node.func, ast.Name)  # vetted before
        return internal_call(node.func.id, *arguments)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            raise SyntaxRefused("a property can't be assigned")
        return internal_call("property", self.visit(node.value), ast.Constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            raise SyntaxRefused("an item can't be assigned")
        if isinstance(node.slice, ast.Slice):
            self.generic_visit(node)
            return node
        return internal_call("item", self.visit(node.value), self.visit(node.slice))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            raise SyntaxRefused("only whole variables can be assigned")
        read = ast.Name(node.target.id, ast.Load())
        return self.visit(ast.copy_location(ast.Assign([node.target], ast.BinOp(read, node.op, node.value)), node))  # type: ignore[no-any-return]  # NodeTransformer is untyped

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.iter = internal_call("iterate", node.iter)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return _guard_arithmetic(self, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return _guard_comparison(self, node)


class _Arithmetic(ast.NodeTransformer):
    """The same guard for trees of the other two dialects (and once more for what is guarded already: no change)."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return _guard_arithmetic(self, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return _guard_comparison(self, node)


def _guard_comparison(transformer: ast.NodeTransformer, node: ast.Compare) -> ast.expr:
    """Both sides are weighed first: lists that share their parts could take for ever to compare."""
    transformer.generic_visit(node)
    node.left = _weighed(node.left)
    node.comparators = [_weighed(side) for side in node.comparators]
    return node


def _weighed(side: ast.expr) -> ast.expr:
    done = isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == INTERNAL + "weighed"
    return side if done or isinstance(side, ast.Constant) else internal_call("weighed", side)


def _guard_arithmetic(transformer: ast.NodeTransformer, node: ast.BinOp) -> ast.expr:
    transformer.generic_visit(node)
    name = _OPERATORS.get(type(node.op))
    return internal_call(name, node.left, node.right) if name else node


def _reason(problem: BaseException) -> str:
    if isinstance(problem, SyntaxError):
        return problem.msg or "syntax error"
    if isinstance(problem, KeyError):
        return f"no property {problem.args[0]!r}"[:200]
    return (str(problem) or type(problem).__name__)[:200]
