"""The log as XES, the XML of IEEE 1849-2016: https://xes-standard.org."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import quoteattr

from app.monitor.event_log.events import Case, Happening

_UNSAID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML has no way to say."""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>
<string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Activity id" keys="activity_id"/>
"""


def xes(cases: Iterable[Case], name: str) -> Iterator[bytes]:
    """A trace for each case, its events as completed ones; ``start_timestamp`` says when a task came up."""
    yield (HEAD + _string("concept:name", name) + "\n").encode()
    for case in cases:
        yield _trace(case).encode()
    yield b"</log>\n"


def _trace(case: Case) -> str:
    parts = [
        "<trace>",
        _string("concept:name", case.id),
        _string("process", case.process),
        f'<int key="version" value="{case.version}"/>',
        _string("state", case.state),
        _date("started_at", case.started_at),
    ]
    if case.ended_at is not None:
        parts.append(_date("ended_at", case.ended_at))
    return "".join([*parts, *map(_event, case.events), "</trace>\n"])


def _event(event: Happening) -> str:
    parts = (
        _string("concept:name", event.name),
        _string("activity_id", event.node_id),
        _string("activity_type", event.type),
        _string("lifecycle:transition", "complete"),
        _string("org:resource", event.actor),
        _date("start_timestamp", event.began_at),
        _date("time:timestamp", event.at),
        f'<int key="event_id" value="{event.number}"/>',
    )
    return f"\n<event>{''.join(parts)}</event>"


def _string(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(_UNSAID.sub('', value))}/>"


def _date(key: str, at: datetime) -> str:
    return f'<date key="{key}" value="{at.isoformat(timespec="milliseconds")}"/>'
