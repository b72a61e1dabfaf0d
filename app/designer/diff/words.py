"""Differences in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _l

from app.designer.diff.model import Area, Change, Names, Term
from app.web.i18n import language

AREA_TITLES: Mapping[Area, Any] = {
    Area.FLOW: _l("Steps and paths"),
    Area.ASSIGNMENT: _l("Who does it"),
    Area.FORMS: _l("Forms"),
    Area.DECISIONS: _l("Decisions"),
    Area.CONDITIONS: _l("Conditions"),
    Area.TIMERS: _l("Timers and dates"),
    Area.LEVELS: _l("Service levels"),
    Area.HANDLERS: _l("Handlers and scripts"),
    Area.CALLS: _l("Called processes"),
    Area.NAMES: _l("Names"),
    Area.OTHER: _l("Other settings"),
}
SENTENCES: Mapping[str, Any] = {
    "process_added": _l("The process “%(name)s” is new."),
    "process_removed": _l("The process “%(name)s” is gone."),
    "node_added": _l("New: %(type)s “%(name)s”."),
    "node_added_between": _l("New: %(type)s “%(name)s”, after “%(before)s” and before “%(after)s”."),
    "boundary_added": _l("New at “%(host)s”: %(type)s “%(name)s”, leading to “%(after)s”."),
    "node_removed": _l("Gone: %(type)s “%(name)s”."),
    "scope_changed": _l("“%(name)s” lies in “%(new)s” now, before in “%(old)s”."),
    "host_changed": _l("“%(name)s” hangs on “%(new)s” now, before on “%(old)s”."),
    "flow_added": _l("New path from “%(source)s” to “%(target)s”."),
    "flow_removed": _l("The path from “%(source)s” to “%(target)s” is gone."),
    "flow_rerouted": _l(
        "The path leads from “%(source)s” to “%(target)s” now, before from “%(old_source)s” to “%(old_target)s”."
    ),
    "flow_name": _l("The path from “%(source)s” to “%(target)s” is called “%(new)s” now, before “%(old)s”."),
    "flow_condition": _l("The path from “%(source)s” to “%(target)s” is taken if “%(new)s” now, before if “%(old)s”."),
    "value_set": _l("“%(name)s”: %(what)s set to “%(new)s” (before: none)."),
    "value_removed": _l("“%(name)s”: %(what)s removed (before: “%(old)s”)."),
    "value_changed": _l("“%(name)s”: %(what)s changed from “%(old)s” to “%(new)s”."),
    "english_name": _l("“%(element)s” is called “%(new)s” in English now, before “%(old)s”."),
    "form_added": _l("New form “%(form)s” with the fields “%(fields)s”."),
    "form_removed": _l("The form “%(form)s” is gone."),
    "form_title": _l("The form “%(form)s” has the title “%(new)s” now, before “%(old)s”."),
    "field_added": _l("Form “%(form)s”: new field “%(field)s” (%(type)s)."),
    "field_added_required": _l("Form “%(form)s”: new field “%(field)s” (%(type)s) that must be filled in."),
    "field_removed": _l("Form “%(form)s”: the field “%(field)s” is gone."),
    "field_label": _l("Form “%(form)s”: the label of “%(field)s” is “%(new)s” now, before “%(old)s”."),
    "field_help": _l("Form “%(form)s”: the help of “%(field)s” is “%(new)s” now, before “%(old)s”."),
    "field_setting": _l("Form “%(form)s”, field “%(field)s”: %(what)s is “%(new)s” now, before “%(old)s”."),
    "field_setting_on": _l("Form “%(form)s”, field “%(field)s”: %(what)s now, before not."),
    "field_setting_off": _l("Form “%(form)s”, field “%(field)s”: no longer %(what)s."),
    "fields_ordered": _l("Form “%(form)s”: the fields have another order."),
    "option_added": _l("Form “%(form)s”, field “%(field)s”: new choice “%(option)s”."),
    "option_removed": _l("Form “%(form)s”, field “%(field)s”: the choice “%(option)s” is gone."),
    "option_renamed": _l("Form “%(form)s”, field “%(field)s”: a choice is called “%(new)s” now, before “%(old)s”."),
    "table_added": _l("New decision table “%(name)s” with %(rows)s rows."),
    "table_removed": _l("The decision table “%(name)s” is gone."),
    "table_name": _l("The decision table “%(old)s” is called “%(new)s” now."),
    "hit_policy": _l("Table “%(name)s”: the hit policy is %(new)s now, before %(old)s."),
    "computed": _l("Decision “%(name)s”: it computes “%(new)s” now, before “%(old)s”."),
    "input_added": _l("Table “%(name)s”: new input “%(column)s” (%(text)s)."),
    "input_removed": _l("Table “%(name)s”: the input “%(column)s” is gone."),
    "output_added": _l("Table “%(name)s”: new output “%(column)s” (%(text)s)."),
    "output_removed": _l("Table “%(name)s”: the output “%(column)s” is gone."),
    "row_added": _l("Table “%(name)s”, new row %(row)s: when %(when)s, then %(then)s."),
    "row_removed": _l("Table “%(name)s”, former row %(row)s is gone: when %(when)s, then %(then)s."),
    "row_notes": _l("Table “%(name)s”, row %(row)s: the note is “%(new)s” now, before “%(old)s”."),
    "cell_changed": _l("Table “%(name)s”, row %(row)s: %(column)s is “%(new)s” now, before “%(old)s”."),
    "rows_ordered": _l("Table “%(name)s”: the rows have another order, so another row may fit first."),
}
TERMS: Mapping[str, Any] = {
    # kinds of steps
    "userTask": _l("step for people"),
    "serviceTask": _l("service task"),
    "scriptTask": _l("script task"),
    "businessRuleTask": _l("decision"),
    "sendTask": _l("send task"),
    "receiveTask": _l("receive task"),
    "manualTask": _l("manual task"),
    "task": _l("step without anybody"),
    "callActivity": _l("call of a process"),
    "subProcess": _l("sub-process"),
    "transaction": _l("transaction"),
    "adHocSubProcess": _l("ad hoc sub-process"),
    "exclusiveGateway": _l("choice of one path"),
    "parallelGateway": _l("parallel gateway"),
    "inclusiveGateway": _l("choice of several paths"),
    "eventBasedGateway": _l("event-based gateway"),
    "complexGateway": _l("complex gateway"),
    "startEvent": _l("start event"),
    "endEvent": _l("end event"),
    "intermediateCatchEvent": _l("event that waits"),
    "intermediateThrowEvent": _l("event that tells"),
    "boundaryEvent": _l("boundary event"),
    # values of steps
    "assignee": _l("the assignee"),
    "candidate_groups": _l("the candidate groups"),
    "candidate_users": _l("the candidate people"),
    "excluded": _l("who must not do it"),
    "lane": _l("the lane"),
    "form": _l("the form"),
    "due_date": _l("the due date"),
    "follow_up": _l("the follow-up date"),
    "priority": _l("the priority"),
    "service_level": _l("the service level"),
    "calendar": _l("the calendar"),
    "handler": _l("the handler"),
    "handler_type": _l("the way it is handled"),
    "decision": _l("the decision"),
    "decision_mapping": _l("the mapping of the result"),
    "result_variable": _l("the variable of the result"),
    "type": _l("the kind"),
    "name": _l("the name"),
    "timer": _l("the time"),
    "event": _l("the event"),
    "condition": _l("the condition"),
    "interrupting": _l("whether it interrupts"),
    "script": _l("the script"),
    "called": _l("the called process"),
    "version_tag": _l("the tag of the version"),
    "repeated": _l("the repetition"),
    "inputs": _l("the inputs"),
    "outputs": _l("the outputs"),
    "default": _l("the default path"),
    "documentation": _l("the description"),
    # settings of fields
    "setting_type": _l("the type"),
    "setting_required": _l("must be filled in"),
    "setting_readonly": _l("only to be read"),
    "setting_variable": _l("a process variable"),
    "setting_visible_if": _l("the condition for showing it"),
    "setting_min": _l("the smallest"),
    "setting_max": _l("the largest"),
    "setting_confidential": _l("who may see it"),
    "setting_options_url": _l("where the choices come from"),
    "setting_value": _l("the value at first"),
    # types of fields
    "field_text": _l("text"),
    "field_longtext": _l("long text"),
    "field_integer": _l("whole number"),
    "field_decimal": _l("number"),
    "field_money": _l("amount of money"),
    "field_date": _l("date"),
    "field_datetime": _l("date and time"),
    "field_boolean": _l("yes or no"),
    "field_choice": _l("choice"),
    "field_multichoice": _l("several choices"),
    "field_rows": _l("rows"),
    "field_file": _l("files"),
    "field_reference": _l("reference"),
}
LONGEST = 300
"""Signs of one value: a script is shown in the editor, not in a sentence."""


def sentence(change: Change, titles: Mapping[str, str] = MappingProxyType({})) -> str:
    """The difference in the language of this request. ``titles``: what groups are called, by name."""
    facts = {name: _said(value) for name, value in change.facts.items()}
    if change.facts.get("what") == "candidate_groups":
        facts |= {side: _called(facts[side], titles) for side in ("old", "new") if side in facts}
    return str(SENTENCES[change.code]) % facts


def _called(groups: str, titles: Mapping[str, str]) -> str:
    names = [name.strip() for name in groups.split(",")]
    return _said([titles.get(name, name) for name in names])


def by_area(
    changes: Iterable[Change], titles: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[str, list[tuple[Change, str]]]]:
    """The differences under the titles of their areas, each with its sentence. ``titles``: what groups are called."""
    found: dict[Area, list[tuple[Change, str]]] = {}
    for change in changes:
        found.setdefault(change.area, []).append((change, sentence(change, titles)))
    return [(str(AREA_TITLES[area]), found[area]) for area in Area if area in found]


def term(word: str) -> str:
    """A kind or setting in the reader's language; what we have no word for stands for itself."""
    return str(TERMS.get(word, word.removeprefix("=")))


def _said(value: Any) -> str:
    if isinstance(value, Term):
        return term(value)
    if isinstance(value, Names):
        return value.in_language(language())
    if isinstance(value, list | tuple):
        return "、".join(map(_said, value)) if language() == "zh" else ", ".join(map(_said, value))
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
