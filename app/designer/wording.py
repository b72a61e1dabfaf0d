"""What was found in a draft, in the reader's words: what is wrong, and what to do about it.

The engine words its own findings in one text whose first sentence says what is wrong; those of the workshop are here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

import engine
from app.web.i18n import language
from engine import findings

OWN: Mapping[str, tuple[Any, Any]] = {
    "form_missing": (
        _l("The form “%(form_key)s” is not among the files."),
        _l("Create the form, or choose another one at the step."),
    ),
    "form_not_chosen": (
        _l("The step has no form."),
        _l("Choose a form at the step, or create one."),
    ),
    "form_unused": (_l("No step uses the form “%(form_key)s”."), _l("Delete it, or choose it at a step.")),
    "form_problem": (_l("%(path)s: %(reason)s"), _l("Correct the form.")),
    "form_name": (
        _l("The form calls itself “%(form_key)s”, but its file has another name."),
        _l("Change the key in the form, or load it again."),
    ),
    "group_unknown": (
        _l("There is no group “%(group)s”."),
        _l("Choose an existing group, or have the administrator create it."),
    ),
    "person_unknown": (
        _l("Nobody has the login “%(login)s”."),
        _l("Choose a person who is there, or better a group."),
    ),
    "lane_as_group": (
        _l("Only the lane says who does the step, and there is no group “%(group)s”."),
        _l("Enter candidate groups at the step."),
    ),
    "english_name_missing": (
        _l("“%(name)s” has no English name."),
        _l("Enter the English name beside the Chinese one."),
    ),
    "chinese_name_missing": (_l("The element has no name."), _l("Enter a name: people find the step by it.")),
    "not_drawn": (
        _l("The step has no shape: it runs, but no diagram shows it."),
        _l("Save the file again from the editor it was made with, or take the step out of the file."),
    ),
    "nothing_drawn": (
        _l("The file holds no drawing: the process runs, but no diagram shows it."),
        _l("Open it in the editor: there it is laid out. Then save it."),
    ),
    "dead_end": (_l("The path ends here without an end event."), _l("Connect it to the next step or to an end event.")),
    "variable_never_set": (
        _l("The condition reads “%(variable)s”, which nothing in the draft sets."),
        _l("Mark a field of a form as variable, or check the spelling."),
    ),
    "no_row_for_the_rest": (
        _l("The table “%(name)s” has no last row for everything else."),
        _l("Add a row of dashes: without one the decision may answer nothing."),
    ),
    "drawn_twice": (_l("The process is drawn in two files."), _l("Delete one of them.")),
}
"""Code → what is wrong, what to do; facts fill the places."""

_SENTENCE = re.compile(r"(?<=[。.])\s*(?=\S)")


def words(finding: engine.Finding) -> tuple[str, str]:
    """What is wrong and what to do, in the language of this request. The second may be empty."""
    if finding.code in OWN:
        return _own(finding)
    chinese, english = findings.WORDS[finding.code]
    template = chinese if language() == "zh" else english
    facts = _Facts({"element": finding.element or "", **finding.facts})
    first, *rest = _SENTENCE.split(template, maxsplit=1)
    return first.format_map(facts), "".join(rest).format_map(facts)


def _own(finding: engine.Finding) -> tuple[str, str]:
    message, remedy = OWN[finding.code]
    facts = _Facts({name: str(value) for name, value in finding.facts.items()})
    return str(message) % facts, str(remedy) % facts


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"
