"""Pages of the control room."""

from app.monitor.views import (
    batches,
    event_log,
    figures,
    incidents,
    instance,
    instances,
    processes,
    repairing,
    tasks,
    timers,
    words,
)
from app.monitor.views.blueprint import blueprint

__all__ = [
    "batches",
    "blueprint",
    "event_log",
    "figures",
    "incidents",
    "instance",
    "instances",
    "processes",
    "repairing",
    "tasks",
    "timers",
    "words",
]
