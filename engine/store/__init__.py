"""Tables of the engine; no SpiffWorkflow here."""
