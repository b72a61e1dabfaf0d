"""Drafts and findings as their pages show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.designer import overview, wording
from app.designer.names import Kind, kind_of
from app.designer.queries import FileRow
from app.process_names import process_name
from app.web.i18n import language
from engine import drawing

MIGRATES = "instance.repair"
"""Who takes running instances to another version."""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file with what it is called inside."""

    row: FileRow
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in words."""

    error: bool
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Place:
    """What was found at one element of a file, errors first."""

    file: str
    element: str
    name: str
    lines: tuple[Line, ...]

    @property
    def wrong(self) -> bool:
        """Whether an error is among them."""
        return any(line.error for line in self.lines)


@dataclass(frozen=True, slots=True)
class Report:
    """Findings by place, the places with errors first."""

    places: tuple[Place, ...]
    errors: int
    warnings: int


def report(findings: Sequence[engine.Finding], files: Mapping[str, bytes]) -> Report:
    """The findings grouped by file and element, with the names of the elements."""
    names = element_names(files)
    by_place: dict[tuple[str, str], list[Line]] = {}
    for finding in findings:
        message, remedy = wording.words(finding)
        line = Line(finding.severity == "error", message, remedy)
        by_place.setdefault((finding.file, finding.element or ""), []).append(line)
    places = [
        Place(file, element, names.get(element, element), tuple(sorted(lines, key=lambda line: not line.error)))
        for (file, element), lines in by_place.items()
    ]
    errors = sum(finding.severity == "error" for finding in findings)
    return Report(tuple(sorted(places, key=lambda place: not place.wrong)), errors, len(findings) - errors)


def element_names(files: Mapping[str, bytes]) -> dict[str, str]:
    """Names of the elements of all diagrams in the reader's language, the Chinese one where there is no other."""
    found: dict[str, str] = {}
    for name in files:
        if name.endswith(".bpmn"):
            for process in drawing.read(name, files[name]):
                found[process.key] = process.name
                for scope, node in process.scope.walk():
                    found[node.id] = node.name or node.id
                    found |= {flow.id: flow.name for flow in scope.outgoing(node.id) if flow.name}
    return found | english_names(files)


def english_names(files: Mapping[str, bytes]) -> dict[str, str]:
    """Names of elements for a diagram that speaks Chinese; empty for a Chinese reader."""
    found: dict[str, str] = {}
    for name in files if language() == "en" else ():
        if name.endswith(".en.json") and "/" not in name:
            found |= {key: text for key, text in _elements(files[name]).items() if text}
    return found


def _elements(content: bytes) -> Mapping[str, str]:
    try:
        names = json.loads(content).get("elements", {})
    except (ValueError, RecursionError, AttributeError):
        return {}
    return {key: text for key, text in names.items() if isinstance(text, str)} if isinstance(names, dict) else {}


def files(rows: Sequence[FileRow], contents: Mapping[str, bytes]) -> list[FileLine]:
    """The files with their titles."""
    return [FileLine(row, _title(row.name, contents[row.name])) for row in rows]


def _title(name: str, content: bytes) -> str:
    kind = kind_of(name)
    if kind is Kind.BPMN:
        return " · ".join(process.name for process in drawing.read(name, content))
    if kind is Kind.FORM:
        try:
            title = json.loads(content).get("title", {})
        except (ValueError, RecursionError, AttributeError):
            return ""
        return str(title.get(language(), "")) if isinstance(title, dict) else ""
    return ""


def title_of(files: Mapping[str, bytes]) -> str:
    """What a draft of these files may be called."""
    names = (
        process.name for name in sorted(files) if name.endswith(".bpmn") for process in drawing.read(name, files[name])
    )
    return next(names, "")


def process_names(session: Session, processes: Iterable[overview.Process]) -> dict[str, str]:
    """What the processes are called in the reader's language, by key."""
    return {process.newest.key: process_name(session, process.newest.id) for process in processes}


def group_titles(session: Session) -> dict[str, str]:
    """What the groups are called in the reader's language, by name."""
    return {group.name: group.title(language()) for group in accounts.groups(session)}


def migrators(session: Session) -> list[str]:
    """Who may take running instances to another version, by name; at most five."""
    holding = [role.name for role in accounts.roles(session) if MIGRATES in role.permissions]
    logins = sorted({one.login for name in holding for one in accounts.users_with_role(session, name) if one.active})
    names = people(session, logins[:MOST_NAMED])
    return [names[login] for login in logins[:MOST_NAMED]]


def people(session: Session, logins: Iterable[str]) -> dict[str, str]:
    """What people are called, by login."""
    return accounts.display_names(session, set(logins), language()) | {"system": str(_("the system"))}
