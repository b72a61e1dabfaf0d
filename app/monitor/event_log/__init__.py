"""What happened, for tools that mine processes: as CSV, XES (IEEE 1849) and OCEL 2.0."""

from app.monitor.event_log.events import KINDS, Case, Chosen, Counts, Happening, cases, counts
from app.monitor.event_log.ocel import ocel
from app.monitor.event_log.table import table
from app.monitor.event_log.xes import xes

__all__ = ["KINDS", "Case", "Chosen", "Counts", "Happening", "cases", "counts", "ocel", "table", "xes"]
