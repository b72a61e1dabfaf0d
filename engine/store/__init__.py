"""Tables of the engine; no SpiffWorkflow here."""

from engine.store import guards

__all__ = ["guards"]
