"""``fetchAndLock``: what a worker asks for, and waiting until there is something.

A request that waits holds no transaction, looks four times a second and takes one of the server's threads. Only a
quarter of the threads may wait; whoever comes when they are taken is answered at once, as if nothing had come.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import db
from app.db.request import close_reader
from app.engine_rest import requests
from app.engine_rest.errors import BadRequest
from engine.tables import job, process_instance

PLACES = "keliu.engine_rest.places"
STOPPING = "keliu.stopping"
LONGEST_WAIT = 60.0
LOOK_EVERY = 0.25
MILLISECONDS = range(1, 2**31)


def install(app: Flask) -> None:
    """A quarter of the request threads may wait, at least one."""
    threads = app.extensions["keliu.settings"].threads
    app.extensions[PLACES] = threading.BoundedSemaphore(max(threads // 4, 1))
    app.extensions.setdefault(STOPPING, threading.Event())


def command(given: Mapping[str, Any], actor: str) -> engine.FetchExternalTasks:
    """What the body asks for. Raises :class:`BadRequest`."""
    topics = given.get("topics")
    if not isinstance(topics, list) or len(topics) > 100 or not all(isinstance(one, Mapping) for one in topics):
        raise BadRequest("'topics' must be a list of at most 100 objects")
    newest, by_priority = _order(given.get("sorting"))
    return engine.FetchExternalTasks(
        worker=str(requests.text(given, "workerId", required=True, most=100)),
        topics=tuple(_topic(one) for one in topics),
        limit=requests.whole(given, "maxTasks", range(1, 2**31), default=10),
        by_priority=by_priority or requests.flag(given, "usePriority"),
        newest_first=newest,
        actor=actor,
    )


def lock_of(given: Mapping[str, Any], name: str) -> timedelta:
    """How long a lock lasts, in milliseconds."""
    return timedelta(milliseconds=requests.whole(given, name, MILLISECONDS))


def wait_of(given: Mapping[str, Any]) -> float:
    """How many seconds the worker would wait; more than a minute is too long for a thread of ours."""
    wanted = requests.whole(given, "asyncResponseTimeout", range(2**31), default=0)
    return min(wanted / 1000, LONGEST_WAIT)


def fetch(wanted: engine.FetchExternalTasks, wait: float) -> tuple[engine.ExternalTask, ...]:
    """What there is now, else what comes within ``wait`` seconds."""
    close_reader()
    found = _attempt(wanted)
    places: threading.Semaphore = current_app.extensions[PLACES]
    if found or not wait or not places.acquire(blocking=False):
        return found
    try:
        return _waiting(wanted, time.monotonic() + wait)
    finally:
        places.release()


def _waiting(wanted: engine.FetchExternalTasks, until: float) -> tuple[engine.ExternalTask, ...]:
    stopping: threading.Event = current_app.extensions[STOPPING]
    found: tuple[engine.ExternalTask, ...] = ()
    while not found and (left := until - time.monotonic()) > 0 and not stopping.wait(min(left, LOOK_EVERY)):
        found = _attempt(wanted)
    return found


def _attempt(wanted: engine.FetchExternalTasks) -> tuple[engine.ExternalTask, ...]:
    """Nobody's write lock is needed to see that there is nothing."""
    with db.database().read() as session:
        if not _anything(session, wanted):
            return ()
    return db.database().write(lambda session: engine.execute(session, wanted)).fetched


def _anything(session: Session, wanted: engine.FetchExternalTasks) -> bool:
    query = (
        select(job.c.id)
        .join(process_instance, process_instance.c.id == job.c.instance_id)
        .where(job.c.topic.in_([topic.name for topic in wanted.topics]), engine.queries.is_fetchable(session))
        .where(process_instance.c.state == engine.InstanceState.ACTIVE)
    )
    return session.execute(query.limit(1)).first() is not None


def _order(given: object) -> tuple[bool | None, bool]:
    """``sorting`` by createTime: newest first, oldest first, or as they come."""
    if given is None:
        return None, False
    if not isinstance(given, list) or len(given) > 1 or not all(isinstance(one, Mapping) for one in given):
        raise BadRequest("'sorting' must be a list of one {sortBy, sortOrder}")
    for one in given:
        if one.get("sortBy") != "createTime" or one.get("sortOrder", "asc") not in ("asc", "desc"):
            raise BadRequest("'sorting' takes sortBy createTime and sortOrder asc or desc")
        return one.get("sortOrder") == "desc", False
    return None, False


def _topic(given: Mapping[str, Any]) -> engine.Topic:
    if given.get("tenantIdIn"):
        raise BadRequest("'tenantIdIn' is not supported: there are no tenants")
    one, key = requests.text(given, "processDefinitionId"), requests.text(given, "processDefinitionKey")
    found = engine.Topic(
        name=str(requests.text(given, "topicName", required=True)),
        lock_for=lock_of(given, "lockDuration"),
        local_variables=requests.flag(given, "localVariables"),
        business_key=requests.text(given, "businessKey"),
        definition_ids=requests.texts(given, "processDefinitionIdIn") + ((one,) if one else ()),
        definition_keys=requests.texts(given, "processDefinitionKeyIn") + ((key,) if key else ()),
        version_tag=requests.text(given, "processDefinitionVersionTag"),
        instance_variables=_plain(given.get("processVariables")),
    )
    return found if given.get("variables") is None else replace(found, variables=requests.texts(given, "variables"))


def _plain(given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadRequest("'processVariables' must be an object of values by name")
    return given
