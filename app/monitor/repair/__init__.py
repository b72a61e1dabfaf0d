"""Repair from the control room: what can be ordered, for whom, what it would do, and how far it is."""
