"""The list of instances: found by business key, customer, state, process, version, activity, variables and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects, Summary
from app.monitor import cases, search_values
from app.monitor import instance_queries as queries
from app.monitor.instance_filters import (
    ActivityFilter,
    MomentFilter,
    StarterFilter,
    TextSearch,
    VariableFilter,
    among,
    among_few,
)
from app.monitor.search_values import SearchVariable
from app.monitor.sight import EXPORTS
from app.process_names import process_name, step_name
from app.security import Principal
from app.visibility import sees_listed
from app.web.due import Due, standing
from app.web.i18n import language
from app.web.lists import ChoiceFilter, Column, DateFilter, FlagFilter, HiddenFilter, ListSpec, Sort
from app.web.lists.filters import Filter
from engine.tables import common, process_instance, words

finding = engine.queries.finding
RUNNING = "running"
MOST_VERSIONS = 5
"""Activities are those of the newest versions."""


@dataclass(frozen=True, slots=True)
class Waits:
    """One place where an instance waits, in words. ``kind``: user_task, timer, service_task, message, signal. ``at``:
    since when a task or message is waited for; when a timer fires."""

    kind: str
    step: str
    who: str
    at: datetime
    due: Due | None


@dataclass(frozen=True, slots=True)
class InstanceLine:
    """An instance as the list shows it. ``case`` is None for whoever may not see its business object."""

    row: queries.InstanceRow
    version: int
    process: str
    case: Summary | None
    title: str
    starter: str
    waits: tuple[Waits, ...]
    incidents: int
    variables: Mapping[str, str]
    """Search variables by name, in words."""

    @property
    def customer(self) -> str:
        """Whose it is."""
        return self.case.customer if self.case else ""

    @property
    def main(self) -> tuple[Waits, ...]:
        """What it waits for in the first place: tasks of people, without any the next moment or event."""
        for kinds in (("user_task",), ("timer", "service_task")):
            found = tuple(one for one in self.waits if one.kind in kinds)
            if found:
                return found
        return self.waits

    @property
    def due(self) -> Due | None:
        """The most urgent deadline."""
        return min((one.due for one in self.waits if one.due), key=lambda due: due.at, default=None)

    @property
    def steps(self) -> str:
        """Where it waits, in one text."""
        return str(_("; ")).join(dict.fromkeys(one.step for one in self.main))

    @property
    def holders(self) -> str:
        """Who has its tasks, in one text."""
        return str(_(", ")).join(dict.fromkeys(one.who for one in self.waits if one.who))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about which process (None: all), the versions there are, and what that process declares."""

    principal: Principal
    objects: BusinessObjects
    process: str | None
    versions: tuple[engine.queries.finding.VersionRow, ...]
    variables: tuple[SearchVariable, ...]

    @property
    def own_versions(self) -> list[engine.queries.finding.VersionRow]:
        """Versions of the process, the newest first."""
        return [version for version in self.versions if version.key == self.process]

    def processes(self, session: Session) -> list[tuple[str, str]]:
        """Every process with its name, to choose from."""
        newest = {version.key: version.id for version in reversed(self.versions)}
        return sorted(((key, process_name(session, found)) for key, found in newest.items()), key=lambda pair: pair[1])


def asked(session: Session, principal: Principal, objects: BusinessObjects, process: str) -> Asked:
    """The question about ``process`` as the address names it; one that is not deployed means all."""
    versions = finding.versions(session)
    own = [version for version in versions if version.key == process]
    variables = tuple(search_values.of_process(session, own))
    return Asked(principal, objects, process if own else None, versions, variables)


def states() -> dict[str, str]:
    """Names of the states of an instance."""
    return {
        engine.InstanceState.ACTIVE.value: _("active"),
        engine.InstanceState.SUSPENDED.value: _("suspended"),
        engine.InstanceState.COMPLETED.value: _("completed"),
        engine.InstanceState.CANCELLED.value: _("cancelled"),
    }


def spec(session: Session, about: Asked) -> ListSpec[InstanceLine]:
    """The list for this question."""
    instance = process_instance.c
    return ListSpec(
        name="instances",
        title=_l("Instances"),
        select=lambda inner, _principal: _select(inner, about),
        rows=lambda inner, found: lines(inner, about, [row[0] for row in found]),
        key=instance.id,
        columns=(*SHOWN, *EXPORTED, *map(_variable_column, about.variables)),
        sorts={
            "started": Sort(instance.started_at),  # ix_process_instance_started_at
            "updated": Sort(instance.updated_at),  # ix_process_instance_updated_at
        },
        default_sort="-started",
        export_permission=EXPORTS,
        filters=(*_filters(session, about), *(VariableFilter(variable) for variable in about.variables)),
    )


def _select(session: Session, about: Asked) -> Select[*tuple[Any, ...]]:
    """Ids only: what the page shows is read for its rows alone."""
    found = select(process_instance.c.id).where(sees_listed(session, about.principal, about.objects))
    # No index fits a computed column: SQLite goes along the order of the list until the page is full.
    return found if about.process is None else found.where(process_instance.c.definition_key + "" == about.process)


def _filters(session: Session, about: Asked) -> list[Filter]:
    instance = process_instance.c
    found: list[Filter] = [
        TextSearch("q", _l("Business key or customer"), about.principal, about.objects),
        HiddenFilter("process", ""),
        ChoiceFilter("state", _l("State"), _state_options, condition=_in_state),
        FlagFilter("overdue", _l("Overdue"), lambda context: _overdue(context.session)),
        FlagFilter("incident", _l("With an incident"), lambda context: among(context.session, finding.troubled())),
    ]
    if about.process is not None:
        numbers = [(version.id, str(version.version)) for version in about.own_versions]
        found += [
            ActivityFilter("activity", _l("Activity"), about.process, _activities(session, about)),
            ChoiceFilter("version", _l("Version"), numbers, instance.definition_id),
        ]
    return [
        *found,
        DateFilter("started", _l("Started"), instance.started_at),
        MomentFilter(DateFilter("updated", _l("Last change"), instance.updated_at)),
        MomentFilter(DateFilter("ended", _l("Ended at"), instance.ended_at)),
        StarterFilter("starter", _l("Started by")),
    ]


def _state_options(_session: Session) -> list[tuple[str, str]]:
    return [(RUNNING, _("running")), *states().items()]


def _in_state(chosen: Sequence[str]) -> ColumnElement[bool]:
    state = process_instance.c.state
    if chosen[0] == RUNNING:
        return common(words(state, engine.InstanceState.ACTIVE, engine.InstanceState.SUSPENDED))
    return common(state == chosen[0])


def _overdue(session: Session) -> ColumnElement[bool]:
    at = engine.now(session)
    return among_few(session, finding.overdue(at), finding.is_overdue(at))


def _activities(session: Session, about: Asked) -> tuple[tuple[str, str], ...]:
    newest = [version.id for version in about.own_versions[:MOST_VERSIONS]]
    return tuple((node, step_name(session, version, node)) for node, version in queries.activities(session, newest))


def lines(session: Session, about: Asked, ids: Sequence[str]) -> list[InstanceLine]:
    """Instances with everything the page shows, loaded for all at once."""
    rows, places = queries.rows(session, ids), queries.places(session, ids)
    troubles = queries.open_incidents(session, ids)
    texts = finding.search_variables(session, ids) if about.variables else {}
    keys = ((row.definition_key, row.business_key) for row in rows.values())
    known = cases.summaries(session, about.principal, about.objects, keys)
    names = accounts.display_names(session, queries.logins(rows.values(), places.values()), language())
    numbers, due = {version.id: version.version for version in about.versions}, standing(session)
    return [
        InstanceLine(
            row=row,
            version=numbers.get(row.definition_id, 0),
            process=process_name(session, row.definition_id),
            case=(case := known.get((row.definition_key, row.business_key))),
            title=cases.title(about.objects, case, row.definition_key, row.title),
            starter=names.get(row.started_by, row.started_by),
            waits=tuple(_waits(session, row, place, names, due) for place in places.get(row.id, ())),
            incidents=troubles.get(row.id, 0),
            variables=_in_words(about.variables, texts.get(row.id, {})),
        )
        for row in (rows[key] for key in ids)
    ]


def _waits(
    session: Session,
    row: queries.InstanceRow,
    place: queries.Place,
    names: Mapping[str, str],
    due: Callable[[Any], Due | None],
) -> Waits:
    return Waits(
        kind=place.kind,
        step=step_name(session, row.definition_id, place.node_id),
        who=names.get(place.assignee or "", ""),
        at=place.created_at,
        due=due(place) if place.kind == "user_task" else None,
    )


def _in_words(variables: Sequence[SearchVariable], texts: Mapping[str, str]) -> dict[str, str]:
    return {one.name: one.shown(texts[one.name]) for one in variables if one.name in texts}


def _variable_column(variable: SearchVariable) -> Column[InstanceLine]:
    return Column(
        f"v_{variable.name}", variable.label, lambda line: line.variables.get(variable.name, ""), only_export=True
    )


SHOWN: tuple[Column[InstanceLine], ...] = (
    Column("key", _l("Instance"), lambda line: line.row.business_key or line.row.id),
    Column("case", _l("Case"), lambda line: line.title),
    Column("state", _l("State"), lambda line: states().get(line.row.state, line.row.state)),
    Column("waits", _l("Waits at"), lambda line: line.steps),
    Column("started", _l("Started"), lambda line: line.row.started_at, sort="started"),
    Column("updated", _l("Last change"), lambda line: line.row.updated_at, sort="updated"),
)
EXPORTED: tuple[Column[InstanceLine], ...] = (
    Column("customer", _l("Customer"), lambda line: line.customer, only_export=True),
    Column("process", _l("Process"), lambda line: line.process, only_export=True),
    Column("version", _l("Version"), lambda line: line.version, only_export=True),
    Column("holders", _l("Who has it"), lambda line: line.holders, only_export=True),
    Column("due", _l("Due"), lambda line: line.due.at if line.due else None, only_export=True),
    Column("incidents", _l("Incidents"), lambda line: line.incidents, only_export=True),
    Column("ended", _l("Ended at"), lambda line: line.row.ended_at, only_export=True),
    Column("starter", _l("Started by"), lambda line: line.starter, only_export=True),
    Column("id", _l("Instance id"), lambda line: line.row.id, only_export=True),
)
"""What the file holds besides what the table shows; then the search variables of the process."""
