"""Percentiles, the shipped catalogue and the demo complaints."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.complaints import demo
from app.complaints.models import CauseCode, Complaint, Remedy
from app.complaints.service import catalogue
from app.complaints.service.fairness import Band, percentile
from tests.support.application import database_of


@pytest.mark.parametrize(
    ("share", "expected"), [("0", "100"), ("0.1", "140"), ("0.5", "300"), ("0.9", "460"), ("1", "500")]
)
def test_percentiles_are_those_of_a_spreadsheet(share: str, expected: str) -> None:
    """PERCENTILE.INC of 100 … 500."""
    values = [Decimal(value) for value in (100, 200, 300, 400, 500)]
    assert percentile(values, Decimal(share)) == Decimal(expected)


def test_the_ends_of_the_band_are_inside() -> None:
    band = Band(Decimal(140), Decimal(460), 5)
    assert band.contains(Decimal(140))
    assert band.contains(Decimal(460))
    assert not band.contains(Decimal("460.01"))


@pytest.mark.empty_database
def test_the_catalogue_loads_once(app: Flask) -> None:
    assert database_of(app).write(catalogue.load) > 20
    assert database_of(app).write(catalogue.load) == 0
    with database_of(app).read() as session:
        assert session.scalar(select(func.count()).select_from(CauseCode)) == 25
        assert session.scalar(select(func.count()).select_from(Remedy)) == 10


def test_the_demo_complaints_stand_at_different_steps_and_load_once(app: Flask) -> None:
    database_of(app).write(demo.load)
    with database_of(app).read() as session:
        states = list(session.scalars(select(Complaint.state).order_by(Complaint.number)))
    assert len(states) == 11  # one of them came as a customer matter
    assert {"open", "closed", "paused", "recording"} == set(states)
