"""The complaints of other companies' customers, as a bureau of consumer protection publishes them: a file to import."""

from __future__ import annotations

import csv
import io
from pathlib import Path

FILE = Path(__file__).parents[3] / "shared" / "data" / "cfpb_complaints.csv"
WORDS = "Consumer complaint narrative"
"""The column without which a row is handed back."""


def beginning(rows: int) -> tuple[bytes, int]:
    """The file cut off after so many rows, and how many of them hold a customer's words."""
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        kept = [row for _, row in zip(range(rows), table, strict=False)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(kept[0]))
    writer.writeheader()
    writer.writerows(kept)
    return text.getvalue().encode(), sum(bool(row[WORDS].strip()) for row in kept)
