"""From the address to the subjects: one, all incidents of a cause or an instance, or all that a list shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import engine
from app.business_objects import objects
from app.errors import NotVisible
from app.monitor import incidents, instance_list, timers
from app.monitor.repair.orders import INCIDENT, INSTANCE, TIMER, Order
from app.monitor.repair.subjects import INSTANCE_COLUMNS, MOST, Found, listed, load
from app.security import Principal, current
from app.visibility import require_instance
from app.web.lists import ListSpec, first_keys, first_rows


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who was chosen. ``single``: exactly one, named in the address. ``back``: where one comes from. ``filters``: the
    chosen filters of a list in words."""

    found: Found
    single: bool
    back: str
    heading: str


def find(session: Session, order: Order, about: Mapping[str, Any], arguments: MultiDict[str, str]) -> Chosen:
    """Who the order is for. Raises ``NotVisible``, and ``FieldErrors`` for a filter that is not understood."""
    principal = current()
    if order.about == TIMER:
        return _timers(session, principal, about, arguments)
    if order.about == INCIDENT:
        return _incidents(session, principal, about, arguments)
    if "instance_id" in about:
        found = require_instance(session, principal, objects(), about["instance_id"])
        return _one(session, INSTANCE, found.id, url_for("monitor.instance", instance_id=found.id))
    shown = _list(session, principal, arguments)
    rows = first_rows(shown, session, principal, arguments, MOST + 1, INSTANCE_COLUMNS)
    back = url_for("monitor.instances", **_kept(arguments))
    return Chosen(listed(rows), False, back, _("Instances of the list"))


def _kept(arguments: MultiDict[str, str]) -> dict[str, Any]:
    return {name: values for name, values in arguments.lists() if name not in ("after", "before", "export", "lang")}


def _one(session: Session, about: str, subject: Any, back: str) -> Chosen:
    found = load(session, about, [subject])
    if not found.subjects:
        raise NotVisible
    only = found.subjects[0]
    return Chosen(found, True, back, only.business_key or (only.instance_id or str(only.id))[:8])


def _list(session: Session, principal: Principal, arguments: MultiDict[str, str]) -> ListSpec[Any]:
    asked = instance_list.asked(session, principal, objects(), arguments.get("process", ""))
    return instance_list.spec(session, asked)


def _timers(session: Session, principal: Principal, about: Mapping[str, Any], arguments: MultiDict[str, str]) -> Chosen:
    if "job_id" in about:
        line = timers.visible_timer(session, principal, about["job_id"])
        if line is None:
            raise NotVisible
        back = url_for("monitor.timers")
        if line.instance_id is not None:
            back = url_for("monitor.instance", instance_id=line.instance_id)
        return _one(session, TIMER, line.id, back)
    ids = first_keys(timers.agenda(principal), session, principal, arguments, MOST + 1)
    back = url_for("monitor.timers", **_kept(arguments))
    return Chosen(load(session, TIMER, ids), False, back, _("Timers of the list"))


def _incidents(
    session: Session, principal: Principal, about: Mapping[str, Any], arguments: MultiDict[str, str]
) -> Chosen:
    if "incident_id" in about:
        row = incidents.visible_incident(session, principal, about["incident_id"])
        if row is None:
            raise NotVisible
        return _one(session, INCIDENT, row.id, _after(row))
    if "cause" in about:
        return _of_cause(session, principal, about["cause"], arguments)
    if "instance_id" in about:
        instance = require_instance(session, principal, objects(), about["instance_id"])
        ids = incidents.open_ids(session, principal, [instance.id], MOST + 1)
        back = url_for("monitor.instance", instance_id=instance.id)
        heading = _("Incidents of %(instance)s", instance=instance.business_key or instance.id[:8])
        return Chosen(load(session, INCIDENT, ids), False, back, heading)
    instances = first_keys(_list(session, principal, arguments), session, principal, arguments, MOST)
    found = incidents.open_ids(session, principal, instances, MOST + 1)
    back = url_for("monitor.instances", **_kept(arguments))
    return Chosen(load(session, INCIDENT, found), False, back, _("Incidents of the instances of the list"))


def _of_cause(session: Session, principal: Principal, key: str, arguments: MultiDict[str, str]) -> Chosen:
    ids = first_keys(incidents.of_cause(key), session, principal, arguments, MOST + 1)
    found = incidents.cause(session, principal, key)
    if found is None:
        raise NotVisible
    back = url_for("monitor.incident_group", cause=key, **_kept(arguments))
    return Chosen(load(session, INCIDENT, ids), False, back, found.message)


def _after(row: engine.IncidentRow) -> str:
    if row.instance_id is not None:
        return url_for("monitor.instance", instance_id=row.instance_id)
    return url_for("monitor.incidents")
