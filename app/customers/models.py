"""Customers, their contacts, and what they bought: products, contracts and orders."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, Date, Dialect, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.db import Base
from engine import BigKey, UtcDateTime


class Money(TypeDecorator[Decimal]):
    """An amount in yuan, stored as a whole number of fen so that sums in SQL are exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int((Decimal(value) * 100).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class ValueClass(StrEnum):
    """How much a customer is worth to the company; A is worth most."""

    A = "A"
    B = "B"
    C = "C"


class Customer(Base):
    """A company that buys or may buy."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_department_key_id", "department_key", "id"),
        Index("ix_customer_value_class_id", "value_class", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), unique=True)
    """The name folded for comparison: width, case and spaces do not make a second customer."""
    name_en: Mapped[str] = mapped_column(String(200), default="")
    short_name: Mapped[str] = mapped_column(String(60), default="")
    value_class: Mapped[str] = mapped_column(String(1), default=ValueClass.C.value)
    region: Mapped[str] = mapped_column(String(60), default="")
    industry: Mapped[str] = mapped_column(String(100), default="")
    department_key: Mapped[str | None] = mapped_column(String(60))
    """The marketing centre or office that sold; contract complaints go there."""
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    remark: Mapped[str] = mapped_column(Text, default="")
    software_spend: Mapped[Decimal | None] = mapped_column(Money)
    """What the customer spends on software in a year, with everybody, as far as known."""
    source: Mapped[str] = mapped_column(String(60), default="form")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(100))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(100))


class Contact(Base):
    """A person at a customer."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(5), default="zh")
    is_main: Mapped[bool] = mapped_column(default=False)


class Product(Base):
    """Something the company sells."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100), default="")
    next_code: Mapped[str | None] = mapped_column(String(40))
    """What customers of this product usually buy next."""
    active: Mapped[bool] = mapped_column(default=True)


class Contract(Base):
    """A contract of sale. Its seven terms are what a contract complaint may name."""

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    department_key: Mapped[str | None] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200), default="")
    signed_on: Mapped[date | None] = mapped_column(Date)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    quantity: Mapped[str] = mapped_column(String(200), default="")
    grade: Mapped[str] = mapped_column(String(200), default="")
    specification: Mapped[str] = mapped_column(String(300), default="")
    delivery_time: Mapped[str] = mapped_column(String(200), default="")
    delivery_place: Mapped[str] = mapped_column(String(200), default="")
    settlement: Mapped[str] = mapped_column(String(200), default="")
    trade_terms: Mapped[str] = mapped_column(String(300), default="")


class CustomerOrder(Base):
    """One order of a customer."""

    __tablename__ = "customer_order"
    __table_args__ = (Index("ix_customer_order_ordered_on", "ordered_on"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    ordered_on: Mapped[date | None] = mapped_column(Date)
    delivered_on: Mapped[date | None] = mapped_column(Date)
    carrier: Mapped[str] = mapped_column(String(100), default="")
    waybill: Mapped[str] = mapped_column(String(60), default="")
