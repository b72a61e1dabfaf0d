"""The declarative base of every slice's models, with the engine's naming convention."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from engine.store.tables import NAMING


class Base(DeclarativeBase):
    """Base of the application's models. Its metadata is apart from the engine's: no foreign key crosses that line."""

    metadata = MetaData(naming_convention=NAMING)
