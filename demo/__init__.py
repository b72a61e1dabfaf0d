"""Data of Keliu, read through importlib.resources; there is no code here."""
