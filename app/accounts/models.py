"""The organisation: departments, people, groups, roles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class Department(Base):
    """A node of the organisation tree. ``path`` lists ids from the root to itself, ``/1/4/``: a subtree is a prefix."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    path: Mapped[str] = mapped_column(String(200), index=True)
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class User(Base):
    """A person who can sign in. ``login`` never changes; people who leave are set inactive, never deleted."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100), default="", server_default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    position_zh: Mapped[str] = mapped_column(String(100), default="", server_default="")
    position_en: Mapped[str] = mapped_column(String(100), default="", server_default="")
    supervisor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    language: Mapped[str | None] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_user_account_name", "name"),)


class Group(Base):
    """A candidate group of user tasks. ``department_id`` says whose work it is, for supervisors and calendars."""

    __tablename__ = "user_group"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)


class GroupMember(Base):
    """Who is in which group."""

    __tablename__ = "group_member"

    group_name: Mapped[str] = mapped_column(ForeignKey("user_group.name"), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True, index=True)


class Role(Base):
    """A named bundle of permissions."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))


class RolePermission(Base):
    """Which role has which permission (names of :data:`app.security.PERMISSIONS`)."""

    __tablename__ = "role_permission"

    role_name: Mapped[str] = mapped_column(ForeignKey("role.name"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True)


class UserRole(Base):
    """Who has which role."""

    __tablename__ = "user_role"

    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True)
    role_name: Mapped[str] = mapped_column(ForeignKey("role.name"), primary_key=True, index=True)


class AccountLog(Base):
    """Who changed what about accounts and the organisation. Only ever added to."""

    __tablename__ = "account_log"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JsonValue)
