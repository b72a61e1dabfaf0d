"""Every text of a process that will be computed is compiled when the file is deployed, never first at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine import evaluator
from engine.cron import is_cron, parse_cron
from engine.errors import ExpressionRefused
from engine.iso8601 import TimeRefused, parse_cycle, parse_duration, parse_moment
from engine.spiff.source import Flow, Node, TimerText
from engine.spiff.variables import is_expression

if TYPE_CHECKING:
    from engine.spiff.lint import Report

ATTRIBUTES = (
    "assignee", "candidateGroups", "candidateUsers", "dueDate", "followUpDate", "priority", "formKey", "topic",
    "jobPriority", "taskPriority",
)  # fmt: skip
PROPERTIES = ("excludedUsers", "serviceLevel", "calendar")
SCRIPTS = frozenset({"", "python", "application/x-python", "text/x-python", "keliu", "feel"})
_ANY_ZONE = ZoneInfo("UTC")


def check_node(report: Report, node: Node, *, first: bool) -> None:
    """All expressions of a node. ``first``: it begins the process, so that there are no variables yet."""
    texts = [node.attributes[name] for name in ATTRIBUTES if name in node.attributes]
    texts += [node.properties[name] for name in PROPERTIES if name in node.properties]
    texts += [*node.inputs.values(), *node.outputs.values(), node.event.correlation or ""]
    for text in texts:
        if is_expression(text):
            _expression(report, node.id, node.line, text)
    if node.condition:
        _expression(report, node.id, node.line, node.condition)
    if node.event.condition:
        _expression(report, node.id, node.line, node.event.condition)
    _loop(report, node)
    if node.event.timer is not None:
        _timer(report, node, node.event.timer, first)
    for name in ("dueDate", "followUpDate"):
        text = node.attributes.get(name, "")
        if text and not is_expression(text):
            _literal_time(report, node, TimerText("duration" if text.startswith("P") else "date", text))
    if node.type == "scriptTask":
        _script(report, node)


def check_text(report: Report, element: str, line: int | None, text: str) -> None:
    """An attribute that may be computed."""
    if is_expression(text):
        _expression(report, element, line, text)


def check_condition(report: Report, flow: Flow) -> None:
    """The condition of a sequence flow."""
    if flow.condition:
        _expression(report, flow.id, flow.line, flow.condition)


def _expression(report: Report, element: str, line: int | None, text: str) -> None:
    try:
        evaluator.compile_expression(text)
    except ExpressionRefused as refused:
        report.error("expression", element, line, expression=text[:200], reason=refused.facts["reason"])


def _loop(report: Report, node: Node) -> None:
    if node.loop is None:
        return
    collection = node.loop.collection
    if collection is not None:
        _expression(report, node.id, node.line, collection if is_expression(collection) else f"={collection}")
    for text in (node.loop.cardinality, node.loop.completion, node.loop.condition):
        if text is not None:
            _expression(report, node.id, node.line, text)


def _timer(report: Report, node: Node, timer: TimerText, first: bool) -> None:
    if is_expression(timer.text):
        _expression(report, node.id, node.line, timer.text)
    else:
        _literal_time(report, node, timer)
    if first:
        _start_timer(report, node, timer)
    elif timer.kind == "cycle" and node.interrupting:
        report.warning("cycle_once", node.id, node.line)


def _start_timer(report: Report, node: Node, timer: TimerText) -> None:
    if not is_expression(timer.text):
        return
    try:
        names = evaluator.compile_expression(timer.text).names
    except ExpressionRefused:
        return  # reported already
    if names:
        reason = f"there is no variable {min(names)} before the process has begun"
        report.error("timer", node.id, node.line, expression=timer.text[:200], reason=reason)


def _literal_time(report: Report, node: Node, timer: TimerText) -> None:
    try:
        if timer.kind == "cycle":
            parse_cron(timer.text) if is_cron(timer.text) else parse_cycle(timer.text, _ANY_ZONE)
        elif timer.text.startswith(("P", "-P")):
            parse_duration(timer.text)
        else:
            parse_moment(timer.text, _ANY_ZONE)
    except TimeRefused as refused:
        report.error("timer", node.id, node.line, expression=timer.text[:200], reason=str(refused))


def _script(report: Report, node: Node) -> None:
    language = node.properties.get("scriptFormat", "").lower()
    if language not in SCRIPTS:
        report.error("script_language", node.id, node.line, language=language)
        return
    try:
        evaluator.compile_script(node.script)
    except ExpressionRefused as refused:
        report.error("expression", node.id, node.line, expression=node.script[:200], reason=refused.facts["reason"])
