"""Databases, sessions and the unit of work."""

from app.db import ddl, numbers, search  # their tables belong to Base.metadata
from app.db.base import Base
from app.db.database import Database
from app.db.request import database, elsewhere, own_transaction, session, without_unit_of_work

__all__ = [
    "Base",
    "Database",
    "database",
    "ddl",
    "elsewhere",
    "numbers",
    "own_transaction",
    "search",
    "session",
    "without_unit_of_work",
]
