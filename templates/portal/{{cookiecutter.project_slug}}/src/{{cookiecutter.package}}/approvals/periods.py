"""Periods: when a spending limit begins anew."""

from datetime import datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    """How long a limit is for. Weeks begin on Monday (ISO 8601), all of them at midnight UTC."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def beginning(period: Period, moment: datetime) -> datetime:
    """Return when the period began in which a moment lies.

    :param moment: in UTC.
    """
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        case Period.YEAR:
            return day.replace(day=1, month=1)
