"""The declarative base of every slice's models, with the engine's naming convention."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

import engine


class Base(DeclarativeBase):
    """Base of the application's models. Its metadata is apart from the engine's: no foreign key crosses that line."""

    metadata = MetaData(naming_convention=engine.metadata.naming_convention)
