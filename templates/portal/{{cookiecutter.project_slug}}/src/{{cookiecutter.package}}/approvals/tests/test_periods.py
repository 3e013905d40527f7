"""Periods: when a spending limit begins anew."""

from datetime import UTC, datetime

import pytest

from ..periods import Period, beginning


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period.DAY, "2026-11-22"),
        (Period.WEEK, "2026-11-16"),
        (Period.MONTH, "2026-11-01"),
        (Period.QUARTER, "2026-10-01"),
        (Period.YEAR, "2026-01-01"),
    ],
)
def test_period_begins_at_midnight(period: Period, expected: str) -> None:
    """A Sunday evening belongs to the week that began on Monday."""
    sunday = datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)

    assert beginning(period, sunday) == datetime.fromisoformat(f"{expected}T00:00:00+00:00")


@pytest.mark.parametrize(("month", "first"), [(1, 1), (3, 1), (4, 4), (6, 4), (7, 7), (9, 7), (10, 10), (12, 10)])
def test_quarters_have_three_months(month: int, first: int) -> None:
    """They begin in January, April, July and October; the 31st does no harm."""
    moment = datetime(2026, month, 30, tzinfo=UTC)

    assert beginning(Period.QUARTER, moment) == datetime(2026, first, 1, tzinfo=UTC)
