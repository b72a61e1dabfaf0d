"""Scripts in other languages: what only assigns is translated, anything else is work for a program outside."""

from __future__ import annotations

import re

from lxml import etree

from engine import evaluator
from engine.errors import ExpressionRefused
from engine.spiff.dialects.methods import Untranslatable
from engine.spiff.dialects.rewriting import Options, rewrite
from engine.spiff.dialects.work import (
    SPIFF,
    Work,
    bpmn,
    camunda,
    child,
    local_of,
    make,
    namespaces_of,
    rename,
    take,
    text_of,
)

OURS = frozenset({"", "python", "application/x-python", "text/x-python", "keliu", "feel"})
LANGUAGES = {
    "http://www.java.com/java": "java",
    "http://www.java.com/javatypes": "java",
    "http://www.javascript.com/javascript": "javascript",
    "http://www.mvel.org/2.0": "mvel",
}
FOREIGN = frozenset({"javascript", "js", "ecmascript", "text/javascript", "application/javascript", "groovy", "java",
                     "text/x-groovy", "mvel", "juel", "ruby", "jruby", "jython", "kotlin", "beanshell"})  # fmt: skip
_PYTHON = Options(python=True, script=True)
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_PRINT = re.compile(r"(?:System\.out\.print(?:ln)?|console\.log|print(?:ln)?)\b[^;\n]*")
_SET = re.compile(r"(?:execution|kcontext)\.setVariable\(\s*[\"']([A-Za-z]\w*)[\"']\s*,(.*)\)", re.DOTALL)
MAX_SCRIPT = 4_000


def translate(work: Work) -> None:
    """Every script task in another language, and conditions written as scripts."""
    arena = not namespaces_of(work.root).isdisjoint(SPIFF)
    for node in work.nodes():
        if local_of(node) == "scriptTask":
            _task(work, node, arena=arena)
    for process in work.processes():
        for condition in process.iter(bpmn("conditionExpression")):
            _condition(work, condition)


def language_of(written: str) -> str:
    """The plain name of a script language."""
    return LANGUAGES.get(written, written).strip().lower()


def _task(work: Work, node: etree._Element, *, arena: bool) -> None:
    """SpiffArena runs any Python; what our language does not know is work for a program like other languages."""
    language = language_of(node.get("scriptFormat", ""))
    elsewhere = take(node, camunda("resource"))
    script = child(node, "script")
    beyond = language in OURS and arena and not _is_ours(text_of(script))
    if language not in FOREIGN and not elsewhere and not beyond:
        return
    result = take(node, camunda("resultVariable"))
    take(node, "scriptFormat")
    ours = None if elsewhere or beyond else python_of(text_of(script), result)
    if ours is None:
        rename(node, "serviceTask")
        topic = f"script.{node.get('id')}"
        node.set(camunda("type"), "external")
        node.set(camunda("topic"), topic)
        work.note("script_external", node, language=language or "Python", topic=topic)
        return
    script = make(node, bpmn("script")) if script is None else script
    script.text = ours
    work.note("script_translated", node, language=language)


def _is_ours(text: str) -> bool:
    try:
        evaluator.compile_script(text)
    except ExpressionRefused:
        return False
    return True


def only_prints(text: str) -> bool:
    """Whether a script does nothing but write lines for its author."""
    return python_of(text) == ""


def python_of(text: str, result: str | None = None) -> str | None:
    """A script that only sets process variables (and prints), in our language; None for any other.

    What a script assigns to a name of its own is lost when it ends there, so only ``setVariable`` and the result count.
    """
    if len(text) > MAX_SCRIPT:
        return None
    plain = [part.strip() for part in re.split(r"[;\n]", _COMMENT.sub("", text))]
    statements = [part for part in plain if part and not _PRINT.fullmatch(part)]
    try:
        lines = [_result(statements, result)] if result else [_assignment(part) for part in statements]
        script = "\n".join(lines)
        evaluator.compile_script(script)
    except (Untranslatable, ExpressionRefused):
        return None
    return script


def _result(statements: list[str], name: str) -> str:
    if len(statements) != 1 or _SET.fullmatch(statements[0]):
        raise Untranslatable("several statements")
    value = re.sub(r"^(?:return\b|[A-Za-z]\w*\s*=(?!=))", "", statements[0])
    return f"{name} = {rewrite(value.strip(), _PYTHON).text}"


def _assignment(statement: str) -> str:
    found = _SET.fullmatch(statement)
    if found is None:
        raise Untranslatable("something else than an assignment")
    return f"{found[1]} = {rewrite(found[2].strip(), _PYTHON).text}"


def _condition(work: Work, condition: etree._Element) -> None:
    """``return approved == true;`` of Java, JavaScript or Groovy. What can't be translated stays, and is refused."""
    language = language_of(condition.get("language", ""))
    if "/feel/" in language and text_of(condition):
        condition.text = f"={text_of(condition).removeprefix('=')}"
        del condition.attrib["language"]
        return
    if language in ("", *OURS, "juel") or language.endswith(("juel", "feel", "xpath")) or language not in FOREIGN:
        return
    text = _COMMENT.sub("", text_of(condition)).strip().removeprefix("return").strip().rstrip(";").strip()
    if not text or len(text) > MAX_SCRIPT:
        return
    text = re.sub(r"\(\s*(?:String|Boolean|Integer|Long|Double|Number)\s*\)", "", text)
    try:
        done = rewrite(text, Options(script=True))
        ours = f"={done.text}" if done.lenient else f"${{{done.text}}}"
        evaluator.compile_expression(ours)
    except (Untranslatable, ExpressionRefused):
        return
    condition.text = ours
    del condition.attrib["language"]
    flow = condition.getparent()
    work.note("expression_translated", flow if flow is not None else condition, before=text[:120], after=ours[:120])
